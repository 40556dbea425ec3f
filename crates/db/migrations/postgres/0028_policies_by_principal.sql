-- The policies of one principal in one account are found by both: a person may have policies in many accounts.

DROP INDEX policies_by_principal;

CREATE INDEX policies_by_principal ON policies (principal, account)
