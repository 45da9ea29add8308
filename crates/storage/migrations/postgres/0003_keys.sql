-- Facts about the installation that `meta` holds from here on: `root` (the root that wraps new data keys),
-- `installation` (its id), `epoch` (counts up while it runs), `quarantine` (why a restored database must not be used
-- yet; absent once an operator has decided).

-- Who serves on this database: a row for each process, renewed while it lives. `roots` is a JSON list of the roots that
-- it can open data keys with. `admitted` is 0 for one that has yet to be vouched for by another.
CREATE TABLE processes (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  roots TEXT COLLATE "C" NOT NULL,
  admitted BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL
);
