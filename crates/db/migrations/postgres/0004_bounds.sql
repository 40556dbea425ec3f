-- Whatever is derived from a credential ends with it: a session knows the one it came from, when its proof was given, until
-- when a token of it can live, and in which order sessions were ended (each node reads only the ends it has not seen).

ALTER TABLE sessions ADD COLUMN parent TEXT;

ALTER TABLE sessions ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE sessions ADD COLUMN tokens_until BIGINT NOT NULL DEFAULT 0;

ALTER TABLE sessions ADD COLUMN ended BIGINT;

-- Tokens issued so far: a day longer than the session, as they were remembered until now.

UPDATE sessions SET proven_at = created_at, tokens_until = expires_at + 86400000;

UPDATE sessions SET ended = 1 WHERE revoked_at IS NOT NULL;

INSERT INTO counters (name, value) VALUES ('ends', 1);

CREATE INDEX sessions_by_person ON sessions (person);

CREATE INDEX sessions_by_end ON sessions (ended) WHERE ended IS NOT NULL;

-- A one-time code lives five minutes: those of before are not worth carrying over.

DELETE FROM passcodes;

ALTER TABLE passcodes ADD COLUMN session TEXT;

ALTER TABLE passcodes ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0;

-- Who was taken out of an account, and when last: no proof of before opens it again, also not after another invitation.

CREATE TABLE departures (
    account TEXT NOT NULL,
    person TEXT NOT NULL,
    left_at BIGINT NOT NULL,
    PRIMARY KEY (account, person)
)
