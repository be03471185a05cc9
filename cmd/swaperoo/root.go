package main

import (
	"context"
	"fmt"
	"runtime/debug"

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
		plugin.Command(e), check.Command(e, bank.Party(), terminal.Party(), exchange.Party(), provider.Party(), wallet.Party()), version(e))
	c.SetIn(e.In)
	c.SetOut(e.Out)
	c.SetErr(e.Err)
	strictCompletion(c)
	return c
}

// strictCompletion has cobra's own noun refuse a shell that it does not know, as every
// noun refuses a verb that it does not have: cobra prints help for it and calls that success.
func strictCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.RunE = cli.Group(c.Use, c.Short).RunE
		}
	}
}

// execute runs one command.
func execute(ctx context.Context, e *cli.Env, args []string) error { return e.Run(ctx, root(e), args) }

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
