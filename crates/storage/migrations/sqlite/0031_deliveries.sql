-- Events that arrived at a webhook, for as long as events are kept.
CREATE TABLE deliveries (
  webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  event_id TEXT NOT NULL,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  arrived_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  status BIGINT NOT NULL,
  took_ms BIGINT NOT NULL,
  PRIMARY KEY (environment_id, webhook_id, event_id)
);
CREATE INDEX deliveries_by_event ON deliveries (environment_id, event_id);
