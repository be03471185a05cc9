-- +goose Up
-- +goose StatementBegin

-- Numbers of the journal that are given to nobody: from first up to next, which is
-- the next one that is given.
CREATE TABLE skips (
    topic TEXT    NOT NULL,
    first INTEGER NOT NULL CHECK (first > 0),
    next  INTEGER NOT NULL CHECK (next > first),
    PRIMARY KEY (topic, first)
) STRICT, WITHOUT ROWID;
-- +goose StatementEnd
