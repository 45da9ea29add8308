-- That the provider refuses to renew an account's access without ending it, or asks to wait: when it last did, how often
-- in a row, until when it is not asked again, with which revision of the connection it was asked, and what it answered, in
-- our words. Nothing but `refused_at` says whether there is any of it.
ALTER TABLE connected_accounts ADD COLUMN refused_at BIGINT;
ALTER TABLE connected_accounts ADD COLUMN refused_times BIGINT;
ALTER TABLE connected_accounts ADD COLUMN refused_until BIGINT;
ALTER TABLE connected_accounts ADD COLUMN refused_revision BIGINT;
ALTER TABLE connected_accounts ADD COLUMN refused_words TEXT;
