-- Trusted profiles: principals of an account without keys of their own, whom users, service IDs and compute resources take on.

CREATE TABLE profiles (
    guid TEXT PRIMARY KEY REFERENCES principals (guid),
    account TEXT NOT NULL REFERENCES accounts (guid),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    email TEXT NOT NULL,
    identities_revision BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_at BIGINT NOT NULL,
    modified_by TEXT NOT NULL
);

CREATE UNIQUE INDEX profiles_by_name ON profiles (account, name);

-- Whoever meets all conditions of a rule may take on the profile: a user by what their tokens say (with a realm), a compute
-- resource by what its token says (with what it runs on).

CREATE TABLE profile_rules (
    guid TEXT PRIMARY KEY,
    profile TEXT NOT NULL REFERENCES profiles (guid),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    realm TEXT,
    cr_type TEXT,
    expiration_seconds BIGINT,
    conditions TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_at BIGINT NOT NULL,
    modified_by TEXT NOT NULL
);

CREATE INDEX profile_rules_by_profile ON profile_rules (profile);

-- The compute resources that may take on the profile. What a link does not say may be anything.

CREATE TABLE profile_links (
    guid TEXT PRIMARY KEY,
    profile TEXT NOT NULL REFERENCES profiles (guid),
    name TEXT NOT NULL,
    cr_type TEXT NOT NULL,
    crn TEXT,
    namespace TEXT,
    resource_name TEXT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);

CREATE INDEX profile_links_by_profile ON profile_links (profile);

-- The users and service IDs that may take on the profile.

CREATE TABLE profile_identities (
    profile TEXT NOT NULL REFERENCES profiles (guid),
    principal TEXT NOT NULL REFERENCES principals (guid),
    description TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    added_by TEXT NOT NULL,
    PRIMARY KEY (profile, principal)
);

CREATE INDEX profile_identities_by_principal ON profile_identities (principal);

CREATE TRIGGER profiles_changed AFTER INSERT OR UPDATE OR DELETE ON profiles
    FOR EACH ROW EXECUTE FUNCTION log_change('profile', 'guid');

CREATE TRIGGER profile_rules_changed AFTER INSERT OR UPDATE OR DELETE ON profile_rules
    FOR EACH ROW EXECUTE FUNCTION log_change('profile', 'profile');

CREATE TRIGGER profile_links_changed AFTER INSERT OR UPDATE OR DELETE ON profile_links
    FOR EACH ROW EXECUTE FUNCTION log_change('profile', 'profile');

CREATE TRIGGER profile_identities_changed AFTER INSERT OR UPDATE OR DELETE ON profile_identities
    FOR EACH ROW EXECUTE FUNCTION log_change('profile', 'profile');
