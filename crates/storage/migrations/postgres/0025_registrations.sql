-- Until when a process registers a client at the authorization server of a connection, and which: one at a time, and what a
-- dead one left is told and given back.
ALTER TABLE connections ADD COLUMN registration_until BIGINT;
ALTER TABLE connections ADD COLUMN registration_process TEXT COLLATE "C";
CREATE INDEX connections_by_registration ON connections (registration_until) WHERE registration_until IS NOT NULL;
CREATE INDEX connections_by_registration_process ON connections (registration_process)
  WHERE registration_until IS NOT NULL;
