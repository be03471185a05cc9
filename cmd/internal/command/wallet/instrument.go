package wallet

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/byhand"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

func instruments(e *cli.Env) *cobra.Command {
	return cli.Group("instrument", "Hold cards, coupons and whatever classes are installed",
		instrumentList(e), instrumentShow(e), instrumentAdd(e), instrumentModify(e), instrumentGive(e), instrumentRemove(e), instrumentCheck(e), instrumentAccept(e))
}

// held is an instrument as it may be shown: without what the class calls secret,
// and without what only the class understands.
type held struct {
	ID     instrument.ID      `json:"id"`
	Class  instrument.ClassID `json:"class"`
	Name   string             `json:"name,omitempty"`
	Status string             `json:"status"`
	// Unchecked is of an instrument out of a backup that is not used yet.
	Unchecked bool                       `json:"unchecked,omitempty"`
	Fields    map[string]json.RawMessage `json:"fields,omitempty"`
}

func (w *wallet) shown(i instrument.Instance) held {
	h := held{ID: i.ID, Class: i.Class, Name: i.Name, Status: i.Status, Fields: map[string]json.RawMessage{}}
	if info, err := w.Instruments().Info(i.Class); err == nil { // else its plugin is gone or left out: nobody knows what is secret
		h.Fields = told(info, i.State)
	}
	return h
}

// told are the members of a state that a person has given and may see. A plugin may
// keep any JSON as a state, also such that has no members.
func told(info instrument.Info, state json.RawMessage) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	var members map[string]json.RawMessage
	if json.Unmarshal(state, &members) != nil {
		return out
	}
	for _, f := range info.Fields {
		if value, ok := members[f.Name]; ok && !f.Secret {
			out[f.Name] = value
		}
	}
	return out
}

func instrumentList(e *cli.Env) *cobra.Command {
	var class string
	c := &cobra.Command{
		Use: "list", Short: "List the instruments", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, w *wallet, _ []string) error {
			found, err := w.Usable(ctx, w.User(), instrument.Filter{Class: instrument.ClassID(class)})
			if err != nil {
				return err
			}
			m, err := w.mark()
			if err != nil {
				return err
			}
			all, rows := []held{}, [][]string{}
			for _, i := range found {
				if i.Class == controller.ClassPayment { // `operation list` has them
					continue
				}
				h := w.shown(i)
				h.Unchecked = slices.Contains(m.Unchecked, i.ID)
				all = append(all, h)
				rows = append(rows, []string{string(h.ID), string(h.Class), line(h.Status, either(h.Unchecked, "(unchecked)", "")), h.Name})
			}
			return e.Table(map[string]any{"instruments": all}, []string{"ID", "CLASS", "STATUS", "NAME"}, rows)
		}),
	}
	c.Flags().StringVar(&class, "class", "", "only instruments of this class")
	return c
}

func instrumentShow(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show an instrument without its secrets", Args: cobra.ExactArgs(1),
		RunE: with(e, looking, func(ctx context.Context, w *wallet, args []string) error {
			i, err := w.find(ctx, args[0])
			if err != nil {
				return err
			}
			h := w.shown(i)
			rows := [][]string{{"id", string(h.ID)}, {"class", string(h.Class)}, {"name", h.Name}, {"status", h.Status}}
			if info, err := w.Instruments().Info(i.Class); err == nil {
				for _, f := range info.Fields {
					text := strings.Trim(string(h.Fields[f.Name]), `"`)
					if f.Secret {
						text = "(secret)"
					}
					rows = append(rows, []string{f.Name, text})
				}
			}
			return e.Table(h, []string{"", ""}, rows)
		}),
	}
}

// find reads an instrument of this user by its id, the end of its id, or its
// name; an ambiguous one is refused.
func (w *wallet) find(ctx context.Context, text string) (instrument.Instance, error) {
	all, err := w.Usable(ctx, w.User(), instrument.Filter{})
	if err != nil {
		return instrument.Instance{}, err
	}
	var found []instrument.Instance
	for _, i := range all {
		if i.ID == instrument.ID(text) {
			return w.Instruments().View(ctx, i.ID) // which looks at more than a list
		}
		if i.Class == controller.ClassPayment {
			continue
		}
		if i.Name == text || len(text) >= 4 && strings.HasSuffix(string(i.ID), text) {
			found = append(found, i)
		}
	}
	removed := func(i instrument.Instance) bool { return i.Status == byhand.StatusRemoved }
	if kept := slices.DeleteFunc(slices.Clone(found), removed); len(kept) > 0 { // another may have been given its name since
		found = kept
	}
	switch len(found) {
	case 0:
		return instrument.Instance{}, fault.New(fault.NotFound, "this wallet has no instrument %q", text).Because("instrument-unknown").
			WithHint("`wallet instrument list` shows those that it has")
	case 1:
		return w.Instruments().View(ctx, found[0].ID)
	}
	return instrument.Instance{}, cli.Argument(fault.New(fault.Invalid, "%d instruments are called %q", len(found), text).Because("name-ambiguous").
		WithHint("name it by its id"))
}

func instrumentRemove(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "remove ID", Short: "Give an instrument up", Args: cobra.ExactArgs(1),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			i, err := w.find(ctx, args[0])
			if err != nil {
				return err
			}
			if i.Class == client.ClassExchange {
				if err := w.giveUp(ctx, i.Name); err != nil {
					return err
				}
				return e.Print(map[string]string{"id": string(i.ID), "event": "removed"}, "%s removed\n", i.ID)
			}
			if err := w.notAgents(i, "give it up"); err != nil { // no limit counts what is thrown away
				return err
			}
			return byhand.Remove(ctx, e, w.Instruments(), i)
		}),
	}
}

// notAgents refuses to an agent what only the owner of an instrument does with it.
func (w *wallet) notAgents(i instrument.Instance, what string) error {
	if u := w.User(); u.Kind != profile.Agent || i.Owner == u.ID {
		return nil
	}
	return fault.New(fault.Denied, "the %s %s is not the agent's own: it uses it, and does not %s", i.Class, i.ID, what).Because("not-owner").
		WithHint("whoever has it does that")
}
