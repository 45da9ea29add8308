-- Times are BIGINT milliseconds since 1970; there are no booleans; JSON is text; ids are text of at most 32 characters.
-- Every table that holds users' data has environment_id, and every query names it (src/doors.rs is the one exception).

-- Facts of the installation: the oldest binary that may read this schema (src/migrate.rs).
CREATE TABLE meta (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE environments (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL
);

-- One for each (environment, purpose, generation), wrapped under a version of the root key. A purpose whose keys all
-- environments share (signing) has an empty environment_id.
CREATE TABLE data_keys (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL,
  purpose TEXT NOT NULL,
  generation BIGINT NOT NULL,
  root_version TEXT NOT NULL,
  wrapped BLOB NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (environment_id, purpose, generation)
);

-- The keys that sign our tokens; /keys shows the public halves. Shared by environments.
CREATE TABLE signing_keys (
  id TEXT NOT NULL PRIMARY KEY,
  public_jwk TEXT NOT NULL,
  private_sealed BLOB NOT NULL,
  created_at BIGINT NOT NULL,
  retired_at BIGINT
);

CREATE TABLE api_clients (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX api_clients_by_environment ON api_clients (environment_id, id);

CREATE TABLE api_client_secrets (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL,
  client_id TEXT NOT NULL REFERENCES api_clients (id) ON DELETE CASCADE,
  hash BLOB NOT NULL,
  hint TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT
);
CREATE INDEX api_client_secrets_by_client ON api_client_secrets (client_id);

CREATE TABLE connections (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  connector TEXT NOT NULL,
  settings TEXT NOT NULL,
  client_secret BLOB,
  enabled BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (environment_id, name_folded)
);
CREATE INDEX connections_by_environment ON connections (environment_id, id);

-- organization_id and user_id are empty, not null, where the app has none: they are part of the key.
CREATE TABLE connected_accounts (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  connection_id TEXT NOT NULL REFERENCES connections (id),
  identifier TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  -- The identifier folded for search; the key itself is compared byte for byte.
  search_text TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  scopes TEXT NOT NULL,
  -- Who the account is at the provider, and what people call that; kept after a disconnect.
  subject TEXT,
  subject_name TEXT,
  credential BLOB,
  audience TEXT NOT NULL,
  generation BIGINT NOT NULL,
  refreshable BIGINT NOT NULL,
  expires_at BIGINT,
  -- The refresh in flight: which generation it started from, until when nobody else may, and since when its answer
  -- has been lost (none: it is not).
  refresh_generation BIGINT,
  refresh_until BIGINT,
  refresh_lost_at BIGINT,
  refreshed_at BIGINT,
  api_config TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  last_used_at BIGINT,
  UNIQUE (environment_id, connection_id, identifier, organization_id, user_id)
);
CREATE INDEX connected_accounts_by_identifier ON connected_accounts (environment_id, identifier, id);
CREATE INDEX connected_accounts_by_environment ON connected_accounts (environment_id, id);
CREATE INDEX connected_accounts_by_connection ON connected_accounts (connection_id);

-- One consent in flight. Link, state and cookie are kept as SHA-256 only.
CREATE TABLE authorizations (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  account_id TEXT NOT NULL REFERENCES connected_accounts (id) ON DELETE CASCADE,
  stage TEXT NOT NULL,
  link_hash BLOB NOT NULL UNIQUE,
  link_expires_at BIGINT NOT NULL,
  browser_hash BLOB,
  state_hash BLOB UNIQUE,
  verifier BLOB,
  redirect_uri TEXT,
  consent_expires_at BIGINT,
  outcome TEXT,
  done_at BIGINT,
  created_at BIGINT NOT NULL
);
CREATE INDEX authorizations_by_account ON authorizations (account_id);

-- What a person signed in with, while it is asked whether it may replace the account that was there: ten minutes, and
-- nothing that executes tools reads this table.
CREATE TABLE pending_credentials (
  authorization_id TEXT NOT NULL PRIMARY KEY REFERENCES authorizations (id) ON DELETE CASCADE,
  environment_id TEXT NOT NULL,
  sealed BLOB NOT NULL,
  audience TEXT NOT NULL,
  scopes TEXT NOT NULL,
  subject TEXT,
  subject_name TEXT,
  refreshable BIGINT NOT NULL,
  token_expires_at BIGINT,
  expires_at BIGINT NOT NULL
);

CREATE TABLE mcp_configs (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  uuid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (environment_id, name)
);
CREATE INDEX mcp_configs_by_environment ON mcp_configs (environment_id, id);

CREATE TABLE mcp_config_mappings (
  config_id TEXT NOT NULL REFERENCES mcp_configs (id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  environment_id TEXT NOT NULL,
  connection_id TEXT NOT NULL REFERENCES connections (id),
  tools TEXT NOT NULL,
  PRIMARY KEY (config_id, position)
);
CREATE INDEX mcp_config_mappings_by_connection ON mcp_config_mappings (connection_id);

CREATE TABLE mcp_instances (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  config_id TEXT NOT NULL REFERENCES mcp_configs (id) ON DELETE CASCADE,
  identifier TEXT NOT NULL,
  name TEXT NOT NULL,
  -- Names and identifiers folded for search; the keys themselves are compared byte for byte.
  search_text TEXT NOT NULL,
  url_generation BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  last_used_at BIGINT,
  UNIQUE (config_id, identifier, name)
);
CREATE INDEX mcp_instances_by_environment ON mcp_instances (environment_id, id);
CREATE INDEX mcp_instances_by_identifier ON mcp_instances (environment_id, identifier, id);

-- How many rows of a kind an environment has, kept in the transaction that changes them.
CREATE TABLE counters (
  environment_id TEXT NOT NULL,
  name TEXT NOT NULL,
  value BIGINT NOT NULL,
  PRIMARY KEY (environment_id, name)
);

CREATE TABLE journal (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  request_id TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  phase TEXT NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX journal_by_environment ON journal (environment_id, id);
CREATE INDEX journal_by_subject ON journal (environment_id, subject);
