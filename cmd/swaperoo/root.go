package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/check"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/bank"
	"github.com/swaperoo/swaperoo/cmd/internal/command/bench"
	"github.com/swaperoo/swaperoo/cmd/internal/command/demo"
	"github.com/swaperoo/swaperoo/cmd/internal/command/exchange"
	"github.com/swaperoo/swaperoo/cmd/internal/command/plugin"
	"github.com/swaperoo/swaperoo/cmd/internal/command/provider"
	"github.com/swaperoo/swaperoo/cmd/internal/command/terminal"
	"github.com/swaperoo/swaperoo/cmd/internal/command/wallet"
)

// root is the tree of commands: noun first, then verb.
func root(e *cli.Env) *cobra.Command {
	c := cli.Group("swaperoo", "A wallet for every kind of money, and a bank and terminal to go with it")
	c.SilenceUsage, c.SilenceErrors = true, true
	e.Flags(c)
	asked := c.Flags().Bool("version", false, "say which version this is")
	help := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if *asked {
			return sayVersion(e)
		}
		return help(c, args)
	}
	c.AddCommand(demo.Command(e), wallet.Command(e), terminal.Command(e), bank.Command(e), provider.Command(e), exchange.Command(e), bench.Command(e),
		plugin.Command(e), check.Command(e, bank.Party(), terminal.Party(), exchange.Party(), wallet.Party()), version(e))
	c.SetIn(e.In)
	c.SetOut(e.Out)
	c.SetErr(e.Err)
	return c
}

// execute runs one command. What fails before its own code begins is wrong usage:
// an unknown command or flag, a missing argument.
func execute(ctx context.Context, e *cli.Env, args []string) error {
	c := root(e)
	begun := false
	c.PersistentPreRun = func(*cobra.Command, []string) { begun = true }
	c.SetArgs(args)
	err := c.ExecuteContext(ctx)
	if err != nil && !begun {
		e.JSON = e.JSON || slices.Contains(args, "--json") // the flags may not have been read so far
		return cli.Usage("%s", err)
	}
	return err
}

func version(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which version this is", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return sayVersion(e) },
	}
}

func sayVersion(e *cli.Env) error {
	v := struct {
		Version string `json:"version"`
		Commit  string `json:"commit,omitempty"`
		Go      string `json:"go"`
	}{Version: "unknown"}
	if b, ok := debug.ReadBuildInfo(); ok {
		v.Version, v.Go = b.Main.Version, b.GoVersion
		for _, s := range b.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	return e.Print(v, "%s", fmt.Sprintln("swaperoo", v.Version, v.Commit, v.Go))
}
