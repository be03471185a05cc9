-- +goose Up
-- +goose StatementBegin

-- One row for each instrument instance. Name, keys and state are in sealed.
CREATE TABLE instances (
    id      TEXT    NOT NULL PRIMARY KEY,
    class   TEXT    NOT NULL,
    owner   TEXT    NOT NULL,
    status  TEXT    NOT NULL,
    version INTEGER NOT NULL,
    lease   TEXT,             -- the operation that holds it; NULL: free
    sealed  BLOB
) STRICT;
CREATE INDEX instances_by_owner  ON instances (owner, class, id);
CREATE INDEX instances_by_status ON instances (class, status, id);
CREATE INDEX instances_by_lease  ON instances (lease) WHERE lease IS NOT NULL;

-- The unique keys that instances claim, as keyed hashes.
CREATE TABLE instance_keys (
    class TEXT NOT NULL,
    name  TEXT NOT NULL,
    blind BLOB NOT NULL,
    id    TEXT NOT NULL REFERENCES instances (id),
    PRIMARY KEY (class, name, blind)
) STRICT, WITHOUT ROWID;

-- The journal, stored in the order in which it is read.
CREATE TABLE journal (
    topic    TEXT    NOT NULL,
    seq      INTEGER NOT NULL CHECK (seq > 0),
    time     INTEGER, -- ns since 1970
    class    TEXT    NOT NULL,
    status   TEXT    NOT NULL,
    instance TEXT    NOT NULL,
    sealed   BLOB,
    PRIMARY KEY (topic, seq)
) STRICT, WITHOUT ROWID;

-- Operations; number is the order in which this store saw them begin.
CREATE TABLE operations (
    number    INTEGER NOT NULL PRIMARY KEY,
    id        TEXT    NOT NULL UNIQUE,
    side      TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    protocol  TEXT    NOT NULL,
    operation TEXT    NOT NULL,
    class     TEXT    NOT NULL,
    principal TEXT    NOT NULL,
    peer      TEXT    NOT NULL,
    runner    TEXT    NOT NULL,
    digest    BLOB,
    begun     INTEGER, -- ns since 1970
    ended     INTEGER,
    sealed    BLOB
) STRICT;
CREATE INDEX operations_open ON operations (state, runner) WHERE state <> 'ended';

CREATE TABLE principals (
    id       TEXT    NOT NULL PRIMARY KEY,
    kind     TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    login    TEXT    CONSTRAINT login UNIQUE, -- NULL: cannot log in
    token    BLOB,
    disabled INTEGER NOT NULL,
    limits   TEXT    NOT NULL, -- JSON
    facts    TEXT    NOT NULL, -- JSON
    created  INTEGER -- ns since 1970
) STRICT;

CREATE TABLE peers (
    name      TEXT NOT NULL PRIMARY KEY,
    role      TEXT NOT NULL,
    key       TEXT NOT NULL,
    addresses TEXT NOT NULL, -- JSON
    pnp       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- +goose StatementEnd
