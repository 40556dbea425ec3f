-- Service IDs: programs with an identity of their own, each in one account. One without a row here has no name, and is managed by
-- nobody.

CREATE TABLE service_ids (
    guid TEXT PRIMARY KEY REFERENCES principals (guid),
    account TEXT NOT NULL REFERENCES accounts (guid),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    crns TEXT NOT NULL,
    locked INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL
);

CREATE INDEX service_ids_by_account ON service_ids (account);

-- Who made a key, where that is not whom it proves.

ALTER TABLE api_keys ADD COLUMN made_by TEXT;

-- The history of a key or a service ID is read from the audit.

CREATE INDEX audit_by_target ON audit (target, number) WHERE kind IN ('change', 'own');

CREATE TRIGGER service_ids_insert AFTER INSERT ON service_ids BEGIN
    INSERT INTO changes (kind, id) VALUES ('service', NEW.guid);
END;

CREATE TRIGGER service_ids_update AFTER UPDATE ON service_ids BEGIN
    INSERT INTO changes (kind, id) VALUES ('service', OLD.guid);
    INSERT INTO changes (kind, id) SELECT 'service', NEW.guid WHERE NEW.guid <> OLD.guid;
END;

CREATE TRIGGER service_ids_delete AFTER DELETE ON service_ids BEGIN
    INSERT INTO changes (kind, id) VALUES ('service', OLD.guid);
END;
