-- Agents that were let in because their user signed in. Of their tokens nothing is kept but whose turn it is.
CREATE TABLE mcp_grants (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  instance_id TEXT NOT NULL REFERENCES mcp_instances (id) ON DELETE CASCADE,
  url_generation BIGINT NOT NULL,
  client TEXT NOT NULL,
  turn BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX mcp_grants_by_instance ON mcp_grants (instance_id, id);
CREATE INDEX mcp_grants_by_end ON mcp_grants (environment_id, expires_at);
