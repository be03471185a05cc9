package byhand

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Party is a terminal or a bank into which its operator puts what plugins need there.
type Party struct {
	Role comm.Role
	Name string // "terminal"
	Open func(ctx context.Context, use func(context.Context, *house.House) error) error
	// Many says that it has more of its own than anybody wants listed: without a class, only
	// the instruments of plugins are.
	Many bool
	Hint string // how what is its own comes into it
}

// Commands is `instrument` of a party.
func Commands(e *cli.Env, p Party) *cobra.Command {
	return cli.Group("instrument", "Look at what this "+p.Name+" has taken, and put in what its plugins need",
		p.list(e), p.add(e), p.modify(e), p.remove(e))
}

// taken is an instrument that the party has, such as a coupon that was redeemed. Its
// state is the class's own and is not shown.
type taken struct {
	ID     instrument.ID      `json:"id"`
	Class  instrument.ClassID `json:"class"`
	Name   string             `json:"name,omitempty"`
	Status string             `json:"status"`
}

func takenOf(i instrument.Instance) taken { return taken{i.ID, i.Class, i.Name, i.Status} }

func (p Party) list(e *cli.Env) *cobra.Command {
	var class string
	list := &cobra.Command{Use: "list", Short: "List what this " + p.Name + " has taken and knows", Args: cobra.NoArgs}
	list.RunE = func(c *cobra.Command, _ []string) error {
		return p.Open(c.Context(), func(ctx context.Context, h *house.House) error {
			classes := []instrument.ClassID{instrument.ClassID(class)}
			if class == "" && p.Many {
				var err error
				if classes, err = p.brought(h); err != nil {
					return err
				}
			}
			all, rows := []taken{}, [][]string{}
			for _, class := range classes {
				found, err := h.Instruments().List(ctx, instrument.Filter{Class: class})
				if err != nil {
					return err
				}
				for _, i := range found {
					all = append(all, takenOf(i))
					rows = append(rows, []string{string(i.ID), string(i.Class), i.Status, i.Name})
				}
			}
			return e.Table(map[string]any{"instruments": all}, []string{"ID", "CLASS", "STATUS", "NAME"}, rows)
		})
	}
	list.Flags().StringVar(&class, "class", "", "only instruments of this class")
	return list
}

func (p Party) add(e *cli.Env) *cobra.Command {
	var file, name, status string
	c := &cobra.Command{
		Use: "add CLASS [NAME=VALUE …]", Short: "Put in an instrument of a plugin's class, such as a voucher that was sold", Args: cobra.MinimumNArgs(1),
		Long: "Put in an instrument of a class that a plugin of others has brought, such as a\n" +
			"voucher that was sold or a key that the plugin signs with. Its members come from\n" +
			"a JSON file, from arguments, or are asked for. What the class calls secret is\n" +
			"never an argument: it is in the file, or asked for without being shown.",
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		return p.said(c.Context(), e, file, func(ctx context.Context, h *house.House, members map[string]json.RawMessage) error {
			class := instrument.ClassID(args[0])
			if err := p.foreign(h, class); err != nil {
				return err
			}
			self, err := h.Own(ctx)
			if err != nil {
				return err
			}
			i, err := Create(ctx, e, h.Instruments(), instrument.Instance{Class: class, Owner: self.ID, Name: name, Status: status}, members, args[1:])
			if err != nil {
				return err
			}
			return e.Print(takenOf(i), "%s %s added\n", i.ID, i.Name)
		})
	}
	c.Flags().StringVar(&file, "file", "", "`FILE` with a JSON object of members; - for standard input")
	c.Flags().StringVar(&name, "name", "", "what you call it")
	c.Flags().StringVar(&status, "status", "", "with which of the class's first statuses it begins; the first one")
	return c
}

func (p Party) modify(e *cli.Env) *cobra.Command {
	var file, name string
	c := &cobra.Command{
		Use: "modify ID [NAME=VALUE …]", Short: "Change what was said of an instrument of a plugin's class, or its name", Args: cobra.MinimumNArgs(1),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		return p.said(c.Context(), e, file, func(ctx context.Context, h *house.House, members map[string]json.RawMessage) error {
			i, err := p.view(ctx, h, args[0])
			if err != nil {
				return err
			}
			if i, err = Modify(ctx, h.Instruments(), i, name, members, args[1:]); err != nil {
				return err
			}
			return e.Print(takenOf(i), "%s %s changed\n", i.ID, i.Name)
		})
	}
	c.Flags().StringVar(&file, "file", "", "`FILE` with a JSON object of members that change; - for standard input")
	c.Flags().StringVar(&name, "name", "", "what you call it from now on")
	return c
}

func (p Party) remove(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "remove ID", Short: "Give up an instrument of a plugin's class, if the class lets one", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.Open(c.Context(), func(ctx context.Context, h *house.House) error {
				i, err := p.view(ctx, h, args[0])
				if err != nil {
					return err
				}
				return Remove(ctx, e, h.Instruments(), i)
			})
		},
	}
}

// said reads what a person says of an instrument before the party is opened.
func (p Party) said(ctx context.Context, e *cli.Env, file string, use func(context.Context, *house.House, map[string]json.RawMessage) error) error {
	members, err := Read(ctx, e, file)
	if err != nil {
		return err
	}
	defer Wipe(members)
	return p.Open(ctx, func(ctx context.Context, h *house.House) error { return use(ctx, h, members) })
}

// view reads an instrument of a plugin's class.
func (p Party) view(ctx context.Context, h *house.House, id string) (instrument.Instance, error) {
	i, err := h.Instruments().View(ctx, instrument.ID(id))
	if err != nil {
		return i, err
	}
	return i, p.foreign(h, i.Class)
}

// foreign refuses classes that no plugin of others has brought: what the party makes
// itself has a meaning that nobody types.
func (p Party) foreign(h *house.House, class instrument.ClassID) error {
	classes, err := p.brought(h)
	if err != nil || slices.Contains(classes, class) {
		return err
	}
	if _, err := h.Instruments().Info(class); err != nil {
		return err
	}
	return fault.New(fault.Unsupported, "instruments of class %s are not added by hand", class).Because("class-not-addable").WithHint("%s", p.Hint)
}

// brought are the classes that plugins of others have brought.
func (p Party) brought(h *house.House) (classes []instrument.ClassID, err error) {
	listed, err := h.Catalog.List()
	for _, l := range listed {
		for _, c := range l.Description.View(p.Role).Classes {
			classes = append(classes, c.ID)
		}
	}
	return classes, err
}
