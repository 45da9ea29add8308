-- A connection or an account that is being closed: a job, which goes on in another process if its own dies. Whoever works
-- on it holds it until `lease_until`, which is then its `next_at` too. A job is not a thing that lasts, so its changes
-- are not counted: what it did is told of the rows it did it to.
CREATE TABLE closings (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  -- `connection` or `account`, and its id.
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  -- What becomes of it: `disconnect` or `delete`.
  fate TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  -- How many accounts are closed, and for how many of them the provider did not revoke.
  done BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  last_error TEXT,
  lease_until BIGINT,
  process TEXT,
  UNIQUE (environment_id, kind, subject)
);
CREATE INDEX closings_due ON closings (environment_id, next_at, id);
CREATE INDEX closings_by_process ON closings (process) WHERE process IS NOT NULL;

-- Tokens that have ended here and are still to be revoked at their provider. The account and the connection may be gone
-- by then, so a row has all that is needed: whose the tokens were (the seal says so too), and `endpoint`, JSON of the
-- use case's own. `subject` is who it was at the provider: another grant of the same person there is not to be ended.
CREATE TABLE revocations (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  connection_id TEXT NOT NULL,
  account_id TEXT,
  identifier TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  subject TEXT,
  sealed BLOB NOT NULL,
  audience TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  last_error TEXT,
  lease_until BIGINT,
  process TEXT
);
CREATE INDEX revocations_due ON revocations (environment_id, next_at);
CREATE INDEX revocations_by_environment ON revocations (environment_id, id);
CREATE INDEX revocations_by_account ON revocations (environment_id, account_id, id);
CREATE INDEX revocations_by_connection ON revocations (environment_id, connection_id);
CREATE INDEX revocations_by_process ON revocations (process) WHERE process IS NOT NULL;

-- The accounts of a connection one after the other, and whether one of them may live on the same grant at the provider.
CREATE INDEX connected_accounts_on_connection ON connected_accounts (connection_id, id);
DROP INDEX connected_accounts_by_connection;
CREATE INDEX connected_accounts_by_subject ON connected_accounts (connection_id, subject) WHERE credential IS NOT NULL;
