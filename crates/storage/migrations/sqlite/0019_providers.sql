-- Apps that a developer describes by API. A connection names one by its slug (`connector`), which no connector file has.
CREATE TABLE providers (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  slug TEXT NOT NULL,
  display_name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  description TEXT NOT NULL,
  icon_src TEXT NOT NULL,
  proxy_url TEXT NOT NULL,
  proxy_enabled BIGINT NOT NULL,
  auth_patterns TEXT NOT NULL,
  metadata TEXT NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  changes BIGINT NOT NULL DEFAULT 0,
  UNIQUE (environment_id, slug),
  UNIQUE (environment_id, name_folded)
);
CREATE INDEX providers_by_environment ON providers (environment_id, id);
CREATE INDEX connections_by_connector ON connections (environment_id, connector, id);
