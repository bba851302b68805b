-- What a request took from caches, comma-separated: embedding, retrieval, answer.
ALTER TABLE usage_records ADD COLUMN cached TEXT NOT NULL DEFAULT '';
