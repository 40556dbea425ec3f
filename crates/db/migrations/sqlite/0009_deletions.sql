-- What was deleted and whose samples are still to go: an outbox, written in the transaction of the deletion and worked off from
-- `due_at` on. Until then all of it can be brought back. `deleted_with` is the domain whose deletion took it along.

CREATE TABLE deletions (
    tenant INTEGER PRIMARY KEY,
    domain TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    org TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER NOT NULL,
    deleted_by TEXT NOT NULL,
    deleted_with TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    begun INTEGER NOT NULL
);

CREATE INDEX deletions_by_account ON deletions (account);

CREATE INDEX deletions_by_cause ON deletions (deleted_with);

-- The roles that come back with it, to those who are still in the account.

CREATE TABLE deleted_roles (
    person TEXT NOT NULL,
    domain TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (person, domain, role)
);

CREATE INDEX deleted_roles_by_domain ON deleted_roles (domain);
