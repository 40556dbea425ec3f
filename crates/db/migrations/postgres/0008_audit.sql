-- Who did what: appended to, and never changed. The oldest go by retention and limit.

CREATE TABLE audit (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    event TEXT NOT NULL,
    outcome TEXT NOT NULL,
    who TEXT NOT NULL,
    credential TEXT NOT NULL,
    source TEXT NOT NULL,
    account TEXT NOT NULL,
    target TEXT NOT NULL,
    details TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    times BIGINT NOT NULL
);

CREATE INDEX audit_by_account ON audit (account, kind, number);

CREATE INDEX audit_by_time ON audit (at);

-- Their numbers have no gaps: one that is missing was taken away.

INSERT INTO counters (name, value) VALUES ('audit', 0);

-- The operator's one-time codes with which people set a new password.

CREATE TABLE password_resets (
    person TEXT PRIMARY KEY REFERENCES users (guid),
    code_hash BYTEA NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
)
