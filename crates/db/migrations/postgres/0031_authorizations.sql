-- The subject of a policy may be instances of the monitoring service, too: such a policy is an authorization. `instances` are all of
-- the account, `instance:` and its GUID is one, and `resource-group:` and its GUID are those in the group.

ALTER TABLE policies ADD COLUMN source TEXT;

CREATE INDEX policies_by_source ON policies (source, account) WHERE source IS NOT NULL
