-- Resource groups. The first one of an account has the GUID of the account, and a row only once it was renamed.

CREATE TABLE resource_groups (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (guid),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX resource_groups_by_name ON resource_groups (account, name);

-- Instances of the monitoring service, at most one for a space, whose plan they say. A space that is deleted keeps its instance until its samples are gone, so that a restore brings both back.

CREATE TABLE resource_instances (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (guid),
    resource_group TEXT NOT NULL,
    space TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    plan TEXT NOT NULL,
    locked BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_at BIGINT NOT NULL,
    modified_by TEXT NOT NULL
);

CREATE INDEX resource_instances_by_account ON resource_instances (account);

-- Keys of instances, each with a service ID of its own. They decide nothing, so no node keeps them in memory.

CREATE TABLE resource_keys (
    guid TEXT PRIMARY KEY,
    instance TEXT NOT NULL REFERENCES resource_instances (guid),
    service TEXT NOT NULL UNIQUE,
    api_key TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_at BIGINT NOT NULL,
    modified_by TEXT NOT NULL
);

CREATE INDEX resource_keys_by_instance ON resource_keys (instance);

CREATE TRIGGER resource_groups_changed AFTER INSERT OR UPDATE OR DELETE ON resource_groups
    FOR EACH ROW EXECUTE FUNCTION log_change('resource_group', 'guid');

CREATE TRIGGER resource_instances_changed AFTER INSERT OR UPDATE OR DELETE ON resource_instances
    FOR EACH ROW EXECUTE FUNCTION log_change('instance', 'guid');
