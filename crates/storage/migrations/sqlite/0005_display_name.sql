-- What an app's users read as its name on the consent pages; none means the environment's own name.
ALTER TABLE environments ADD COLUMN display_name TEXT;
