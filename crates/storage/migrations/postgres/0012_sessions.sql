-- Each version of an MCP config as it was made: a session token keeps to the one that it was made under. A mapping's
-- connection may be gone by then, and the mapping with it.
CREATE TABLE mcp_config_versions (
  config_id TEXT COLLATE "C" NOT NULL REFERENCES mcp_configs (id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  environment_id TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (config_id, version)
);

CREATE TABLE mcp_config_version_mappings (
  config_id TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL,
  position BIGINT NOT NULL,
  environment_id TEXT COLLATE "C" NOT NULL,
  connection_id TEXT COLLATE "C" NOT NULL,
  tools TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (config_id, version, position),
  FOREIGN KEY (config_id, version) REFERENCES mcp_config_versions (config_id, version) ON DELETE CASCADE
);

INSERT INTO mcp_config_versions (config_id, version, environment_id, description, created_at)
  SELECT id, version, environment_id, description, updated_at FROM mcp_configs;
INSERT INTO mcp_config_version_mappings (config_id, version, position, environment_id, connection_id, tools)
  SELECT c.id, c.version, m.position, c.environment_id, m.connection_id, m.tools
  FROM mcp_configs c JOIN mcp_config_mappings m ON m.config_id = c.id AND m.environment_id = c.environment_id;

-- How often the session tokens of a user were ended and, under the empty identifier, those of all users at once. A token
-- says the sum of both as it was when it was made, and is good for nothing once that has grown.
CREATE TABLE session_ends (
  environment_id TEXT COLLATE "C" NOT NULL REFERENCES environments (id),
  identifier TEXT COLLATE "C" NOT NULL,
  times BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  PRIMARY KEY (environment_id, identifier)
);
