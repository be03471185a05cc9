-- +goose Up
-- +goose StatementBegin

-- What is durable of operations that have not ended, one row for each flush;
-- also the last words of ended ones that their peer has not acknowledged.
CREATE TABLE operation_log (
    operation TEXT    NOT NULL,
    n         INTEGER NOT NULL CHECK (n > 0),
    sealed    BLOB    NOT NULL,
    PRIMARY KEY (operation, n)
) STRICT, WITHOUT ROWID;

-- heard: the initiator has said that it has stored the end.
ALTER TABLE operations ADD COLUMN heard INTEGER NOT NULL DEFAULT 0;
CREATE INDEX operations_unheard ON operations (peer, number) WHERE side = 'servicer' AND heard = 0 AND peer <> '';

-- by: the operation that made the change; NULL: the host's own work.
ALTER TABLE journal ADD COLUMN by TEXT;
-- +goose StatementEnd
