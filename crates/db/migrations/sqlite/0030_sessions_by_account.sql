-- The open sessions for one account are found when its settings end them.

CREATE INDEX sessions_by_account ON sessions (account) WHERE revoked_at IS NULL
