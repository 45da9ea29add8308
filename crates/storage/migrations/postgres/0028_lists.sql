-- So that lists find by an index what is asked for most.
CREATE INDEX mcp_instances_of_config ON mcp_instances (config_id, id);
CREATE INDEX events_of_organization ON events (environment_id, organization_id, id) WHERE organization_id <> '';
CREATE INDEX journal_calls_of_run ON journal (environment_id, call_run, id)
  WHERE call_outcome IS NOT NULL AND call_run IS NOT NULL;
CREATE INDEX approvals_of_account ON approvals (environment_id, account_id, expires_at);
CREATE INDEX approvals_of_call ON approvals (environment_id, call_hash, expires_at);
DROP INDEX approvals_by_call;
CREATE INDEX authorizations_of_account ON authorizations (environment_id, account_id, link_expires_at);
CREATE INDEX webhook_queues_failed ON webhook_queues (webhook_id, next_at) WHERE last_error IS NOT NULL;
