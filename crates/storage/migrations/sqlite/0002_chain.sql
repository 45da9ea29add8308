-- The journal's chain. A record that was committed with the change it tells of gets its place (seq, link) afterwards, from
-- the process whose segment it names; the others are written with it.
ALTER TABLE journal ADD COLUMN key_id TEXT;
ALTER TABLE journal ADD COLUMN leaf BLOB;
ALTER TABLE journal ADD COLUMN segment TEXT;
ALTER TABLE journal ADD COLUMN seq BIGINT;
ALTER TABLE journal ADD COLUMN link BLOB;
CREATE UNIQUE INDEX journal_by_place ON journal (segment, seq);
CREATE INDEX journal_without_place ON journal (id) WHERE seq IS NULL;

-- Each process's segment, and up to which record a checkpoint of another segment has named it. It only says what to
-- name next: nothing is verified against it.
CREATE TABLE journal_segments (
  id TEXT NOT NULL PRIMARY KEY,
  named_seq BIGINT NOT NULL
);
