package wallet

import (
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
)

// settings are the wallet's config.toml, which most wallets do without.
type settings struct {
	Remember   bool     `toml:"remember_negotiations" doc:"keep what was negotiated with a peer for the next sessions with it, until this process ends or the peer's version changes"`
	PNP        string   `toml:"pnp" doc:"how protocols are negotiated in sessions, the same at both sides: pnp.intersect, or pnp.upp, which agrees on classes and protocols in one exchange; empty: pnp.intersect"`
	ClearLines []string `toml:"clear_lines" doc:"lines that run without TLS, such as \"serial-clear:/dev/ttyS0\": nobody proves there who they are"`
	Pipes      []string `toml:"pipes" doc:"commands that peers are reached through, each with the name that an address stdio:NAME has, such as \"shop=ssh shop swaperoo terminal serve --session stdio:-\""`
}

func readSettings(e *cli.Env, f house.Files) (settings, error) {
	var s settings
	err := config.ReadIfThere(f.Config(), &s, e.Environ)
	return s, err
}
