-- What a login costs does not grow with the sessions that its principal has had: each statement finds its rows, and no others.

DROP INDEX sessions_by_principal;

CREATE INDEX sessions_by_principal ON sessions (principal, expires_at);

CREATE INDEX sessions_open_by_principal ON sessions (principal, revoked_at, expires_at, account);

CREATE INDEX sessions_ended_by_principal ON sessions (principal, tokens_until) WHERE ended IS NOT NULL;

CREATE INDEX sessions_ended_by_key ON sessions (principal, api_key, revoked_at) WHERE revoked_at IS NOT NULL;

CREATE INDEX sessions_by_parent ON sessions (parent) WHERE parent IS NOT NULL;

CREATE INDEX refresh_tokens_by_principal ON refresh_tokens (principal, expires_at)
