-- How far apart a domain's series have their values, and what several samples become, in the words of Graphite's
-- storage-schemas.conf and storage-aggregation.conf; no text, no rule.

ALTER TABLE domains ADD COLUMN schemas TEXT;

ALTER TABLE domains ADD COLUMN aggregation TEXT
