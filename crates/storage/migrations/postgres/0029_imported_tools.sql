-- Tools of custom providers that were made of a document. What they are stands beside the provider, which names its hash:
-- a connection is read with its provider, and needs none of them.
ALTER TABLE providers ADD COLUMN tools_digest TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE TABLE provider_tools (
  provider_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES providers (id),
  environment_id TEXT COLLATE "C" NOT NULL REFERENCES environments (id),
  tools TEXT COLLATE "C" NOT NULL
);
