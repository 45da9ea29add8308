-- States of calls that waited for their users and came back: each counts once, so it is kept until it would have ended.
CREATE TABLE spent_states (
  environment_id TEXT NOT NULL REFERENCES environments (id),
  id TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (environment_id, id)
);
CREATE INDEX spent_states_by_end ON spent_states (environment_id, expires_at);
