-- How many changes of a row the journal tells of. The record of each names the number and a digest of what the row was
-- then, so that a row which was put back as it was earlier is found (src/changes.rs).
ALTER TABLE environments ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE data_keys ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE signing_keys ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_clients ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connections ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connected_accounts ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mcp_configs ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mcp_instances ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;
