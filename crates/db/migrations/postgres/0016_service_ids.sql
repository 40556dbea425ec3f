-- Service IDs: programs with an identity of their own, each in one account. One without a row here has no name, and is managed by
-- nobody.

CREATE TABLE service_ids (
    guid TEXT PRIMARY KEY REFERENCES principals (guid),
    account TEXT NOT NULL REFERENCES accounts (guid),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    crns TEXT NOT NULL,
    locked BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL
);

CREATE INDEX service_ids_by_account ON service_ids (account);

-- Who made a key, where that is not whom it proves.

ALTER TABLE api_keys ADD COLUMN made_by TEXT;

-- The history of a key or a service ID is read from the audit.

CREATE INDEX audit_by_target ON audit (target, number) WHERE kind IN ('change', 'own');

CREATE TRIGGER service_ids_changed AFTER INSERT OR UPDATE OR DELETE ON service_ids
    FOR EACH ROW EXECUTE FUNCTION log_change('service', 'guid')
