package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
)

// Run runs one command of a tree. What fails before its own code begins is wrong
// usage: an unknown command or flag, a missing argument.
func (e *Env) Run(ctx context.Context, c *cobra.Command, args []string) error {
	begun := false
	c.PersistentPreRun = func(*cobra.Command, []string) { begun = true }
	c.SilenceUsage, c.SilenceErrors = true, true
	c.SetArgs(args)
	err := c.ExecuteContext(ctx)
	if err != nil && !begun {
		e.JSON = e.JSON || slices.Contains(args, "--json") // the flags may not have been read so far
		return Usage("%s", err)
	}
	return err
}
