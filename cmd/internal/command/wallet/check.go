package wallet

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// verdict is what came of the check of one instrument.
type verdict struct {
	ID      instrument.ID      `json:"id"`
	Class   instrument.ClassID `json:"class"`
	Checked bool               `json:"checked"`
	Why     string             `json:"why,omitempty"` // not
}

// instrumentCheck asks issuers. What they do not confirm stays as it is.
func instrumentCheck(e *cli.Env) *cobra.Command {
	c := &cobra.Command{
		Use: "check [ID …]", Short: "Ask their issuers whether restored instruments are as the backup says", Args: cobra.ArbitraryArgs,
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			marked, err := w.marked(ctx, args)
			if err != nil {
				return err
			}
			all, rows := []verdict{}, [][]string{}
			for _, i := range marked {
				v := verdict{ID: i.ID, Class: i.Class}
				if v.Why, err = w.Checks(ctx, i); err != nil {
					v.Why = fault.From(err).Message
				}
				if v.Checked = v.Why == ""; v.Checked {
					if err := w.accept(i.ID); err != nil {
						return err
					}
				}
				all = append(all, v)
				rows = append(rows, []string{string(v.ID), string(v.Class), either(v.Checked, "checked", "not checked"), v.Why})
			}
			if err := e.Table(map[string]any{"instruments": all}, []string{"ID", "CLASS", "", "WHY"}, rows); err != nil {
				return err
			}
			if slices.ContainsFunc(all, func(v verdict) bool { return !v.Checked }) {
				e.Say("What is not checked stays unused. `wallet instrument accept ID` takes one as it is.")
			}
			return nil
		}),
	}
	return c
}

func instrumentAccept(e *cli.Env) *cobra.Command {
	var every bool
	c := &cobra.Command{
		Use: "accept [ID …]", Short: "Take restored instruments as they are, without a check", Args: cobra.ArbitraryArgs,
		RunE: with(e, looking, func(ctx context.Context, w *wallet, args []string) error {
			if every != (len(args) == 0) {
				return cli.Usage("name the instruments, or say --all")
			}
			marked, err := w.marked(ctx, args)
			if err != nil {
				return err
			}
			ids := make([]instrument.ID, len(marked))
			for n, i := range marked {
				if err := w.notAgents(i, "take it as it is"); err != nil { // it may have been used since the backup
					return err
				}
				ids[n] = i.ID
			}
			if err := w.accept(ids...); err != nil {
				return err
			}
			return e.Print(map[string]any{"accepted": ids}, "Accepted as they are: %s.\n", fault.Count(len(ids), "instrument"))
		}),
	}
	c.Flags().BoolVar(&every, "all", false, "all that are unchecked and yours")
	return c
}

// marked are the instruments of this user that are not checked: those that are
// named, or all.
func (w *wallet) marked(ctx context.Context, names []string) ([]instrument.Instance, error) {
	m, err := w.mark()
	if err != nil {
		return nil, err
	}
	var all []instrument.Instance
	if len(names) == 0 {
		if all, err = w.Usable(ctx, w.User(), instrument.Filter{}); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		i, err := w.find(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return slices.DeleteFunc(all, func(i instrument.Instance) bool { return !slices.Contains(m.Unchecked, i.ID) }), nil
}

func (w *wallet) accept(ids ...instrument.ID) error {
	_, err := w.house.Files().Unmark(func(id instrument.ID) bool { return slices.Contains(ids, id) }, func(instrument.OperationID) bool { return false })
	return err
}
