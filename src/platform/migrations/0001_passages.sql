-- Text, full-text search and the record of every collection. Applied by `wrangler d1 migrations apply` in the Worker and by
-- training/artifacts/node-sqlite-database.ts offline: the same file in both.

-- One row a collection. AUTOINCREMENT: an id is never used twice, because it names the collection's full-text table
-- (passages_fts_<id>, created with the collection: bm25's statistics must never mix collections).
CREATE TABLE collections (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  encoder_fingerprint TEXT NOT NULL,
  encoder_name TEXT NOT NULL,
  dims INTEGER NOT NULL,
  similarity TEXT NOT NULL CHECK (similarity IN ('cosine', 'dot-product', 'euclidean')),
  fusion TEXT NOT NULL CHECK (json_valid(fusion)),
  version INTEGER NOT NULL DEFAULT 0,
  -- Kept by the triggers below: counting rows at every write would not scale.
  passage_count INTEGER NOT NULL DEFAULT 0
);

-- What passages were cut from. Kept by the triggers below, so a document lives as long as one of its passages.
CREATE TABLE documents (
  collection_id INTEGER NOT NULL REFERENCES collections (id),
  document_id TEXT NOT NULL,
  passage_count INTEGER NOT NULL,
  PRIMARY KEY (collection_id, document_id)
) WITHOUT ROWID;

-- The rowid is the rowid in the collection's full-text table too.
CREATE TABLE passages (
  id INTEGER PRIMARY KEY,
  collection_id INTEGER NOT NULL REFERENCES collections (id),
  passage_id TEXT NOT NULL,
  vector_id TEXT NOT NULL UNIQUE,
  document_id TEXT NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  url TEXT NOT NULL,
  metadata TEXT NOT NULL CHECK (json_valid(metadata)),
  -- The metadata with strings cut as the vector index cuts them; NULL when that changes nothing.
  filterable TEXT,
  UNIQUE (collection_id, passage_id)
);

CREATE TRIGGER passages_inserted AFTER INSERT ON passages BEGIN
  UPDATE collections SET passage_count = passage_count + 1 WHERE id = new.collection_id;
  INSERT INTO documents (collection_id, document_id, passage_count) VALUES (new.collection_id, new.document_id, 1)
    ON CONFLICT (collection_id, document_id) DO UPDATE SET passage_count = passage_count + 1;
END;

CREATE TRIGGER passages_deleted AFTER DELETE ON passages BEGIN
  UPDATE collections SET passage_count = passage_count - 1 WHERE id = old.collection_id;
  UPDATE documents SET passage_count = passage_count - 1
    WHERE collection_id = old.collection_id AND document_id = old.document_id;
  DELETE FROM documents
    WHERE collection_id = old.collection_id AND document_id = old.document_id AND passage_count = 0;
END;

CREATE TRIGGER passages_moved AFTER UPDATE OF document_id ON passages WHEN new.document_id <> old.document_id BEGIN
  UPDATE documents SET passage_count = passage_count - 1
    WHERE collection_id = old.collection_id AND document_id = old.document_id;
  DELETE FROM documents
    WHERE collection_id = old.collection_id AND document_id = old.document_id AND passage_count = 0;
  INSERT INTO documents (collection_id, document_id, passage_count) VALUES (new.collection_id, new.document_id, 1)
    ON CONFLICT (collection_id, document_id) DO UPDATE SET passage_count = passage_count + 1;
END;
