-- Nobody counts failures here any more: they are kept in memory, by source.

ALTER TABLE users DROP COLUMN failures;

ALTER TABLE users DROP COLUMN failed_at;

-- When the password was set: where somebody was let in before that counts on no node any more.

ALTER TABLE users ADD COLUMN password_changed_at INTEGER NOT NULL DEFAULT 0;

-- The key a session rests on: how many a person may have is counted for each by itself.

ALTER TABLE sessions ADD COLUMN api_key TEXT;

UPDATE sessions SET api_key = (SELECT MAX(api_key) FROM refresh_tokens WHERE session = sessions.guid);

-- The roles of an account are counted by where they are.

CREATE INDEX roles_by_domain ON roles (domain);

CREATE INDEX passcodes_by_person ON passcodes (person)
