package plugin

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/host"
)

func add(e *cli.Env) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "add PATH", Short: "Look at a plugin's binary, ask, and pin it", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return adding(c.Context(), e, args[0], yes) },
	}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

func adding(ctx context.Context, e *cli.Env, path string, yes bool) error {
	f, err := files(e)
	if err != nil {
		return err
	}
	seen, err := inspect(ctx, e, f, path)
	if err != nil {
		return err
	}
	c := host.NewCatalog(f.Plugins())
	if err := fits(c, seen.Description); err != nil {
		return err
	}
	e.Say("%s", describe(seen.Description, seen.SHA256))
	if !yes {
		yes, err = e.Yes(ctx, "Add this plugin?", "look at what it is, then repeat with --yes")
		if err != nil {
			return err
		}
		if !yes {
			return fault.New(fault.Declined, "the plugin was not added").Because("not-agreed")
		}
	}
	added, err := c.Add(path, seen)
	if err != nil {
		return err
	}
	return e.Print(row(host.Listed{Entry: added, State: host.Ready}), "%s %s added\n", added.Name, added.Version)
}

// inspect starts the binary once, as a host does, and asks it what it is. What is
// wrong with it is the command's answer; the log is for those who want to see more.
func inspect(ctx context.Context, e *cli.Env, f house.Files, path string) (host.Inspected, error) {
	log := slog.New(slog.DiscardHandler)
	if e.Verbose {
		log = e.Log()
	}
	h, err := host.New(host.Options{Dir: f.Run(), Log: log, Clock: time.Now})
	if err != nil {
		return host.Inspected{}, err
	}
	defer func() { _ = h.Close(context.WithoutCancel(ctx)) }()
	seen, err := h.Inspect(ctx, host.Source{Path: path})
	switch reason := fault.ReasonOf(err); {
	case reason == "plugin-start" && !e.Verbose:
		err = fault.From(err).WithHint("is %s a plugin? -v shows all that it wrote", path)
	case reason == "plugin-missing" && errors.Is(err, fs.ErrNotExist): // it was never there, so no plugin has failed
		err = fault.Wrap(err, fault.NotFound, "there is no file %s", path).Because(reason).WithHint("name the file of the plugin")
	case reason == "plugin-missing":
		err = cli.Argument(fault.Wrap(err, fault.Invalid, "%s", fault.From(err).Message).Because(reason).WithHint("name the file of the plugin"))
	}
	return seen, err
}

// fits refuses a plugin beside which the party, of whatever role, could not be opened
// any more.
func fits(c *host.Catalog, d api.Description) error {
	listed, err := c.List()
	if err != nil {
		return err
	}
	there := house.Described()
	for _, l := range listed {
		there = append(there, l.Description)
	}
	return house.Fits(there, d, api.Roles()...)
}
