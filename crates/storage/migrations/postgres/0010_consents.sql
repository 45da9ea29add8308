-- Which scopes a consent asked for when it was started, and what the provider said of it, in its own words.
ALTER TABLE authorizations ADD COLUMN asked_scopes TEXT;
ALTER TABLE authorizations ADD COLUMN provider_words TEXT;
