-- What was changed, in the order in which it was committed: each node brings its memory up to date from this alone. Triggers write
-- it, so that no change can miss it, whoever makes it; the number is given as the transaction ends (until then there is none), so
-- that numbers are seen in their order. What all nodes have had time to read goes.

CREATE TABLE changes (sequence INTEGER, kind TEXT NOT NULL, id TEXT NOT NULL);

CREATE INDEX changes_by_sequence ON changes (sequence);

-- The number of the latest change that is not kept any more.

INSERT INTO counters (name, value) VALUES ('changes_dropped', 0);

-- The keys that sign tokens, each encrypted under a key that is not in the database. Those that were retired keep their name.

CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    sealed BLOB NOT NULL,
    sealed_with TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER
);

-- What a key reaches beside its account: one domain, and of what its user may do only to send; neither where it reaches all.

ALTER TABLE api_keys ADD COLUMN reach_domain TEXT;

ALTER TABLE api_keys ADD COLUMN reach_only TEXT;

-- One trigger each: SQLite knows no functions, PostgreSQL no statements in a trigger.

CREATE TRIGGER accounts_insert AFTER INSERT ON accounts BEGIN
    INSERT INTO changes (kind, id) VALUES ('account', NEW.guid);
END;

CREATE TRIGGER accounts_update AFTER UPDATE ON accounts BEGIN
    INSERT INTO changes (kind, id) VALUES ('account', OLD.guid);
    INSERT INTO changes (kind, id) SELECT 'account', NEW.guid WHERE NEW.guid <> OLD.guid;
END;

CREATE TRIGGER accounts_delete AFTER DELETE ON accounts BEGIN
    INSERT INTO changes (kind, id) VALUES ('account', OLD.guid);
END;

CREATE TRIGGER account_limits_insert AFTER INSERT ON account_limits BEGIN
    INSERT INTO changes (kind, id) VALUES ('limits', NEW.account);
END;

CREATE TRIGGER account_limits_update AFTER UPDATE ON account_limits BEGIN
    INSERT INTO changes (kind, id) VALUES ('limits', OLD.account);
    INSERT INTO changes (kind, id) SELECT 'limits', NEW.account WHERE NEW.account <> OLD.account;
END;

CREATE TRIGGER account_limits_delete AFTER DELETE ON account_limits BEGIN
    INSERT INTO changes (kind, id) VALUES ('limits', OLD.account);
END;

CREATE TRIGGER regions_insert AFTER INSERT ON regions BEGIN
    INSERT INTO changes (kind, id) VALUES ('region', NEW.name);
END;

CREATE TRIGGER regions_update AFTER UPDATE ON regions BEGIN
    INSERT INTO changes (kind, id) VALUES ('region', OLD.name);
    INSERT INTO changes (kind, id) SELECT 'region', NEW.name WHERE NEW.name <> OLD.name;
END;

CREATE TRIGGER regions_delete AFTER DELETE ON regions BEGIN
    INSERT INTO changes (kind, id) VALUES ('region', OLD.name);
END;

CREATE TRIGGER orgs_insert AFTER INSERT ON orgs BEGIN
    INSERT INTO changes (kind, id) VALUES ('org', NEW.guid);
END;

CREATE TRIGGER orgs_update AFTER UPDATE ON orgs BEGIN
    INSERT INTO changes (kind, id) VALUES ('org', OLD.guid);
    INSERT INTO changes (kind, id) SELECT 'org', NEW.guid WHERE NEW.guid <> OLD.guid;
END;

CREATE TRIGGER orgs_delete AFTER DELETE ON orgs BEGIN
    INSERT INTO changes (kind, id) VALUES ('org', OLD.guid);
END;

CREATE TRIGGER spaces_insert AFTER INSERT ON spaces BEGIN
    INSERT INTO changes (kind, id) VALUES ('space', NEW.guid);
END;

CREATE TRIGGER spaces_update AFTER UPDATE ON spaces BEGIN
    INSERT INTO changes (kind, id) VALUES ('space', OLD.guid);
    INSERT INTO changes (kind, id) SELECT 'space', NEW.guid WHERE NEW.guid <> OLD.guid;
END;

CREATE TRIGGER spaces_delete AFTER DELETE ON spaces BEGIN
    INSERT INTO changes (kind, id) VALUES ('space', OLD.guid);
END;

CREATE TRIGGER users_insert AFTER INSERT ON users BEGIN
    INSERT INTO changes (kind, id) VALUES ('user', NEW.guid);
END;

CREATE TRIGGER users_update AFTER UPDATE ON users BEGIN
    INSERT INTO changes (kind, id) VALUES ('user', OLD.guid);
    INSERT INTO changes (kind, id) SELECT 'user', NEW.guid WHERE NEW.guid <> OLD.guid;
END;

CREATE TRIGGER users_delete AFTER DELETE ON users BEGIN
    INSERT INTO changes (kind, id) VALUES ('user', OLD.guid);
END;

CREATE TRIGGER members_insert AFTER INSERT ON members BEGIN
    INSERT INTO changes (kind, id) VALUES ('person', NEW.person);
END;

CREATE TRIGGER members_update AFTER UPDATE ON members BEGIN
    INSERT INTO changes (kind, id) VALUES ('person', OLD.person);
    INSERT INTO changes (kind, id) SELECT 'person', NEW.person WHERE NEW.person <> OLD.person;
END;

