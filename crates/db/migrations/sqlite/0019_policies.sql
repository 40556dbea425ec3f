-- Access policies: roles of a principal, of an access group (which may be the public one, that has no row), or of whoever accepts an
-- invitation, in the domains of the account that have all attributes. The roles are a list of names and of the ids of the account's own.

CREATE TABLE policies (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (guid),
    principal TEXT REFERENCES principals (guid),
    access_group TEXT,
    invitation TEXT REFERENCES invitations (guid),
    description TEXT NOT NULL,
    roles TEXT NOT NULL,
    attributes TEXT NOT NULL,
    active INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    modified_at INTEGER NOT NULL,
    modified_by TEXT NOT NULL
);

CREATE INDEX policies_by_account ON policies (account);

CREATE INDEX policies_by_principal ON policies (principal);

CREATE INDEX policies_by_access_group ON policies (access_group);

CREATE INDEX policies_by_invitation ON policies (invitation);

-- Roles that an account has made of actions.

CREATE TABLE custom_roles (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (guid),
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT NOT NULL,
    actions TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    modified_at INTEGER NOT NULL,
    modified_by TEXT NOT NULL
);

CREATE UNIQUE INDEX custom_roles_by_name ON custom_roles (account, name);

CREATE TRIGGER policies_insert AFTER INSERT ON policies BEGIN
    INSERT INTO changes (kind, id) VALUES ('policy', NEW.guid);
END;

CREATE TRIGGER policies_update AFTER UPDATE ON policies BEGIN
    INSERT INTO changes (kind, id) VALUES ('policy', OLD.guid);
    INSERT INTO changes (kind, id) SELECT 'policy', NEW.guid WHERE NEW.guid <> OLD.guid;
END;

CREATE TRIGGER policies_delete AFTER DELETE ON policies BEGIN
    INSERT INTO changes (kind, id) VALUES ('policy', OLD.guid);
END;

CREATE TRIGGER custom_roles_insert AFTER INSERT ON custom_roles BEGIN
    INSERT INTO changes (kind, id) VALUES ('custom_role', NEW.guid);
END;

CREATE TRIGGER custom_roles_update AFTER UPDATE ON custom_roles BEGIN
    INSERT INTO changes (kind, id) VALUES ('custom_role', OLD.guid);
    INSERT INTO changes (kind, id) SELECT 'custom_role', NEW.guid WHERE NEW.guid <> OLD.guid;
END;

CREATE TRIGGER custom_roles_delete AFTER DELETE ON custom_roles BEGIN
    INSERT INTO changes (kind, id) VALUES ('custom_role', OLD.guid);
END;
