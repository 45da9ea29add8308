-- The browser in which an account was signed in, as the hash of its cookie; none where the app brought the credential itself.
ALTER TABLE connected_accounts ADD COLUMN signed_in_browser BLOB;

-- Calls that wait for their user's word, or have it. What the word is bound to is a hash; what the user is shown is sealed.
CREATE TABLE approvals (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  server TEXT NOT NULL,
  call_hash BLOB NOT NULL,
  connection_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  shown BLOB NOT NULL,
  stage TEXT NOT NULL,
  link_hash BLOB NOT NULL UNIQUE,
  expires_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX approvals_by_call ON approvals (environment_id, call_hash, id);
CREATE INDEX approvals_by_server ON approvals (environment_id, server, expires_at);
CREATE INDEX approvals_by_end ON approvals (environment_id, expires_at);
