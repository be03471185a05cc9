package terminal

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/byhand"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

func instruments(e *cli.Env) *cobra.Command {
	return cli.Group("instrument", "Look at what this terminal has taken, and put in what its plugins need",
		instrumentList(e), instrumentAdd(e), instrumentModify(e), instrumentRemove(e))
}

// taken is an instrument that the terminal has, such as a coupon that was
// redeemed. Its state is the class's own and is not shown.
type taken struct {
	ID     instrument.ID      `json:"id"`
	Class  instrument.ClassID `json:"class"`
	Name   string             `json:"name,omitempty"`
	Status string             `json:"status"`
}

func takenOf(i instrument.Instance) taken { return taken{i.ID, i.Class, i.Name, i.Status} }

func instrumentList(e *cli.Env) *cobra.Command {
	var class string
	list := &cobra.Command{
		Use: "list", Short: "List what this terminal has taken and knows", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, t *terminal, _ []string) error {
			found, err := t.Instruments().List(ctx, instrument.Filter{Class: instrument.ClassID(class)})
			if err != nil {
				return err
			}
			all, rows := []taken{}, [][]string{}
			for _, i := range found {
				all = append(all, takenOf(i))
				rows = append(rows, []string{string(i.ID), string(i.Class), i.Status, i.Name})
			}
			return e.Table(map[string]any{"instruments": all}, []string{"ID", "CLASS", "STATUS", "NAME"}, rows)
		}),
	}
	list.Flags().StringVar(&class, "class", "", "only instruments of this class")
	return list
}

func instrumentAdd(e *cli.Env) *cobra.Command {
	var file, name, status string
	c := &cobra.Command{
		Use: "add CLASS [NAME=VALUE …]", Short: "Put in an instrument of a plugin's class, such as a voucher that was sold", Args: cobra.MinimumNArgs(1),
		Long: "Put in an instrument of a class that a plugin of others has brought, such as a\n" +
			"voucher that was sold or a key that the plugin signs with. Its members come from\n" +
			"a JSON file, from arguments, or are asked for. What the class calls secret is\n" +
			"never an argument: it is in the file, or asked for without being shown.",
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		members, err := byhand.Read(c.Context(), e, file)
		if err != nil {
			return err
		}
		defer byhand.Wipe(members)
		return open(c.Context(), e, looking, func(ctx context.Context, t *terminal) error {
			class := instrument.ClassID(args[0])
			if err := t.foreign(class); err != nil {
				return err
			}
			self, err := t.Own(ctx)
			if err != nil {
				return err
			}
			i, err := byhand.Create(ctx, e, t.Instruments(), instrument.Instance{Class: class, Owner: self.ID, Name: name, Status: status}, members, args[1:])
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

func instrumentModify(e *cli.Env) *cobra.Command {
	var file, name string
	c := &cobra.Command{
		Use: "modify ID [NAME=VALUE …]", Short: "Change what was said of an instrument of a plugin's class, or its name", Args: cobra.MinimumNArgs(1),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		members, err := byhand.Read(c.Context(), e, file)
		if err != nil {
			return err
		}
		defer byhand.Wipe(members)
		return open(c.Context(), e, looking, func(ctx context.Context, t *terminal) error {
			i, err := t.Instruments().View(ctx, instrument.ID(args[0]))
			if err != nil {
				return err
			}
			if err := t.foreign(i.Class); err != nil {
				return err
			}
			if i, err = byhand.Modify(ctx, t.Instruments(), i, name, members, args[1:]); err != nil {
				return err
			}
			return e.Print(takenOf(i), "%s %s changed\n", i.ID, i.Name)
		})
	}
	c.Flags().StringVar(&file, "file", "", "`FILE` with a JSON object of members that change; - for standard input")
	c.Flags().StringVar(&name, "name", "", "what you call it from now on")
	return c
}

// foreign refuses classes that no plugin of others has brought: what this terminal
// makes itself has a meaning that nobody types.
func (t *terminal) foreign(class instrument.ClassID) error {
	listed, err := t.house.Catalog.List()
	if err != nil {
		return err
	}
	for _, l := range listed {
		if slices.ContainsFunc(l.Description.View(comm.Vendor).Classes, func(c instrument.Info) bool { return c.ID == class }) {
			return nil
		}
	}
	if _, err := t.Instruments().Info(class); err != nil {
		return err
	}
	return fault.New(fault.Unsupported, "instruments of class %s are not added by hand", class).Because("class-not-addable").
		WithHint("`terminal provider add` makes a provider known; the terminal makes the rest itself")
}

func instrumentRemove(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "remove ID", Short: "Give up an instrument of a plugin's class, if the class lets one", Args: cobra.ExactArgs(1),
		RunE: with(e, looking, func(ctx context.Context, t *terminal, args []string) error {
			i, err := t.Instruments().View(ctx, instrument.ID(args[0]))
			if err != nil {
				return err
			}
			if err := t.foreign(i.Class); err != nil {
				return err
			}
			return byhand.Remove(ctx, e, t.Instruments(), i)
		}),
	}
}
