-- How an app looks to the people who consent: a colour, and the SHA-256 of a logo, which is apart because it is large.
ALTER TABLE environments ADD COLUMN brand_colour TEXT;
ALTER TABLE environments ADD COLUMN brand_logo TEXT;
CREATE TABLE logos (
    environment_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES environments (id),
    hash TEXT COLLATE "C" NOT NULL,
    bytes BYTEA NOT NULL
);
CREATE INDEX logos_by_hash ON logos (hash);
-- Accounts are also found by their status.
CREATE INDEX connected_accounts_by_status ON connected_accounts (environment_id, status, id);
