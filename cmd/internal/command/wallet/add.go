package wallet

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/byhand"
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

// add adds an instrument whose members are given in a file and by arguments.
func (w *wallet) add(ctx context.Context, want instrument.Instance, members map[string]json.RawMessage, args []string) error {
	i, err := byhand.Create(ctx, w.env, w.Instruments(), want, members, args)
	if err != nil {
		return err
	}
	h := w.shown(i)
	return w.env.Print(h, "%s %s added\n", h.ID, h.Name)
}
