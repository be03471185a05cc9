-- +goose NO TRANSACTION
-- +goose Up

-- Test cards. The simulator holds their keys as a card company does.
CREATE TABLE cards (
    account   TEXT NOT NULL PRIMARY KEY,
    brand     TEXT NOT NULL,
    last4     TEXT NOT NULL,
    secret    BLOB NOT NULL,
    behaviour TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- request is the hash of what was asked, to tell a repetition from another
-- request under the same key.
CREATE TABLE payments (
    number    INTEGER PRIMARY KEY, -- the order in which they were made
    id        TEXT    NOT NULL UNIQUE,
    key       TEXT    UNIQUE,
    request   BLOB    NOT NULL,
    amount    TEXT    NOT NULL,
    reference TEXT    NOT NULL,
    merchant  TEXT    NOT NULL,
    brand     TEXT    NOT NULL,
    last4     TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    made      INTEGER NOT NULL
) STRICT;
CREATE INDEX payments_by_reference ON payments (reference, number);

-- The counters that each card has used.
CREATE TABLE authorisations (
    account TEXT    NOT NULL REFERENCES cards (account),
    counter INTEGER NOT NULL,
    payment TEXT    NOT NULL REFERENCES payments (id),
    PRIMARY KEY (account, counter)
) STRICT, WITHOUT ROWID;

CREATE TABLE refunds (
    external_id TEXT    NOT NULL PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    payment     TEXT    NOT NULL REFERENCES payments (id),
    amount      TEXT    NOT NULL,
    made        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX refunds_by_payment ON refunds (payment);
