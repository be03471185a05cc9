package config

import (
	"os"
	"path/filepath"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Files by which a directory is known to hold a party of some kind.
const (
	MarkVault    = "vault.json"  // a bank, terminal or wallet
	MarkExchange = "exchange.db" // a sandbox exchange
	MarkProvider = "provider.db" // a card provider simulator
)

// Alone refuses a directory that holds a party of another kind than the one that
// has the mark own: the two would read one config.toml, and neither could go on.
func Alone(dir, own string) error {
	for _, mark := range []struct{ file, party string }{
		{MarkVault, "a bank, terminal or wallet"}, {MarkExchange, "an exchange"}, {MarkProvider, "a card provider"},
	} {
		if mark.file == own {
			continue
		}
		if _, err := os.Lstat(filepath.Join(dir, mark.file)); err == nil {
			return fault.New(fault.Conflict, "%s holds %s already", dir, mark.party).Because("dir-taken").
				WithHint("choose another --dir: each party has a directory of its own")
		}
	}
	return nil
}
