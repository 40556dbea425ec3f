-- Limits that the operator has set for one account by itself.

CREATE TABLE account_limits (
    account TEXT NOT NULL REFERENCES accounts (guid),
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (account, name)
);
