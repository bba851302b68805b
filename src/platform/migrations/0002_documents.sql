-- Documents that are ingested over HTTP: split, encoded and published in steps, so that a large one is never half-visible.

-- A vector store has a name and metadata beside its id, which is the collection's name.
ALTER TABLE collections ADD COLUMN display_name TEXT NOT NULL DEFAULT '';
ALTER TABLE collections ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata));
-- Unix seconds, as everywhere below; 0: before this was recorded.
ALTER TABLE collections ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;

-- NULL: the passages were uploaded with their vectors.
ALTER TABLE passages ADD COLUMN version INTEGER;
CREATE INDEX passages_by_document ON passages (collection_id, document_id);

-- 0: the document is nothing but passages that were uploaded with their vectors.
ALTER TABLE documents ADD COLUMN latest_version INTEGER NOT NULL DEFAULT 0;
CREATE INDEX documents_by_version ON documents (collection_id, latest_version, document_id);

-- One row for each time a document was sent. AUTOINCREMENT: a version is never used twice, because it is part of its
-- passages' and vectors' ids: what is deleted late, or searched before it is forgotten, can only be this version's.
CREATE TABLE document_versions (
  version INTEGER PRIMARY KEY AUTOINCREMENT,
  -- No reference: a retired version outlives its collection until its vectors are deleted.
  collection_id INTEGER NOT NULL,
  collection TEXT NOT NULL,
  document_id TEXT NOT NULL,
  -- splitting -> encoding -> publishing -> live; failed. retired: replaced or deleted, to be swept away.
  state TEXT NOT NULL CHECK (state IN ('splitting', 'encoding', 'publishing', 'live', 'failed', 'retired')),
  format TEXT NOT NULL,
  title TEXT NOT NULL,
  url TEXT NOT NULL,
  metadata TEXT NOT NULL CHECK (json_valid(metadata)),
  -- As in passages.
  filterable TEXT,
  max_tokens INTEGER NOT NULL,
  overlap_tokens INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  -- sha256 of all that was sent: the same again changes nothing.
  digest TEXT NOT NULL,
  -- Key of the content in the bucket; NULL when it was split at once. owns_source: it is deleted with this version.
  source TEXT,
  owns_source INTEGER NOT NULL DEFAULT 0,
  passage_count INTEGER NOT NULL DEFAULT 0,
  embed_tokens INTEGER NOT NULL DEFAULT 0,
  error_code TEXT,
  error_message TEXT,
  created_at INTEGER NOT NULL,
  progressed_at INTEGER NOT NULL,
  -- When something of it outside of the database (content, vectors) may last have been written; NULL: never.
  written_at INTEGER,
  -- Of a failed version: nothing is left of it but this row.
  swept INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX document_versions_by_document ON document_versions (collection_id, document_id, version);
CREATE INDEX document_versions_by_state ON document_versions (state, progressed_at);
CREATE INDEX document_versions_by_progress ON document_versions (progressed_at);

-- Passages of versions that are not live yet: no search sees this table.
CREATE TABLE staged_passages (
  version INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  passage_id TEXT NOT NULL,
  vector_id TEXT NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  -- Base64 of little-endian float32; NULL: not encoded yet.
  embedding TEXT,
  tokens INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (version, ordinal)
) WITHOUT ROWID;
CREATE INDEX staged_passages_to_encode ON staged_passages (version) WHERE embedding IS NULL;

-- As before, but an ingested document is not gone with its last passage: it may be between two versions.
DROP TRIGGER passages_deleted;
CREATE TRIGGER passages_deleted AFTER DELETE ON passages BEGIN
  UPDATE collections SET passage_count = passage_count - 1 WHERE id = old.collection_id;
  UPDATE documents SET passage_count = passage_count - 1
    WHERE collection_id = old.collection_id AND document_id = old.document_id;
  DELETE FROM documents
    WHERE collection_id = old.collection_id AND document_id = old.document_id AND passage_count = 0
      AND latest_version = 0;
END;

DROP TRIGGER passages_moved;
CREATE TRIGGER passages_moved AFTER UPDATE OF document_id ON passages WHEN new.document_id <> old.document_id BEGIN
  UPDATE documents SET passage_count = passage_count - 1
    WHERE collection_id = old.collection_id AND document_id = old.document_id;
  DELETE FROM documents
    WHERE collection_id = old.collection_id AND document_id = old.document_id AND passage_count = 0
      AND latest_version = 0;
  INSERT INTO documents (collection_id, document_id, passage_count) VALUES (new.collection_id, new.document_id, 1)
    ON CONFLICT (collection_id, document_id) DO UPDATE SET passage_count = passage_count + 1;
END;

-- OpenAI's files: uploaded once, attached to any number of collections. The content is in the bucket.
CREATE TABLE files (
  id TEXT PRIMARY KEY,
  -- Whose it is; '' where there are no tenants.
  owner TEXT NOT NULL,
  filename TEXT NOT NULL,
  purpose TEXT NOT NULL,
  media_type TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX files_by_owner ON files (owner, created_at, id);

-- OpenAI's file batches: which files were attached together.
CREATE TABLE file_batches (
  id TEXT PRIMARY KEY,
  collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  -- JSON list of the versions that the files became.
  versions TEXT NOT NULL CHECK (json_valid(versions))
) WITHOUT ROWID;
