-- The query side of collections: adapters of query embeddings, which of them is used when, what another one would have
-- found, and what readers thought of it. Passages and their vectors know nothing of any of it.

-- NULL: the Worker's default encoder, without an adapter. Names and shares only; see src/retrieval/query-side-settings.ts.
ALTER TABLE collections ADD COLUMN query_side TEXT CHECK (query_side IS NULL OR json_valid(query_side));

CREATE TABLE query_adapters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  -- Of the file.
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  -- As in the file: kind, dimensions, fingerprints, provenance.
  manifest TEXT NOT NULL CHECK (json_valid(manifest)),
  UNIQUE (collection_id, name)
);

-- The file in base64: D1 refuses values over 2 MB.
CREATE TABLE query_adapter_parts (
  adapter_id INTEGER NOT NULL REFERENCES query_adapters (id) ON DELETE CASCADE,
  part INTEGER NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (adapter_id, part)
) WITHOUT ROWID;

-- What a collection's shadow found beside what was served. Ids only, unless the collection's settings ask for the query.
CREATE TABLE shadow_retrievals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  -- Unix seconds.
  created_at INTEGER NOT NULL,
  request_id TEXT,
  mode TEXT NOT NULL,
  -- JSON: encoder, adapter and its sha256; ids of passages, best first.
  served TEXT NOT NULL CHECK (json_valid(served)),
  shadow TEXT NOT NULL CHECK (json_valid(shadow)),
  -- Share of the served passages that the shadow found too.
  overlap REAL NOT NULL,
  same_first INTEGER NOT NULL,
  query TEXT
);
CREATE INDEX shadow_retrievals_by_collection ON shadow_retrievals (collection_id, id);

-- What clients said of passages and answers: the next adaptation's training data.
CREATE TABLE feedback (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  request_id TEXT,
  query TEXT NOT NULL,
  model TEXT,
  -- JSON: [{id, grade?, cited?}], {rating?, text?}.
  passages TEXT NOT NULL CHECK (json_valid(passages)),
  answer TEXT NOT NULL CHECK (json_valid(answer))
);
CREATE INDEX feedback_by_collection ON feedback (collection_id, id);
