package provider

import (
	"errors"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// Command is `swaperoo provider`.
func Command(e *cli.Env) *cobra.Command {
	return cli.Group("provider", "Simulate a card payment provider; no money is behind it",
		serveCommand(e), cli.Group("card", "Test cards of the simulator", cardAdd(e)),
		cli.Group("user", "Who may ask by wallee's web service", userAdd(e)))
}

// settings are the simulator's config.toml.
type settings struct {
	Listen string        `toml:"listen" doc:"Where it listens: host:port; port 0 takes a free one."`
	Delay  time.Duration `toml:"delay" doc:"How late the answer to a card of the behaviour \"timeout\" is."`
}

// read reads the settings of dir, or writes the first ones. Another party's directory
// is refused.
func read(e *cli.Env, dir string) (settings, error) {
	s := settings{Listen: "127.0.0.1:0", Delay: provider.DefaultDelay}
	if err := config.Alone(dir, config.MarkProvider); err != nil {
		return s, err
	}
	path := filepath.Join(dir, "config.toml")
	err := config.Read(path, &s, e.Environ)
	if errors.Is(err, fault.NotFound) {
		if err := config.Write(path, "Settings of a card provider simulator.", &s); err != nil {
			return s, err
		}
		err = config.Read(path, &s, e.Environ)
	}
	return s, err
}

// open opens the simulator's books.
func open(e *cli.Env, dir string, s settings) (*provider.Provider, error) {
	return provider.Open(dir, provider.Options{Clock: time.Now, Delay: s.Delay, Log: e.Log()})
}
