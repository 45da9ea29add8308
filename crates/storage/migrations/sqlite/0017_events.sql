-- What happened to connected accounts, as apps are told of it. `position` orders the events of one account: it is counted
-- in the account's row, under whose lock an event is made. The account may be gone by the time the event is read.
CREATE TABLE events (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  account_id TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  position BIGINT NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX events_by_environment ON events (environment_id, id);
CREATE INDEX events_of_account ON events (environment_id, account_id, id);
CREATE INDEX events_of_connection ON events (environment_id, connection_id, id);
CREATE UNIQUE INDEX events_in_order ON events (account_id, position);

-- How many events an account has had, the status that the newest told of, and the one before it.
ALTER TABLE connected_accounts ADD COLUMN event_position BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connected_accounts ADD COLUMN event_status TEXT;
ALTER TABLE connected_accounts ADD COLUMN event_status_before TEXT;
UPDATE connected_accounts SET event_status = status;

-- Where events are sent. Secrets are sealed; the one before the newest signs too until `secret_before_until`.
CREATE TABLE webhooks (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  url TEXT NOT NULL,
  description TEXT NOT NULL,
  -- A JSON list of kinds of event; an empty one stands for all.
  kinds TEXT NOT NULL,
  paused BIGINT NOT NULL,
  secret BLOB NOT NULL,
  secret_before BLOB,
  secret_before_until BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  changes BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX webhooks_by_environment ON webhooks (environment_id, id);

-- Of which account a webhook has still to be told, a row for each: everything behind `behind` up to `upto`. So a queue
-- never has more rows than there are accounts, whatever happens to them. Whoever delivers holds the row until
-- `lease_until`, which is then its `next_at` too. `attempts` are those at the event that is next.
CREATE TABLE webhook_queues (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  account_id TEXT NOT NULL,
  behind BIGINT NOT NULL,
  upto BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  last_error TEXT,
  lease_until BIGINT,
  process TEXT
);
CREATE INDEX webhook_queues_due ON webhook_queues (webhook_id, next_at);
CREATE INDEX webhook_queues_by_process ON webhook_queues (process) WHERE process IS NOT NULL;

-- Events that were given up, until they are sent again by hand or are too old.
CREATE TABLE dead_letters (
  webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  event_id TEXT NOT NULL,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  died_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  last_error TEXT NOT NULL,
  PRIMARY KEY (webhook_id, event_id)
);
CREATE INDEX dead_letters_in_order ON dead_letters (environment_id, webhook_id, event_id);
CREATE INDEX dead_letters_by_age ON dead_letters (environment_id, died_at);
