-- So that a search inside of names reads the index alone, and no row that it does not find.
DROP INDEX connected_accounts_by_environment;
CREATE INDEX connected_accounts_by_environment ON connected_accounts (environment_id, id, search_text);
DROP INDEX mcp_instances_by_environment;
CREATE INDEX mcp_instances_by_environment ON mcp_instances (environment_id, id, search_text);
