-- Rows that let somebody in carry a MAC of what they say. Those that are here already get theirs with the first key; who was
-- signed in signs in again.
ALTER TABLE api_clients ADD COLUMN mac BYTEA;
ALTER TABLE api_client_secrets ADD COLUMN mac BYTEA;
ALTER TABLE members ADD COLUMN mac BYTEA;
ALTER TABLE member_sessions ADD COLUMN mac BYTEA;
ALTER TABLE login_links ADD COLUMN mac BYTEA;
DELETE FROM member_sessions;
DELETE FROM login_links;
