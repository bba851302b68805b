-- One row a request, whatever became of it. Written by the ledger of its key, which sends a row until it is told that it has
-- arrived: the id makes that once.
CREATE TABLE usage_records (
  id TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  request_id TEXT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  -- Milliseconds since 1970, and the day (UTC) of it.
  started_at INTEGER NOT NULL,
  day TEXT NOT NULL GENERATED ALWAYS AS (strftime('%Y-%m-%d', started_at / 1000, 'unixepoch')) STORED,
  outcome TEXT NOT NULL CHECK (outcome IN ('completed', 'failed', 'refused', 'aborted', 'lost')),
  status INTEGER NOT NULL,
  error_code TEXT,
  -- '': no target LM was asked.
  model TEXT NOT NULL,
  target TEXT NOT NULL,
  counted_by TEXT,
  retrievals INTEGER NOT NULL,
  embed_tokens INTEGER NOT NULL,
  vectors_queried INTEGER NOT NULL,
  context_tokens INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  -- Thousand-millionths of a US dollar.
  nano_usd INTEGER NOT NULL,
  duration_ms REAL NOT NULL,
  stages TEXT NOT NULL CHECK (json_valid(stages))
) WITHOUT ROWID;

CREATE INDEX usage_records_by_key ON usage_records (key_id, started_at);

-- What bills are made of: kept by the triggers below, so that a month is read without its requests.
CREATE TABLE usage_days (
  key_id TEXT NOT NULL,
  day TEXT NOT NULL,
  model TEXT NOT NULL,
  tenant TEXT NOT NULL,
  requests INTEGER NOT NULL DEFAULT 0,
  completed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0,
  aborted INTEGER NOT NULL DEFAULT 0,
  lost INTEGER NOT NULL DEFAULT 0,
  retrievals INTEGER NOT NULL DEFAULT 0,
  embed_tokens INTEGER NOT NULL DEFAULT 0,
  vectors_queried INTEGER NOT NULL DEFAULT 0,
  context_tokens INTEGER NOT NULL DEFAULT 0,
  prompt_tokens INTEGER NOT NULL DEFAULT 0,
  completion_tokens INTEGER NOT NULL DEFAULT 0,
  nano_usd INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (key_id, day, model, tenant)
) WITHOUT ROWID;

CREATE INDEX usage_days_by_day ON usage_days (day);

CREATE TRIGGER usage_records_inserted AFTER INSERT ON usage_records BEGIN
  INSERT INTO usage_days (key_id, day, model, tenant, requests, completed, failed, refused, aborted, lost, retrievals,
      embed_tokens, vectors_queried, context_tokens, prompt_tokens, completion_tokens, nano_usd)
    VALUES (new.key_id, new.day, new.model, new.tenant, 1, new.outcome = 'completed', new.outcome = 'failed',
      new.outcome = 'refused', new.outcome = 'aborted', new.outcome = 'lost', new.retrievals, new.embed_tokens,
      new.vectors_queried, new.context_tokens, new.prompt_tokens, new.completion_tokens, new.nano_usd)
    ON CONFLICT (key_id, day, model, tenant) DO UPDATE SET requests = requests + 1,
      completed = completed + excluded.completed, failed = failed + excluded.failed, refused = refused + excluded.refused,
      aborted = aborted + excluded.aborted, lost = lost + excluded.lost, retrievals = retrievals + excluded.retrievals,
      embed_tokens = embed_tokens + excluded.embed_tokens, vectors_queried = vectors_queried + excluded.vectors_queried,
      context_tokens = context_tokens + excluded.context_tokens, prompt_tokens = prompt_tokens + excluded.prompt_tokens,
      completion_tokens = completion_tokens + excluded.completion_tokens, nano_usd = nano_usd + excluded.nano_usd;
END;

-- A record that was lost and turned up after all is deleted and inserted anew.
CREATE TRIGGER usage_records_deleted AFTER DELETE ON usage_records WHEN old.outcome = 'lost' BEGIN
  UPDATE usage_days SET requests = requests - 1, lost = lost - 1, retrievals = retrievals - old.retrievals,
      embed_tokens = embed_tokens - old.embed_tokens, vectors_queried = vectors_queried - old.vectors_queried,
      context_tokens = context_tokens - old.context_tokens, prompt_tokens = prompt_tokens - old.prompt_tokens,
      completion_tokens = completion_tokens - old.completion_tokens, nano_usd = nano_usd - old.nano_usd
    WHERE key_id = old.key_id AND day = old.day AND model = old.model AND tenant = old.tenant;
END;
