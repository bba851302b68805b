-- Live versions whose tokens are not counted yet: few, and looked for whenever lost work is picked up.
CREATE INDEX document_versions_uncounted ON document_versions (progressed_at)
  WHERE state = 'live' AND is_metered = 0 AND embed_tokens > 0;
