-- The account that a delegated token and its successors are for, whatever its login is renewed for. One made before stays with its
-- login's.

ALTER TABLE refresh_tokens ADD COLUMN delegated_for TEXT
