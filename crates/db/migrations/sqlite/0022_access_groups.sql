-- Access groups: principals of an account who get the same policies, by name or by what their logins claim.

CREATE TABLE access_groups (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (guid),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    modified_at INTEGER NOT NULL,
    modified_by TEXT NOT NULL
);

CREATE UNIQUE INDEX access_groups_by_name ON access_groups (account, name);

CREATE TABLE access_group_members (
    access_group TEXT NOT NULL REFERENCES access_groups (guid),
    principal TEXT NOT NULL REFERENCES principals (guid),
    added_at INTEGER NOT NULL,
    added_by TEXT NOT NULL,
    PRIMARY KEY (access_group, principal)
);

CREATE INDEX access_group_members_by_principal ON access_group_members (principal);

-- Whoever meets all conditions of a rule is a member, too.

CREATE TABLE access_group_rules (
    guid TEXT PRIMARY KEY,
    access_group TEXT NOT NULL REFERENCES access_groups (guid),
    name TEXT NOT NULL,
    realm TEXT NOT NULL,
    expiration_hours INTEGER NOT NULL,
    conditions TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    modified_at INTEGER NOT NULL,
    modified_by TEXT NOT NULL
);

CREATE INDEX access_group_rules_by_group ON access_group_rules (access_group);

-- The subject of a policy may be a group, too. The public one has no row.

ALTER TABLE policies ADD COLUMN access_group TEXT;

CREATE INDEX policies_by_access_group ON policies (access_group);

-- The accounts in which everybody is in the public access group.

CREATE TABLE public_access (account TEXT PRIMARY KEY REFERENCES accounts (guid), set_at INTEGER NOT NULL);

CREATE TRIGGER access_groups_insert AFTER INSERT ON access_groups BEGIN
    INSERT INTO changes (kind, id) VALUES ('access_group', NEW.guid);
END;

CREATE TRIGGER access_groups_update AFTER UPDATE ON access_groups BEGIN
    INSERT INTO changes (kind, id) VALUES ('access_group', OLD.guid);
    INSERT INTO changes (kind, id) SELECT 'access_group', NEW.guid WHERE NEW.guid <> OLD.guid;
END;

CREATE TRIGGER access_groups_delete AFTER DELETE ON access_groups BEGIN
    INSERT INTO changes (kind, id) VALUES ('access_group', OLD.guid);
END;

CREATE TRIGGER access_group_members_insert AFTER INSERT ON access_group_members BEGIN
    INSERT INTO changes (kind, id) VALUES ('principal', NEW.principal);
END;

CREATE TRIGGER access_group_members_update AFTER UPDATE ON access_group_members BEGIN
    INSERT INTO changes (kind, id) VALUES ('principal', OLD.principal);
    INSERT INTO changes (kind, id) SELECT 'principal', NEW.principal WHERE NEW.principal <> OLD.principal;
END;

CREATE TRIGGER access_group_members_delete AFTER DELETE ON access_group_members BEGIN
    INSERT INTO changes (kind, id) VALUES ('principal', OLD.principal);
END;

CREATE TRIGGER access_group_rules_insert AFTER INSERT ON access_group_rules BEGIN
    INSERT INTO changes (kind, id) VALUES ('access_group', NEW.access_group);
END;

CREATE TRIGGER access_group_rules_update AFTER UPDATE ON access_group_rules BEGIN
    INSERT INTO changes (kind, id) VALUES ('access_group', OLD.access_group);
    INSERT INTO changes (kind, id) SELECT 'access_group', NEW.access_group WHERE NEW.access_group <> OLD.access_group;
END;

CREATE TRIGGER access_group_rules_delete AFTER DELETE ON access_group_rules BEGIN
    INSERT INTO changes (kind, id) VALUES ('access_group', OLD.access_group);
END;

CREATE TRIGGER public_access_insert AFTER INSERT ON public_access BEGIN
    INSERT INTO changes (kind, id) VALUES ('public_access', NEW.account);
END;

CREATE TRIGGER public_access_update AFTER UPDATE ON public_access BEGIN
    INSERT INTO changes (kind, id) VALUES ('public_access', OLD.account);
    INSERT INTO changes (kind, id) SELECT 'public_access', NEW.account WHERE NEW.account <> OLD.account;
END;

CREATE TRIGGER public_access_delete AFTER DELETE ON public_access BEGIN
    INSERT INTO changes (kind, id) VALUES ('public_access', OLD.account);
END;
