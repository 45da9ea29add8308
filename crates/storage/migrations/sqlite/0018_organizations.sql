-- The customers of an app, to which connected accounts can belong.
CREATE TABLE organizations (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  display_name TEXT NOT NULL,
  external_id TEXT,
  slug TEXT,
  logo_url TEXT,
  metadata TEXT NOT NULL,
  search_text TEXT NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  changes BIGINT NOT NULL DEFAULT 0,
  UNIQUE (environment_id, external_id),
  UNIQUE (environment_id, slug)
);
CREATE INDEX organizations_by_environment ON organizations (environment_id, id);
CREATE INDEX connected_accounts_by_organization ON connected_accounts (environment_id, organization_id, id)
  WHERE organization_id <> '';
