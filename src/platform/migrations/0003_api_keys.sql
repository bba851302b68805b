-- API keys: what may be known of them. The key itself is shown once, when it is made.
CREATE TABLE api_keys (
  -- The public part of the key, `aar_<id>_<secret>`.
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  tenant TEXT NOT NULL,
  -- SHA-256 of the whole key, in hex; the secret in it has 256 random bits.
  hash TEXT NOT NULL,
  previous_hash TEXT,
  previous_until INTEGER,
  -- Scopes, collections, models, routes: see `Grants`.
  grants TEXT NOT NULL CHECK (json_valid(grants)),
  tier TEXT NOT NULL,
  budget_tokens INTEGER,
  budget_nano_usd INTEGER,
  generation INTEGER NOT NULL DEFAULT 1,
  -- Milliseconds since 1970.
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  rotated_at INTEGER,
  -- Rows of revoked keys stay: usage is told by them.
  revoked_at INTEGER
) WITHOUT ROWID;

CREATE INDEX api_keys_by_tenant ON api_keys (tenant, created_at);
