-- The sources of each user's logins by password: keyed hashes of user and source.

CREATE TABLE login_sources (hash BYTEA PRIMARY KEY, person TEXT NOT NULL, seen_at BIGINT NOT NULL);

CREATE INDEX login_sources_by_person ON login_sources (person);

CREATE INDEX login_sources_by_time ON login_sources (seen_at);

-- What the hashes are keyed with, made by the first node.

CREATE TABLE login_secret (name TEXT PRIMARY KEY, value BYTEA NOT NULL)
