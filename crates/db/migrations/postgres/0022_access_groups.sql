-- Access groups: principals of an account who get the same policies, by name or by what their logins claim.

CREATE TABLE access_groups (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (guid),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_at BIGINT NOT NULL,
    modified_by TEXT NOT NULL
);

CREATE UNIQUE INDEX access_groups_by_name ON access_groups (account, name);

CREATE TABLE access_group_members (
    access_group TEXT NOT NULL REFERENCES access_groups (guid),
    principal TEXT NOT NULL REFERENCES principals (guid),
    added_at BIGINT NOT NULL,
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
    expiration_hours BIGINT NOT NULL,
    conditions TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_at BIGINT NOT NULL,
    modified_by TEXT NOT NULL
);

CREATE INDEX access_group_rules_by_group ON access_group_rules (access_group);

-- The subject of a policy may be a group, too. The public one has no row.

ALTER TABLE policies ADD COLUMN access_group TEXT;

CREATE INDEX policies_by_access_group ON policies (access_group);

-- The accounts in which everybody is in the public access group.

CREATE TABLE public_access (account TEXT PRIMARY KEY REFERENCES accounts (guid), set_at BIGINT NOT NULL);

CREATE TRIGGER access_groups_changed AFTER INSERT OR UPDATE OR DELETE ON access_groups
    FOR EACH ROW EXECUTE FUNCTION log_change('access_group', 'guid');

CREATE TRIGGER access_group_members_changed AFTER INSERT OR UPDATE OR DELETE ON access_group_members
    FOR EACH ROW EXECUTE FUNCTION log_change('principal', 'principal');

CREATE TRIGGER access_group_rules_changed AFTER INSERT OR UPDATE OR DELETE ON access_group_rules
    FOR EACH ROW EXECUTE FUNCTION log_change('access_group', 'access_group');

CREATE TRIGGER public_access_changed AFTER INSERT OR UPDATE OR DELETE ON public_access
    FOR EACH ROW EXECUTE FUNCTION log_change('public_access', 'account');
