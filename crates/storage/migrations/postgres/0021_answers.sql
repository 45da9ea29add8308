-- What a config says beside its connections: how long answers may be, and what becomes of tools that changed. It is kept
-- with each version.
ALTER TABLE mcp_configs ADD COLUMN options TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE mcp_config_versions ADD COLUMN options TEXT COLLATE "C" NOT NULL DEFAULT '{}';

-- Parts of answers that were too long to be given at once, each sealed, for some minutes.
CREATE TABLE kept_answers (
  id TEXT COLLATE "C" NOT NULL,
  part BIGINT NOT NULL,
  environment_id TEXT COLLATE "C" NOT NULL REFERENCES environments (id),
  reader TEXT COLLATE "C" NOT NULL,
  account_id TEXT COLLATE "C" NOT NULL,
  sealed BYTEA NOT NULL,
  bytes BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (id, part)
);
CREATE INDEX kept_answers_by_expiry ON kept_answers (environment_id, expires_at);
CREATE INDEX kept_answers_by_account ON kept_answers (environment_id, account_id);

-- The definitions of remote servers' tools that configs have seen, where they ask for it: accepted, or waiting for a
-- person's word.
CREATE TABLE tool_definitions (
  config_id TEXT COLLATE "C" NOT NULL REFERENCES mcp_configs (id) ON DELETE CASCADE,
  connection_id TEXT COLLATE "C" NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  name TEXT COLLATE "C" NOT NULL,
  digest TEXT COLLATE "C" NOT NULL,
  environment_id TEXT COLLATE "C" NOT NULL REFERENCES environments (id),
  accepted BIGINT NOT NULL,
  definition TEXT COLLATE "C" NOT NULL,
  seen_at BIGINT NOT NULL,
  PRIMARY KEY (config_id, connection_id, name, digest)
);
CREATE INDEX tool_definitions_by_connection ON tool_definitions (connection_id);
