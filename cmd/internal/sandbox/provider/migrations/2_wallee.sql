-- +goose NO TRANSACTION
-- +goose Up

-- Who asks by wallee's web service. The simulator holds their keys to check MACs.
CREATE TABLE users (
    number INTEGER PRIMARY KEY,
    space  INTEGER NOT NULL,
    secret BLOB    NOT NULL
) STRICT;

-- space: the merchant's, 0 for payments that wallee's service does not show.
-- stage: the state there, if it says more than state; '' otherwise.
ALTER TABLE payments ADD COLUMN space INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN stage TEXT NOT NULL DEFAULT '';

-- number: what wallee's service calls it.
ALTER TABLE refunds ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
