-- Every login sweeps out what has expired: found here, not by reading the tables from end to end.

CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);
