package house

import (
	"context"
	"os"
	"path/filepath"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/instrument"
)

// hasStore reports whether there is a database that is not empty.
func (f Files) hasStore() bool {
	info, err := os.Stat(f.Store())
	return err == nil && info.Size() > 0
}

// opened reports whether a directory without a vault has a database that was opened with
// one before. An interrupted restore or init leaves no such database.
func (f Files) opened() bool {
	_, err := os.Stat(f.Lives())
	return err == nil && f.hasStore()
}

// lostVault reports whether a directory without a vault has the database of a party. The
// database of an interrupted init is none: it knows nobody but the party itself. One that
// cannot be read is taken for a party's.
func (f Files) lostVault() bool {
	switch {
	case !f.hasStore():
		return false
	case f.opened():
		return true
	}
	ctx := context.Background()
	db, err := store.Open(ctx, f.Store(), store.Options{})
	if err != nil {
		return true
	}
	defer func() { _ = db.Close() }()
	known, err := db.Principals(ctx, "")
	if err != nil {
		return true
	}
	for _, p := range known {
		if p.ID != Self {
			return true
		}
	}
	rows, err := db.Rows(ctx, instrument.Filter{Limit: 1})
	return err != nil || len(rows) > 0
}

// reasonWithoutVault marks a party whose vault is missing.
const reasonWithoutVault fault.Reason = "vault-missing"

// withoutVault refuses a party whose vault is missing: under another vault nobody could
// read its database any more.
func (f Files) withoutVault(kind fault.Kind) error {
	return fault.New(kind, "the vault of the party in %s is missing", f.Dir).Because(reasonWithoutVault).
		WithHint("put %s back; if it is lost, `restore` makes the party anew out of a backup, in an empty directory", filepath.Base(f.Vault()))
}
