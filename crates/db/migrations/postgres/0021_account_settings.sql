-- What an account asks of logins to it and of what is made in it, as JSON. One without a row has no settings of its own.

CREATE TABLE account_settings (
    account TEXT PRIMARY KEY REFERENCES accounts (guid),
    settings TEXT NOT NULL,
    revision BIGINT NOT NULL
);

-- When a session was begun, renewed or kept alive last.

ALTER TABLE sessions ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;

UPDATE sessions SET used_at = CASE WHEN tokens_until - 3600000 > created_at THEN tokens_until - 3600000 ELSE created_at END;

CREATE TRIGGER account_settings_changed AFTER INSERT OR UPDATE OR DELETE ON account_settings
    FOR EACH ROW EXECUTE FUNCTION log_change('account_settings', 'account');

-- Groups of service IDs, by which these are listed. They decide nothing, so no node keeps them in memory.

CREATE TABLE service_id_groups (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (guid),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    made_by TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    UNIQUE (account, name)
);

ALTER TABLE service_ids ADD COLUMN group_id TEXT;

CREATE INDEX service_ids_by_group ON service_ids (group_id) WHERE group_id IS NOT NULL;

-- From when on a key signs: one that is made ahead of its time is known everywhere by then.

ALTER TABLE signing_keys ADD COLUMN signs_from BIGINT NOT NULL DEFAULT 0;

UPDATE signing_keys SET signs_from = created_at;
