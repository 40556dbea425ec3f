-- One person for each address, whatever its letters' case.

ALTER TABLE users ADD COLUMN folded TEXT NOT NULL DEFAULT '';

UPDATE users SET folded = lower(email);

CREATE UNIQUE INDEX users_by_address ON users (folded);

-- How the address was shown to be the person's: `operator`, `code`, or empty while somebody else has seen what opened it.

ALTER TABLE users ADD COLUMN proof TEXT NOT NULL DEFAULT 'operator';

-- The invitation that led into the account, whose id goes on naming the member there.

ALTER TABLE members ADD COLUMN invitation TEXT;

-- Open invitations into accounts. The `owner` of an account whose owner has not accepted yet is the guid of their invitation.

CREATE TABLE invitations (
    guid TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (guid),
    email TEXT NOT NULL,
    folded TEXT NOT NULL,
    inviter TEXT NOT NULL,
    code_hash BYTEA UNIQUE,
    code_seen BIGINT NOT NULL,
    mail_due_at BIGINT,
    mail_tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (account, folded)
);

CREATE INDEX invitations_by_address ON invitations (folded);

CREATE INDEX invitations_by_mail ON invitations (mail_due_at);

-- Roles that begin with the acceptance.

CREATE TABLE invitation_roles (
    invitation TEXT NOT NULL REFERENCES invitations (guid),
    domain TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (invitation, domain, role)
);

-- What was used up of the limits that count by day: invitations of an account, mails to an address.

CREATE TABLE used_today (
    what TEXT NOT NULL,
    day BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (what, day)
)
