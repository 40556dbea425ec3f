CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL);

INSERT INTO counters (name, value) VALUES ('changes', 0), ('tenants', 0);

CREATE TABLE accounts (
    guid TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE regions (name TEXT PRIMARY KEY, display_name TEXT NOT NULL, created_at BIGINT NOT NULL);

CREATE TABLE orgs (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (guid),
    region TEXT NOT NULL REFERENCES regions (name),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account, name)
);

CREATE TABLE spaces (
    guid TEXT PRIMARY KEY,
    org TEXT NOT NULL REFERENCES orgs (guid),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (org, name)
);

CREATE TABLE domains (
    tenant BIGINT PRIMARY KEY,
    domain TEXT NOT NULL UNIQUE,
    resolution_seconds BIGINT,
    retired_at BIGINT
);

CREATE TABLE users (
    guid TEXT PRIMARY KEY,
    home TEXT NOT NULL REFERENCES accounts (guid),
    email TEXT NOT NULL UNIQUE,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    password TEXT,
    failures BIGINT NOT NULL,
    failed_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE members (
    account TEXT NOT NULL REFERENCES accounts (guid),
    person TEXT NOT NULL REFERENCES users (guid),
    added_at BIGINT NOT NULL,
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
    hash BYTEA NOT NULL UNIQUE,
    locked BIGINT NOT NULL,
    disabled BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    FOREIGN KEY (account, person) REFERENCES members (account, person)
);

CREATE TABLE sessions (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    person TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE refresh_tokens (
    hash BYTEA PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (guid),
    client TEXT NOT NULL,
    person TEXT NOT NULL,
    api_key TEXT,
    grant_type TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    successor BYTEA
);

CREATE TABLE passcodes (
    hash BYTEA PRIMARY KEY,
    person TEXT NOT NULL,
    api_key TEXT,
    expires_at BIGINT NOT NULL
);

CREATE TABLE issuers (issuer TEXT PRIMARY KEY, kind TEXT NOT NULL)
