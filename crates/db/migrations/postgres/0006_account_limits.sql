-- Limits that the operator has set for one account by itself.

CREATE TABLE account_limits (
    account TEXT NOT NULL REFERENCES accounts (guid),
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (account, name)
);
