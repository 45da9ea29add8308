-- The customers of an app, to which connected accounts can belong.
CREATE TABLE organizations (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  environment_id TEXT COLLATE "C" NOT NULL REFERENCES environments (id),
  display_name TEXT COLLATE "C" NOT NULL,
  external_id TEXT COLLATE "C",
  slug TEXT COLLATE "C",
  logo_url TEXT COLLATE "C",
  metadata TEXT COLLATE "C" NOT NULL,
  search_text TEXT COLLATE "C" NOT NULL,
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
