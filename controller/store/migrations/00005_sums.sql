-- +goose Up
-- +goose StatementBegin

-- What an account has spent is added up in the writer, while all others wait for it:
-- from the index alone, without a look at each row.
DROP INDEX spendings_by_account;
CREATE INDEX spendings_by_account ON spendings (account, currency, time, class, value, fraction);
-- +goose StatementEnd
