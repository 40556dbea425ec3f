-- When a principal of an account, and each of its API keys, has authenticated last, and how often: of a principal itself, the
-- subject is the holder. Nodes add up what each has counted; a
-- row is no change that another node must learn of.

CREATE TABLE activity (
    account TEXT NOT NULL,
    holder TEXT NOT NULL,
    subject TEXT NOT NULL,
    last_at BIGINT NOT NULL,
    times BIGINT NOT NULL,
    PRIMARY KEY (account, holder, subject)
);

-- Who adds to the table or deletes of it holds this one.

INSERT INTO counters (name, value) VALUES ('activity', 0);
