-- Whether an app has to say that the person who signed in is its user (none: nobody chose), and where it does so unless a
-- link says otherwise.
ALTER TABLE environments ADD COLUMN user_verify_mode TEXT;
ALTER TABLE environments ADD COLUMN user_verify_url TEXT;
-- Where the person of a link is sent to be confirmed, what the app wants back there, and how often a credential was tried
-- that somebody typed.
ALTER TABLE authorizations ADD COLUMN verify_url TEXT;
ALTER TABLE authorizations ADD COLUMN verify_state TEXT;
ALTER TABLE authorizations ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
-- What a credential that waits says of the account beside it: JSON.
ALTER TABLE pending_credentials ADD COLUMN api_config TEXT NOT NULL DEFAULT '{}';
