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

// leaveOutPipes takes the commands out of the settings of a wallet that was restored, and returns
// them. Settings that cannot be read start nothing: each command says what is wrong with them.
func leaveOutPipes(f house.Files) ([]string, error) {
	s := settings{ClearLines: []string{}}
	if err := config.ReadIfThere(f.Config(), &s, func(string) string { return "" }); err != nil || len(s.Pipes) == 0 {
		return nil, nil
	}
	out := s.Pipes
	s.Pipes = []string{}
	return out, config.Write(f.Config(), "The settings of a wallet that was restored.", &s)
}
