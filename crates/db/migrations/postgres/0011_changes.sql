-- What was changed, in the order in which it was committed: each node brings its memory up to date from this alone. Triggers write
-- it, so that no change can miss it, whoever makes it; the number is given as the transaction ends (until then there is none), so
-- that numbers are seen in their order. What all nodes have had time to read goes.

CREATE TABLE changes (sequence BIGINT, kind TEXT NOT NULL, id TEXT NOT NULL);

CREATE INDEX changes_by_sequence ON changes (sequence);

-- The number of the latest change that is not kept any more.

INSERT INTO counters (name, value) VALUES ('changes_dropped', 0);

-- The keys that sign tokens, each encrypted under a key that is not in the database. Those that were retired keep their name.

CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    sealed BYTEA NOT NULL,
    sealed_with TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);

-- What a key reaches beside its account: one domain, and of what its user may do only to send; neither where it reaches all.

ALTER TABLE api_keys ADD COLUMN reach_domain TEXT;

ALTER TABLE api_keys ADD COLUMN reach_only TEXT;

-- `TG_ARGV` is the kind, and the column that says which.

CREATE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO changes (kind, id) VALUES (TG_ARGV[0], to_jsonb(OLD) ->> TG_ARGV[1]);
    END IF;
    IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND to_jsonb(NEW) ->> TG_ARGV[1] <> to_jsonb(OLD) ->> TG_ARGV[1] THEN
        INSERT INTO changes (kind, id) VALUES (TG_ARGV[0], to_jsonb(NEW) ->> TG_ARGV[1]);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER accounts_changed AFTER INSERT OR UPDATE OR DELETE ON accounts
    FOR EACH ROW EXECUTE FUNCTION log_change('account', 'guid');

CREATE TRIGGER account_limits_changed AFTER INSERT OR UPDATE OR DELETE ON account_limits
    FOR EACH ROW EXECUTE FUNCTION log_change('limits', 'account');

CREATE TRIGGER regions_changed AFTER INSERT OR UPDATE OR DELETE ON regions
    FOR EACH ROW EXECUTE FUNCTION log_change('region', 'name');

CREATE TRIGGER orgs_changed AFTER INSERT OR UPDATE OR DELETE ON orgs
    FOR EACH ROW EXECUTE FUNCTION log_change('org', 'guid');

CREATE TRIGGER spaces_changed AFTER INSERT OR UPDATE OR DELETE ON spaces
    FOR EACH ROW EXECUTE FUNCTION log_change('space', 'guid');

CREATE TRIGGER users_changed AFTER INSERT OR UPDATE OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION log_change('user', 'guid');

CREATE TRIGGER members_changed AFTER INSERT OR UPDATE OR DELETE ON members
    FOR EACH ROW EXECUTE FUNCTION log_change('person', 'person');

CREATE TRIGGER departures_changed AFTER INSERT OR UPDATE OR DELETE ON departures
    FOR EACH ROW EXECUTE FUNCTION log_change('person', 'person');

CREATE TRIGGER roles_changed AFTER INSERT OR UPDATE OR DELETE ON roles
    FOR EACH ROW EXECUTE FUNCTION log_change('person', 'person');

CREATE TRIGGER domains_changed AFTER INSERT OR UPDATE OR DELETE ON domains
    FOR EACH ROW EXECUTE FUNCTION log_change('domain', 'domain');

CREATE TRIGGER deletions_changed AFTER INSERT OR UPDATE OR DELETE ON deletions
    FOR EACH ROW EXECUTE FUNCTION log_change('deletion', 'domain');

CREATE TRIGGER deleted_roles_changed AFTER INSERT OR UPDATE OR DELETE ON deleted_roles
    FOR EACH ROW EXECUTE FUNCTION log_change('deletion', 'domain');

CREATE TRIGGER api_keys_changed AFTER INSERT OR UPDATE OR DELETE ON api_keys
    FOR EACH ROW EXECUTE FUNCTION log_change('key', 'guid');

CREATE TRIGGER issuers_changed AFTER INSERT OR UPDATE OR DELETE ON issuers
    FOR EACH ROW EXECUTE FUNCTION log_change('issuer', 'issuer');

CREATE TRIGGER signing_keys_changed AFTER INSERT OR UPDATE OR DELETE ON signing_keys
    FOR EACH ROW EXECUTE FUNCTION log_change('signing_key', 'kid');

-- Every node listens: it is told when the transaction is there to be read.

CREATE FUNCTION tell_nodes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('vigie_changes', '');
    RETURN NULL;
END
$$;

CREATE TRIGGER counters_counted AFTER UPDATE ON counters
    FOR EACH ROW WHEN (NEW.name IN ('changes', 'ends')) EXECUTE FUNCTION tell_nodes();
