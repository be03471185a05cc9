-- +goose NO TRANSACTION
-- +goose Up

-- The one exchange of this file. keys is its /keys document without a base URL,
-- every signature in it made at init; master and signing are Ed25519 seeds.
CREATE TABLE exchange (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    currency TEXT    NOT NULL,
    url      TEXT    NOT NULL,
    account  TEXT    NOT NULL,
    protocol INTEGER NOT NULL,
    master   BLOB    NOT NULL,
    signing  BLOB    NOT NULL,
    keys     TEXT    NOT NULL
) STRICT;

-- The private halves of the denominations (PKCS #1).
CREATE TABLE denominations (
    hash    BLOB NOT NULL PRIMARY KEY,
    private BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE reserves (
    pub     BLOB NOT NULL PRIMARY KEY,
    balance TEXT NOT NULL,
    origin  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Each row of money that came in, once. filled is 0 where the reserve had been
-- filled before: that money is not in it.
CREATE TABLE credits (
    source TEXT    NOT NULL CHECK (source IN ('wire', 'hand')),
    row    INTEGER NOT NULL,
    pub    BLOB    NOT NULL,
    amount TEXT    NOT NULL,
    origin TEXT    NOT NULL,
    date   INTEGER NOT NULL,
    filled INTEGER NOT NULL,
    PRIMARY KEY (source, row)
) STRICT, WITHOUT ROWID;

-- Each planchet that was signed, with the answer, for ever.
CREATE TABLE withdrawals (
    ev           BLOB    NOT NULL PRIMARY KEY,
    reserve      BLOB    NOT NULL REFERENCES reserves (pub),
    denomination BLOB    NOT NULL REFERENCES denominations (hash),
    amount       TEXT    NOT NULL, -- with the fee
    reserve_sig  BLOB    NOT NULL,
    signature    BLOB    NOT NULL,
    date         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where the first shard of the bank's history begins that is not done.
CREATE TABLE shard (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    start INTEGER NOT NULL
) STRICT;
INSERT INTO shard VALUES (1, 0);

CREATE TABLE gateway (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    url      TEXT NOT NULL,
    user     TEXT NOT NULL,
    password TEXT NOT NULL
) STRICT;
