// Package plugin is the command line of plugins: which third-party bundles a
// party may start. What is added is pinned by its SHA-256; a changed binary is
// not started.
package plugin

import (
	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/plugins/host"
)

// Command is `swaperoo plugin`.
func Command(e *cli.Env) *cobra.Command {
	return cli.Group("plugin", "Add instrument classes and protocols of others to a party",
		add(e), list(e), show(e), enable(e), remove(e), serve())
}

// files are those of the party that --dir names, by default the wallet.
func files(e *cli.Env) (house.Files, error) {
	dir, err := e.PartyDir("wallet")
	f := house.Files{Dir: dir}
	if err != nil {
		return f, err
	}
	return f, f.Check()
}

func catalog(e *cli.Env) (*host.Catalog, error) {
	f, err := files(e)
	return host.NewCatalog(f.Plugins()), err
}

// serve is what a host runs; main answers it before any command is looked at, so
// this one only says that the name was missing.
func serve() *cobra.Command {
	return &cobra.Command{
		Use: "serve NAME", Hidden: true,
		RunE: func(*cobra.Command, []string) error { return cli.Usage("plugin serve takes the name of one bundle") },
	}
}
