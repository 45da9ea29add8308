-- Rows that let somebody in carry a MAC of what they say. Those that are here already get theirs with the first key; who was
-- signed in signs in again.
ALTER TABLE api_clients ADD COLUMN mac BLOB;
ALTER TABLE api_client_secrets ADD COLUMN mac BLOB;
ALTER TABLE members ADD COLUMN mac BLOB;
ALTER TABLE member_sessions ADD COLUMN mac BLOB;
ALTER TABLE login_links ADD COLUMN mac BLOB;
DELETE FROM member_sessions;
DELETE FROM login_links;
