CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);

INSERT INTO counters (name, value) VALUES ('changes', 0), ('tenants', 0);

CREATE TABLE accounts (
    guid TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE regions (name TEXT PRIMARY KEY, display_name TEXT NOT NULL, created_at INTEGER NOT NULL);

CREATE TABLE orgs (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (guid),
    region TEXT NOT NULL REFERENCES regions (name),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (account, name)
);

CREATE TABLE spaces (
    guid TEXT PRIMARY KEY,
    org TEXT NOT NULL REFERENCES orgs (guid),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (org, name)
);

CREATE TABLE domains (
    tenant INTEGER PRIMARY KEY,
    domain TEXT NOT NULL UNIQUE,
    resolution_seconds INTEGER,
    retired_at INTEGER
);

CREATE TABLE users (
    guid TEXT PRIMARY KEY,
    home TEXT NOT NULL REFERENCES accounts (guid),
    email TEXT NOT NULL UNIQUE,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    password TEXT,
    failures INTEGER NOT NULL,
    failed_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE members (
    account TEXT NOT NULL REFERENCES accounts (guid),
    person TEXT NOT NULL REFERENCES users (guid),
    added_at INTEGER NOT NULL,
    PRIMARY KEY (account, person)
);

CREATE TABLE roles (
    person TEXT NOT NULL REFERENCES users (guid),
    domain TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (person, domain, role)
);

CREATE TABLE api_keys (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    locked INTEGER NOT NULL,
    disabled INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    expires_at INTEGER,
    created_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    FOREIGN KEY (account, person) REFERENCES members (account, person)
);

CREATE TABLE sessions (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    person TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
);

CREATE TABLE refresh_tokens (
    hash BLOB PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (guid),
    client TEXT NOT NULL,
    person TEXT NOT NULL,
    api_key TEXT,
    grant_type TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    successor BLOB
);

CREATE TABLE passcodes (
    hash BLOB PRIMARY KEY,
    person TEXT NOT NULL,
    api_key TEXT,
    expires_at INTEGER NOT NULL
);

CREATE TABLE issuers (issuer TEXT PRIMARY KEY, kind TEXT NOT NULL)
