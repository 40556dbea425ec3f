-- What happened in a domain, as Graphite's events. The tags are kept as they were sent: how they are shown and how they are found
-- differs. Their number is of the domain alone, so that it tells nothing of others.

CREATE TABLE events (
    tenant BIGINT NOT NULL REFERENCES domains (tenant),
    number BIGINT NOT NULL,
    happened_at BIGINT NOT NULL,
    what TEXT NOT NULL,
    tags TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (tenant, number)
);

CREATE INDEX events_by_time ON events (tenant, happened_at, number);

-- How many numbers a domain has given, and how many of its events are kept.

CREATE TABLE event_counts (
    tenant BIGINT PRIMARY KEY REFERENCES domains (tenant),
    account TEXT NOT NULL,
    given BIGINT NOT NULL,
    kept BIGINT NOT NULL
);

CREATE INDEX event_counts_by_account ON event_counts (account)
