-- What a subject's records are looked up by, in their order: without statistics SQLite otherwise walks the whole environment
-- so as not to sort.
CREATE INDEX journal_of_subject ON journal (environment_id, subject, id);
DROP INDEX journal_by_subject;
-- What the journal says of itself, and what is older than its chain: both are asked for when there is none.
CREATE INDEX journal_own ON journal (action, id) WHERE environment_id = '';
CREATE INDEX journal_unsealed ON journal (id) WHERE leaf IS NULL;
CREATE INDEX journal_astray ON journal (id) WHERE segment IS NULL AND seq IS NOT NULL;
-- What has ended, for whoever removes it.
CREATE INDEX authorizations_by_end ON authorizations (environment_id, link_expires_at);
CREATE INDEX pending_credentials_by_end ON pending_credentials (environment_id, expires_at);
-- An environment's consents one after the other.
CREATE INDEX authorizations_by_environment ON authorizations (environment_id, id);
