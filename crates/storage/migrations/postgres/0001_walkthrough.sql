-- Times are BIGINT milliseconds since 1970; there are no booleans; JSON is text; ids are text of at most 32 characters.
-- Every table that holds users' data has environment_id, and every query names it (src/doors.rs is the one exception).

-- Facts of the installation: the oldest binary that may read this schema (src/migrate.rs).
CREATE TABLE meta (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE environments (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL UNIQUE,
  created_at BIGINT NOT NULL
);

-- One for each (environment, purpose, generation), wrapped under a version of the root key. A purpose whose keys all
-- environments share (signing) has an empty environment_id.
CREATE TABLE data_keys (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  environment_id TEXT COLLATE "C" NOT NULL,
  purpose TEXT COLLATE "C" NOT NULL,
  generation BIGINT NOT NULL,
  root_version TEXT COLLATE "C" NOT NULL,
  wrapped BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (environment_id, purpose, generation)
);

-- The keys that sign our tokens; /keys shows the public halves. Shared by environments.
CREATE TABLE signing_keys (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  public_jwk TEXT COLLATE "C" NOT NULL,
  private_sealed BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  retired_at BIGINT
);

CREATE TABLE api_clients (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  environment_id TEXT COLLATE "C" NOT NULL REFERENCES environments (id),
  name TEXT COLLATE "C" NOT NULL,
  scopes TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX api_clients_by_environment ON api_clients (environment_id, id);

CREATE TABLE api_client_secrets (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  environment_id TEXT COLLATE "C" NOT NULL,
  client_id TEXT COLLATE "C" NOT NULL REFERENCES api_clients (id) ON DELETE CASCADE,
  hash BYTEA NOT NULL,
  hint TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT
);
CREATE INDEX api_client_secrets_by_client ON api_client_secrets (client_id);

CREATE TABLE connections (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  environment_id TEXT COLLATE "C" NOT NULL REFERENCES environments (id),
  name TEXT COLLATE "C" NOT NULL,
  name_folded TEXT COLLATE "C" NOT NULL,
  connector TEXT COLLATE "C" NOT NULL,
  settings TEXT COLLATE "C" NOT NULL,
  client_secret BYTEA,
  enabled BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (environment_id, name_folded)
);
CREATE INDEX connections_by_environment ON connections (environment_id, id);

-- organization_id and user_id are empty, not null, where the app has none: they are part of the key.
CREATE TABLE connected_accounts (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  environment_id TEXT COLLATE "C" NOT NULL REFERENCES environments (id),
  connection_id TEXT COLLATE "C" NOT NULL REFERENCES connections (id),
  identifier TEXT COLLATE "C" NOT NULL,
  organization_id TEXT COLLATE "C" NOT NULL,
  user_id TEXT COLLATE "C" NOT NULL,
  -- The identifier folded for search; the key itself is compared byte for byte.
  search_text TEXT COLLATE "C" NOT NULL DEFAULT '',
  status TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  scopes TEXT COLLATE "C" NOT NULL,
  -- Who the account is at the provider, and what people call that; kept after a disconnect.
  subject TEXT COLLATE "C",
  subject_name TEXT COLLATE "C",
  credential BYTEA,
  audience TEXT COLLATE "C" NOT NULL,
  generation BIGINT NOT NULL,
  refreshable BIGINT NOT NULL,
  expires_at BIGINT,
  -- The refresh in flight: which generation it started from, until when nobody else may, and since when its answer
  -- has been lost (none: it is not).
  refresh_generation BIGINT,
  refresh_until BIGINT,
  refresh_lost_at BIGINT,
  refreshed_at BIGINT,
  api_config TEXT COLLATE "C" NOT NULL,
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
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  environment_id TEXT COLLATE "C" NOT NULL REFERENCES environments (id),
  connection_id TEXT COLLATE "C" NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  account_id TEXT COLLATE "C" NOT NULL REFERENCES connected_accounts (id) ON DELETE CASCADE,
  stage TEXT COLLATE "C" NOT NULL,
  link_hash BYTEA NOT NULL UNIQUE,
  link_expires_at BIGINT NOT NULL,
  browser_hash BYTEA,
  state_hash BYTEA UNIQUE,
  verifier BYTEA,
  redirect_uri TEXT COLLATE "C",
  consent_expires_at BIGINT,
  outcome TEXT COLLATE "C",
  done_at BIGINT,
  created_at BIGINT NOT NULL
);
CREATE INDEX authorizations_by_account ON authorizations (account_id);

-- What a person signed in with, while it is asked whether it may replace the account that was there: ten minutes, and
-- nothing that executes tools reads this table.
CREATE TABLE pending_credentials (
  authorization_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES authorizations (id) ON DELETE CASCADE,
  environment_id TEXT COLLATE "C" NOT NULL,
  sealed BYTEA NOT NULL,
  audience TEXT COLLATE "C" NOT NULL,
  scopes TEXT COLLATE "C" NOT NULL,
  subject TEXT COLLATE "C",
  subject_name TEXT COLLATE "C",
  refreshable BIGINT NOT NULL,
  token_expires_at BIGINT,
  expires_at BIGINT NOT NULL
);

CREATE TABLE mcp_configs (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  environment_id TEXT COLLATE "C" NOT NULL REFERENCES environments (id),
  uuid TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (environment_id, name)
);
CREATE INDEX mcp_configs_by_environment ON mcp_configs (environment_id, id);

CREATE TABLE mcp_config_mappings (
  config_id TEXT COLLATE "C" NOT NULL REFERENCES mcp_configs (id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  environment_id TEXT COLLATE "C" NOT NULL,
  connection_id TEXT COLLATE "C" NOT NULL REFERENCES connections (id),
  tools TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (config_id, position)
);
CREATE INDEX mcp_config_mappings_by_connection ON mcp_config_mappings (connection_id);

CREATE TABLE mcp_instances (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  environment_id TEXT COLLATE "C" NOT NULL REFERENCES environments (id),
  config_id TEXT COLLATE "C" NOT NULL REFERENCES mcp_configs (id) ON DELETE CASCADE,
  identifier TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  -- Names and identifiers folded for search; the keys themselves are compared byte for byte.
  search_text TEXT COLLATE "C" NOT NULL,
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
  environment_id TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  value BIGINT NOT NULL,
  PRIMARY KEY (environment_id, name)
);

CREATE TABLE journal (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  environment_id TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT COLLATE "C" NOT NULL,
  request_id TEXT COLLATE "C" NOT NULL,
  action TEXT COLLATE "C" NOT NULL,
  subject TEXT COLLATE "C" NOT NULL,
  phase TEXT COLLATE "C" NOT NULL,
  detail TEXT COLLATE "C" NOT NULL
);
CREATE INDEX journal_by_environment ON journal (environment_id, id);
CREATE INDEX journal_by_subject ON journal (environment_id, subject);
