package cli

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Run runs one command of a tree. What fails before its own code begins is wrong
// usage: an unknown command or flag, a missing argument.
func (e *Env) Run(ctx context.Context, c *cobra.Command, args []string) error {
	begun := false
	c.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		if err := filled(c); err != nil {
			return err
		}
		if err := c.ValidateFlagGroups(); err != nil { // cobra asks this only behind us
			return err
		}
		begun = true
		return nil
	}
	c.SilenceUsage, c.SilenceErrors = true, true
	c.SetArgs(args)
	called, err := c.ExecuteContextC(ctx)
	if err != nil && !begun {
		e.JSON = e.JSON || slices.ContainsFunc(args, asksForJSON) // the flags may not have been read so far
		return misused(called, err)
	}
	return err
}

// misused is the usage fault of a command that its arguments or flags have kept from
// beginning. Where arguments are too few or too many, it shows which there are.
func misused(c *cobra.Command, err error) error {
	var own *fault.Fault
	switch {
	case errors.As(err, &own): // which says itself what is missing
		return own
	case strings.Contains(err.Error(), "arg(s)"):
		_, params, _ := strings.Cut(c.Use, " ")
		return fault.From(Usage("%s", err)).WithHint("it is called as `%s`; see --help", strings.TrimSpace(c.CommandPath()+" "+params))
	}
	return Usage("%s", err)
}

// asksForJSON reports whether an argument is the flag --json, in any way of writing it.
func asksForJSON(arg string) bool {
	name, value, said := strings.Cut(arg, "=")
	on, err := strconv.ParseBool(value)
	return name == "--json" && (!said || err == nil && on)
}

// filled refuses a flag that was given without a value, as a script does whose variable
// is not set, where that would mean something else: the party of this user, a new payment.
func filled(c *cobra.Command) error {
	for _, name := range []string{"dir", "key"} {
		if f := c.Flag(name); f != nil && f.Changed && f.Value.String() == "" {
			return Usage("--%s is empty", name)
		}
	}
	return nil
}
