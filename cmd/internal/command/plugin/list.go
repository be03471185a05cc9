package plugin

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/plugins/host"
)

// plugin is one plugin as scripts read it.
type plugin struct {
	Name      string     `json:"name"`
	Version   string     `json:"version"`
	SHA256    string     `json:"sha256"`
	State     host.State `json:"state"`
	Classes   []string   `json:"classes"`
	Protocols []string   `json:"protocols"`
}

func row(l host.Listed) plugin {
	return plugin{l.Name, l.Version, l.SHA256, l.State, classes(l.Description), protocols(l.Description)}
}

func list(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the plugins of a party", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := catalog(e)
			if err != nil {
				return err
			}
			found, err := listed(c)
			if err != nil {
				return err
			}
			all, rows := []plugin{}, [][]string{}
			for _, l := range found {
				p := row(l)
				all = append(all, p)
				rows = append(rows, []string{p.Name, p.Version, string(p.State), strings.Join(p.Classes, " "), strings.Join(p.Protocols, " ")})
				if l.Remedy != "" {
					e.Say("%s is %s: %s", l.Name, l.State, l.Remedy)
				}
			}
			return e.Table(map[string]any{"plugins": all}, []string{"NAME", "VERSION", "STATE", "CLASSES", "PROTOCOLS"}, rows)
		},
	}
}

func show(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Say what a plugin is and what it may do", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := find(e, args[0])
			if err != nil {
				return err
			}
			shown := struct {
				plugin
				Path       string   `json:"path"`
				May        []string `json:"may"`
				Quarantine string   `json:"quarantine,omitempty"`
				Remedy     string   `json:"remedy,omitempty"`
			}{row(l), l.Path, may(l.Description), l.Quarantine, l.Remedy}
			text := describe(l.Description, l.SHA256) + "\nFile:      " + l.Path + "\nState:     " + string(l.State)
			if l.Remedy != "" {
				text += "; " + l.Remedy
			}
			return e.Print(shown, "%s\n", text)
		},
	}
}

// listed are the plugins of a catalog as its party would find them when it is opened.
func listed(c *host.Catalog) ([]host.Listed, error) {
	all, err := c.List()
	return house.Overlaps(all), err
}

func find(e *cli.Env, name string) (host.Listed, error) {
	c, err := catalog(e)
	if err != nil {
		return host.Listed{}, err
	}
	all, err := listed(c)
	if err != nil {
		return host.Listed{}, err
	}
	return host.Pick(all, name)
}

// enable ends a quarantine. A plugin that is of no use all the same is what the command
// answers: a script would go on with a party that leaves it out.
func enable(e *cli.Env) *cobra.Command {
	return changing(e, "enable NAME", "End the quarantine of a plugin", "enabled", func(c *host.Catalog, name string) error {
		if err := c.Enable(name); err != nil {
			return err
		}
		l, err := find(e, name)
		if err != nil {
			return err
		}
		return l.Unready()
	})
}

func remove(e *cli.Env) *cobra.Command {
	return changing(e, "remove NAME", "Forget a plugin; its file and its instruments stay", "removed", func(c *host.Catalog, name string) error {
		err := c.Remove(name)
		if err == nil { // whether there are any is known to who may open the party
			e.Say("Operations that are under way with it stay open, and keep their instruments, until it is added again or they are abandoned: `operation list` of the party names them.")
		}
		return err
	})
}

func changing(e *cli.Env, use, short, done string, change func(*host.Catalog, string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := catalog(e)
			if err != nil {
				return err
			}
			if err := change(c, args[0]); err != nil {
				return err
			}
			return e.Print(map[string]string{"name": args[0], "event": done}, "%s %s\n", args[0], done)
		},
	}
}
