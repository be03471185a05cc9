-- +goose Up
-- +goose StatementBegin

-- An agent's person.
ALTER TABLE principals ADD COLUMN acts_for TEXT NOT NULL DEFAULT '';

-- People are called by name: one who is not disabled has it for himself.
CREATE UNIQUE INDEX principals_by_name ON principals (name)
    WHERE disabled = 0 AND kind IN ('person', 'agent', 'group', 'customer');

-- Who uses the instruments of which group.
CREATE TABLE members (
    team   TEXT NOT NULL, -- the group
    member TEXT NOT NULL,
    limits TEXT NOT NULL, -- JSON
    PRIMARY KEY (team, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_member ON members (member);

-- What counts against the limits of days, months and accounts.
CREATE TABLE spendings (
    operation TEXT    NOT NULL,
    account   TEXT    NOT NULL, -- a principal, or member@group
    class     TEXT    NOT NULL,
    currency  TEXT    NOT NULL,
    value     INTEGER NOT NULL,
    fraction  INTEGER NOT NULL,
    time      INTEGER NOT NULL, -- ns since 1970
    spent     INTEGER NOT NULL, -- 0: reserved
    runner    TEXT    NOT NULL,
    PRIMARY KEY (operation, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX spendings_by_account ON spendings (account, currency, time);
CREATE INDEX spendings_reserved ON spendings (account) WHERE spent = 0;
-- +goose StatementEnd
