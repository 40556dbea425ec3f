-- Who deletes an account holds this row, so that the last account stays. The activity needs no row of its own: each account's is under
-- the lock of the account.

INSERT INTO counters (name, value) VALUES ('account_deletions', 0);

DELETE FROM counters WHERE name = 'activity';

-- A domain is forgotten without looking through everybody's invitations.

CREATE INDEX invitation_roles_by_domain ON invitation_roles (domain)
