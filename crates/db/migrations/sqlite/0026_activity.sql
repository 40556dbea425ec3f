-- When a principal of an account, and each of its API keys, has authenticated last, and how often: of a principal itself, the
-- subject is the holder. Nodes add up what each has counted; a
-- row is no change that another node must learn of.

CREATE TABLE activity (
    account TEXT NOT NULL,
    holder TEXT NOT NULL,
    subject TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (account, holder, subject)
);

-- Who adds to the table or deletes of it holds this one.

INSERT INTO counters (name, value) VALUES ('activity', 0);

-- The access groups in which somebody who is invited is from the acceptance on.

CREATE TABLE invitation_groups (
    invitation TEXT NOT NULL REFERENCES invitations (guid),
    access_group TEXT NOT NULL REFERENCES access_groups (guid),
    added_at INTEGER NOT NULL,
    added_by TEXT NOT NULL,
    PRIMARY KEY (invitation, access_group)
);

CREATE INDEX invitation_groups_by_group ON invitation_groups (access_group);

-- What clients keep for a principal of an account: a text, or a list of texts, as JSON.

CREATE TABLE preferences (
    account TEXT NOT NULL,
    principal TEXT NOT NULL,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (account, principal, service, name)
);

-- Reports about the identities of an account, as they were then: whom each lists, with when they had last authenticated, as JSON.
-- The detail is the hours of a report of the inactive, or whether the account refused a password alone.

CREATE TABLE reports (
    reference TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    detail INTEGER NOT NULL,
    entries TEXT NOT NULL
);

CREATE INDEX reports_by_account ON reports (account, kind, created_at);
