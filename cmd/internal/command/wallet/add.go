package wallet

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/byhand"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
)

func instrumentAdd(e *cli.Env) *cobra.Command {
	var file, name, group string
	c := &cobra.Command{
		Use: "add CLASS [NAME=VALUE …]", Short: "Add an instrument of any installed class", Args: cobra.MinimumNArgs(1),
		Long: "Add an instrument of any installed class. Its members come from a JSON file, from\n" +
			"arguments, or are asked for. What the class calls secret is never an argument:\n" +
			"it is in the file, or asked for without being shown.",
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		members, err := byhand.Read(c.Context(), e, file)
		if err != nil {
			return err
		}
		defer byhand.Wipe(members)
		return open(c.Context(), e, looking, func(ctx context.Context, w *wallet) error {
			owner, err := w.ownerOf(ctx, group)
			if err != nil {
				return err
			}
			return w.add(ctx, instrument.Instance{Class: instrument.ClassID(args[0]), Owner: owner, Name: name}, members, args[1:])
		})
	}
	c.Flags().StringVar(&file, "file", "", "`FILE` with a JSON object of members; - for standard input")
	c.Flags().StringVar(&name, "name", "", "what you call it")
	c.Flags().StringVar(&group, "group", "", "the group that it belongs to, instead of you")
	return c
}

func instrumentModify(e *cli.Env) *cobra.Command {
	var file, name string
	c := &cobra.Command{
		Use: "modify ID [NAME=VALUE …]", Short: "Change what you said of an instrument, or its name", Args: cobra.MinimumNArgs(1),
		Long: "Change what was said of an instrument when it was added, such as a sum that was\n" +
			"mistyped, or what you call it. Secrets come from a file, as with `instrument add`.\n" +
			"What makes the instrument unique stays, such as the code of a coupon.",
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		members, err := byhand.Read(c.Context(), e, file)
		if err != nil {
			return err
		}
		defer byhand.Wipe(members)
		return open(c.Context(), e, looking, func(ctx context.Context, w *wallet) error {
			i, err := w.find(ctx, args[0])
			if err != nil {
				return err
			}
			if i.Class == client.ClassExchange {
				return fault.New(fault.Conflict, "an exchange is not changed by hand").Because("move-refused").WithHint("`wallet exchange` has what can be done with it")
			}
			if err := w.notAgents(i, "change it"); err != nil {
				return err
			}
			if i, err = byhand.Modify(ctx, w.Instruments(), i, name, members, args[1:]); err != nil {
				return err
			}
			h := w.shown(i)
			return e.Print(h, "%s %s changed\n", h.ID, h.Name)
		})
	}
	c.Flags().StringVar(&file, "file", "", "`FILE` with a JSON object of members that change; - for standard input")
	c.Flags().StringVar(&name, "name", "", "what you call it from now on")
	return c
}

// add adds an instrument whose members are given in a file and by arguments.
func (w *wallet) add(ctx context.Context, want instrument.Instance, members map[string]json.RawMessage, args []string) error {
	i, err := byhand.Create(ctx, w.env, w.Instruments(), want, members, args)
	if err != nil {
		return err
	}
	h := w.shown(i)
	return w.env.Print(h, "%s %s added\n", h.ID, h.Name)
}