CREATE TRIGGER members_delete AFTER DELETE ON members BEGIN
    INSERT INTO changes (kind, id) VALUES ('person', OLD.person);
END;

CREATE TRIGGER departures_insert AFTER INSERT ON departures BEGIN
    INSERT INTO changes (kind, id) VALUES ('person', NEW.person);
END;

CREATE TRIGGER departures_update AFTER UPDATE ON departures BEGIN
    INSERT INTO changes (kind, id) VALUES ('person', OLD.person);
    INSERT INTO changes (kind, id) SELECT 'person', NEW.person WHERE NEW.person <> OLD.person;
END;

CREATE TRIGGER departures_delete AFTER DELETE ON departures BEGIN
    INSERT INTO changes (kind, id) VALUES ('person', OLD.person);
END;

CREATE TRIGGER roles_insert AFTER INSERT ON roles BEGIN
    INSERT INTO changes (kind, id) VALUES ('person', NEW.person);
END;

CREATE TRIGGER roles_update AFTER UPDATE ON roles BEGIN
    INSERT INTO changes (kind, id) VALUES ('person', OLD.person);
    INSERT INTO changes (kind, id) SELECT 'person', NEW.person WHERE NEW.person <> OLD.person;
END;

CREATE TRIGGER roles_delete AFTER DELETE ON roles BEGIN
    INSERT INTO changes (kind, id) VALUES ('person', OLD.person);
END;

CREATE TRIGGER domains_insert AFTER INSERT ON domains BEGIN
    INSERT INTO changes (kind, id) VALUES ('domain', NEW.domain);
END;

CREATE TRIGGER domains_update AFTER UPDATE ON domains BEGIN
    INSERT INTO changes (kind, id) VALUES ('domain', OLD.domain);
    INSERT INTO changes (kind, id) SELECT 'domain', NEW.domain WHERE NEW.domain <> OLD.domain;
END;

CREATE TRIGGER domains_delete AFTER DELETE ON domains BEGIN
    INSERT INTO changes (kind, id) VALUES ('domain', OLD.domain);
END;

CREATE TRIGGER deletions_insert AFTER INSERT ON deletions BEGIN
    INSERT INTO changes (kind, id) VALUES ('deletion', NEW.domain);
END;

CREATE TRIGGER deletions_update AFTER UPDATE ON deletions BEGIN
    INSERT INTO changes (kind, id) VALUES ('deletion', OLD.domain);
    INSERT INTO changes (kind, id) SELECT 'deletion', NEW.domain WHERE NEW.domain <> OLD.domain;
END;

CREATE TRIGGER deletions_delete AFTER DELETE ON deletions BEGIN
    INSERT INTO changes (kind, id) VALUES ('deletion', OLD.domain);
END;

CREATE TRIGGER deleted_roles_insert AFTER INSERT ON deleted_roles BEGIN
    INSERT INTO changes (kind, id) VALUES ('deletion', NEW.domain);
END;

CREATE TRIGGER deleted_roles_update AFTER UPDATE ON deleted_roles BEGIN
    INSERT INTO changes (kind, id) VALUES ('deletion', OLD.domain);
    INSERT INTO changes (kind, id) SELECT 'deletion', NEW.domain WHERE NEW.domain <> OLD.domain;
END;

CREATE TRIGGER deleted_roles_delete AFTER DELETE ON deleted_roles BEGIN
    INSERT INTO changes (kind, id) VALUES ('deletion', OLD.domain);
END;

CREATE TRIGGER api_keys_insert AFTER INSERT ON api_keys BEGIN
    INSERT INTO changes (kind, id) VALUES ('key', NEW.guid);
END;

CREATE TRIGGER api_keys_update AFTER UPDATE ON api_keys BEGIN
    INSERT INTO changes (kind, id) VALUES ('key', OLD.guid);
    INSERT INTO changes (kind, id) SELECT 'key', NEW.guid WHERE NEW.guid <> OLD.guid;
END;

CREATE TRIGGER api_keys_delete AFTER DELETE ON api_keys BEGIN
    INSERT INTO changes (kind, id) VALUES ('key', OLD.guid);
END;

CREATE TRIGGER issuers_insert AFTER INSERT ON issuers BEGIN
    INSERT INTO changes (kind, id) VALUES ('issuer', NEW.issuer);
END;

CREATE TRIGGER issuers_update AFTER UPDATE ON issuers BEGIN
    INSERT INTO changes (kind, id) VALUES ('issuer', OLD.issuer);
    INSERT INTO changes (kind, id) SELECT 'issuer', NEW.issuer WHERE NEW.issuer <> OLD.issuer;
END;

CREATE TRIGGER issuers_delete AFTER DELETE ON issuers BEGIN
    INSERT INTO changes (kind, id) VALUES ('issuer', OLD.issuer);
END;

CREATE TRIGGER signing_keys_insert AFTER INSERT ON signing_keys BEGIN
    INSERT INTO changes (kind, id) VALUES ('signing_key', NEW.kid);
END;

CREATE TRIGGER signing_keys_update AFTER UPDATE ON signing_keys BEGIN
    INSERT INTO changes (kind, id) VALUES ('signing_key', OLD.kid);
    INSERT INTO changes (kind, id) SELECT 'signing_key', NEW.kid WHERE NEW.kid <> OLD.kid;
END;

CREATE TRIGGER signing_keys_delete AFTER DELETE ON signing_keys BEGIN
    INSERT INTO changes (kind, id) VALUES ('signing_key', OLD.kid);
END;
