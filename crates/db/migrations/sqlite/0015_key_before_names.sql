-- Whether senders to a domain may write an API key before each name, which crosses the network as often as a line does.

ALTER TABLE domains ADD COLUMN key_before_names INTEGER NOT NULL DEFAULT 0
