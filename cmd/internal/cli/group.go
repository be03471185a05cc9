package cli

import (
	"github.com/spf13/cobra"
)

// Group is a noun: a command that does nothing itself and names those that do.
// A verb that it does not have is a usage fault.
func Group(use, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(verbs...)
	return c
}

// Require is a usage fault that names the first flag that was not given.
func Require(c *cobra.Command, flags ...string) error {
	for _, name := range flags {
		if f := c.Flags().Lookup(name); f == nil || f.Value.String() == "" {
			return Usage("%s needs --%s", c.CommandPath(), name)
		}
	}
	return nil
}
