-- The people who sign in to the dashboard. A password is an Argon2id hash in PHC's text form. `wrong_times` counts wrong
-- passwords in a row; until `wrong_until` no other is looked at.
CREATE TABLE members (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL,
  name_folded TEXT COLLATE "C" NOT NULL UNIQUE,
  role TEXT COLLATE "C" NOT NULL,
  password TEXT COLLATE "C",
  wrong_times BIGINT NOT NULL DEFAULT 0,
  wrong_until BIGINT,
  created_at BIGINT NOT NULL,
  changes BIGINT NOT NULL DEFAULT 0
);

-- One-time links that sign a member in: the newest of each member alone opens.
CREATE TABLE login_links (
  member_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES members (id) ON DELETE CASCADE,
  hash BYTEA NOT NULL UNIQUE,
  expires_at BIGINT NOT NULL
);

-- The browsers that members are signed in with, each by the SHA-256 of its cookie.
CREATE TABLE member_sessions (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  member_id TEXT COLLATE "C" NOT NULL REFERENCES members (id) ON DELETE CASCADE,
  hash BYTEA NOT NULL UNIQUE,
  browser TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX member_sessions_by_member ON member_sessions (member_id);
