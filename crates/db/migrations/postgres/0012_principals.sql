-- Who acts is a principal: a user, a service or a profile. Each user is one; what only people have (an address, a password, a
-- one-time code) stays with the user.

CREATE TABLE principals (guid TEXT PRIMARY KEY, kind TEXT NOT NULL);

INSERT INTO principals (guid, kind) SELECT guid, 'user' FROM users;

-- New tables where a reference has to change: SQLite cannot change one in place.

CREATE TABLE new_users (
    guid TEXT PRIMARY KEY REFERENCES principals (guid),
    home TEXT NOT NULL REFERENCES accounts (guid),
    email TEXT NOT NULL UNIQUE,
    folded TEXT NOT NULL,
    proof TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    password TEXT,
    password_changed_at BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);

INSERT INTO new_users (guid, home, email, folded, proof, given_name, family_name, password, password_changed_at, created_at)
    SELECT guid, home, email, folded, proof, given_name, family_name, password, password_changed_at, created_at FROM users;

CREATE TABLE new_members (
    account TEXT NOT NULL REFERENCES accounts (guid),
    principal TEXT NOT NULL REFERENCES principals (guid),
    added_at BIGINT NOT NULL,
    invitation TEXT,
    PRIMARY KEY (account, principal)
);

INSERT INTO new_members (account, principal, added_at, invitation) SELECT account, person, added_at, invitation FROM members;

CREATE TABLE new_roles (
    principal TEXT NOT NULL REFERENCES principals (guid),
    domain TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (principal, domain, role)
);

INSERT INTO new_roles (principal, domain, role) SELECT person, domain, role FROM roles;

CREATE TABLE new_api_keys (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    principal TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    hash BYTEA NOT NULL UNIQUE,
    locked BIGINT NOT NULL,
    disabled BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    reach_domain TEXT,
    reach_only TEXT,
    FOREIGN KEY (account, principal) REFERENCES new_members (account, principal)
);

INSERT INTO new_api_keys (guid, account, principal, name, description, hash, locked, disabled, revision, expires_at,
    created_at, modified_at, reach_domain, reach_only)
    SELECT guid, account, person, name, description, hash, locked, disabled, revision, expires_at,
    created_at, modified_at, reach_domain, reach_only FROM api_keys;

CREATE TABLE new_password_resets (
    user_id TEXT PRIMARY KEY REFERENCES new_users (guid),
    code_hash BYTEA NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
);

INSERT INTO new_password_resets (user_id, code_hash, expires_at) SELECT person, code_hash, expires_at FROM password_resets;

DROP TABLE password_resets;

DROP TABLE api_keys;

DROP TABLE roles;

DROP TABLE members;

DROP TABLE users;

ALTER TABLE new_users RENAME TO users;

ALTER TABLE new_members RENAME TO members;

ALTER TABLE new_roles RENAME TO roles;

ALTER TABLE new_api_keys RENAME TO api_keys;

ALTER TABLE new_password_resets RENAME TO password_resets;

CREATE UNIQUE INDEX users_by_address ON users (folded);

CREATE INDEX roles_by_domain ON roles (domain);

CREATE INDEX members_by_principal ON members (principal);

CREATE INDEX api_keys_by_owner ON api_keys (account, principal);

-- The rest keeps its table.

DROP TRIGGER departures_changed ON departures;

ALTER TABLE departures RENAME COLUMN person TO principal;

ALTER TABLE deleted_roles RENAME COLUMN person TO principal;

ALTER TABLE refresh_tokens RENAME COLUMN person TO principal;

DROP INDEX sessions_by_person;

ALTER TABLE sessions RENAME COLUMN person TO principal;

CREATE INDEX sessions_by_principal ON sessions (principal);

DROP INDEX passcodes_by_person;

ALTER TABLE passcodes RENAME COLUMN person TO user_id;

CREATE INDEX passcodes_by_user ON passcodes (user_id);

DROP INDEX login_sources_by_person;

ALTER TABLE login_sources RENAME COLUMN person TO user_id;

CREATE INDEX login_sources_by_user ON login_sources (user_id);

-- The change log says `principal` for memberships, departures and roles.

UPDATE changes SET kind = 'principal' WHERE kind = 'person';

CREATE TRIGGER users_changed AFTER INSERT OR UPDATE OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION log_change('user', 'guid');

CREATE TRIGGER members_changed AFTER INSERT OR UPDATE OR DELETE ON members
    FOR EACH ROW EXECUTE FUNCTION log_change('principal', 'principal');

CREATE TRIGGER departures_changed AFTER INSERT OR UPDATE OR DELETE ON departures
    FOR EACH ROW EXECUTE FUNCTION log_change('principal', 'principal');

CREATE TRIGGER roles_changed AFTER INSERT OR UPDATE OR DELETE ON roles
    FOR EACH ROW EXECUTE FUNCTION log_change('principal', 'principal');

CREATE TRIGGER api_keys_changed AFTER INSERT OR UPDATE OR DELETE ON api_keys
    FOR EACH ROW EXECUTE FUNCTION log_change('key', 'guid');
