-- How often the button of a link's page was pressed: each press is a record of the journal, and whoever holds the link
-- can press it.
ALTER TABLE authorizations ADD COLUMN starts BIGINT NOT NULL DEFAULT 0;
