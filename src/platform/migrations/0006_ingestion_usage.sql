-- Who pays for a version's tokens: the key it was sent with. NULL: nobody, it came before there were keys.
ALTER TABLE document_versions ADD COLUMN key_id TEXT;
ALTER TABLE document_versions ADD COLUMN tenant TEXT;
-- Whether they were counted: the key's ledger remembers for some thousand requests what it has counted, not for ever.
ALTER TABLE document_versions ADD COLUMN is_metered INTEGER NOT NULL DEFAULT 0;
