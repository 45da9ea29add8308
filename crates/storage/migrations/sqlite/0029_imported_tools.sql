-- Tools of custom providers that were made of a document. What they are stands beside the provider, which names its hash:
-- a connection is read with its provider, and needs none of them.
ALTER TABLE providers ADD COLUMN tools_digest TEXT NOT NULL DEFAULT '';
CREATE TABLE provider_tools (
  provider_id TEXT NOT NULL PRIMARY KEY REFERENCES providers (id),
  environment_id TEXT NOT NULL REFERENCES environments (id),
  tools TEXT NOT NULL
);
