package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// Group is a noun: a command that does nothing itself and names those that do.
// A verb that it does not have is a usage fault.
func Group(use, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if f := c.Flag("json"); f != nil && f.Value.String() == "true" { // whoever reads it cannot read help
				return Usage("%s needs a verb: %s", c.CommandPath(), strings.Join(verbsOf(c), ", "))
			}
			return c.Help()
		},
	}
	c.AddCommand(verbs...)
	return c
}

func verbsOf(c *cobra.Command) (names []string) {
	for _, verb := range c.Commands() {
		if verb.IsAvailableCommand() {
			names = append(names, verb.Name())
		}
	}
	return names
}

// Require is a usage fault that names the first flag that was not given, whatever it
// is without.
func Require(c *cobra.Command, flags ...string) error {
	for _, name := range flags {
		if f := c.Flags().Lookup(name); f == nil || !f.Changed || f.Value.String() == "" {
			return Usage("%s needs --%s", c.CommandPath(), name)
		}
	}
	return nil
}
