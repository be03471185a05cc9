-- +goose NO TRANSACTION
-- +goose Up

-- Each reserve that was closed, with the transfer that gives the rest back: decided
-- when it is written, made when sent is a row of the bank's.
CREATE TABLE closings (
    reserve BLOB    NOT NULL PRIMARY KEY REFERENCES reserves (pub),
    amount  TEXT    NOT NULL, -- what is sent: the rest without the fee
    fee     TEXT    NOT NULL,
    account TEXT    NOT NULL,
    uid     BLOB    NOT NULL, -- request_uid
    wtid    BLOB    NOT NULL,
    base    TEXT    NOT NULL, -- exchange_base_url: the same request for ever, wherever it listens by then
    date    INTEGER NOT NULL,
    sent    INTEGER
) STRICT, WITHOUT ROWID;
