-- Which process is at it, so that what a dead one left is known at once and not only when its time is over. These say
-- something only while `refresh_until` is set, and while the stage is `exchanging`.
ALTER TABLE connected_accounts ADD COLUMN refresh_process TEXT;
ALTER TABLE authorizations ADD COLUMN exchange_process TEXT;
CREATE INDEX connected_accounts_by_refresh_process ON connected_accounts (refresh_process)
  WHERE refresh_until IS NOT NULL;
CREATE INDEX authorizations_by_exchange_process ON authorizations (exchange_process) WHERE stage = 'exchanging';
-- Whether the process holds the lock that is named for it, for as long as it lives.
ALTER TABLE processes ADD COLUMN holds_lock BIGINT NOT NULL DEFAULT 0;
