-- The sources of each user's logins by password: keyed hashes of user and source.

CREATE TABLE login_sources (hash BLOB PRIMARY KEY, person TEXT NOT NULL, seen_at INTEGER NOT NULL);

CREATE INDEX login_sources_by_person ON login_sources (person);

CREATE INDEX login_sources_by_time ON login_sources (seen_at);

-- What the hashes are keyed with, made by the first node.

CREATE TABLE login_secret (name TEXT PRIMARY KEY, value BLOB NOT NULL)
