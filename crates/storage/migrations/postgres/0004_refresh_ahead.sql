-- When the account is looked at next by the refresh that goes ahead of need (none: never), and by when its refresh token
-- is used whether or not anybody calls, because an unused one dies (none: it doesn't, or nobody knows).
ALTER TABLE connected_accounts ADD COLUMN next_refresh_at BIGINT;
ALTER TABLE connected_accounts ADD COLUMN idle_refresh_at BIGINT;
CREATE INDEX connected_accounts_by_next_refresh ON connected_accounts (connection_id, next_refresh_at)
  WHERE next_refresh_at IS NOT NULL;
-- What a process that died left behind: a refresh without an end, a code that was being exchanged.
CREATE INDEX connected_accounts_by_refresh_until ON connected_accounts (refresh_until) WHERE refresh_until IS NOT NULL;
CREATE INDEX authorizations_exchanging ON authorizations (consent_expires_at) WHERE stage = 'exchanging';
-- Accounts from before are looked at once, and have their times from then on.
UPDATE connected_accounts SET next_refresh_at = 0 WHERE status = 'ACTIVE' AND refreshable = 1;
