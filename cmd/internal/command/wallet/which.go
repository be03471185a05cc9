package wallet

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
)

// which lets a person say which instrument pays; nil where nobody can be asked.
func (w *wallet) which() client.Choose {
	if !w.env.Interactive() {
		return nil
	}
	return func(ctx context.Context, all []client.Choice) (instrument.ID, error) {
		for n, c := range all {
			about, err := w.about(c.With)
			if err != nil {
				return "", err
			}
			w.env.Say("  %d  %s for %s", n+1, about, money(c.Terms.Price))
		}
		text, err := w.env.Ask(ctx, "Pay with which, by its number or name", "say which: --instrument NAME or ID")
		if err != nil {
			return "", cli.Left(err, "nothing was paid")
		}
		return picked(all, text)
	}
}

// about is an instrument in one line, with what is no secret of it.
func (w *wallet) about(i instrument.Instance) (string, error) {
	h := w.shown(i)
	info, err := w.Instruments().Info(i.Class)
	if err != nil {
		return "", err
	}
	var facts []string
	for _, f := range info.Fields {
		var text string
		if json.Unmarshal(h.Fields[f.Name], &text) == nil && text != "" && text != i.Name {
			facts = append(facts, f.Name+" "+text)
		}
	}
	name := i.Name
	if name == "" {
		name = string(i.ID)
	}
	return fault.Line(line(string(i.Class), name, either(len(facts) > 0, "("+strings.Join(facts, ", ")+")", ""))), nil
}

// picked is the pure reading of what the person said.
func picked(all []client.Choice, text string) (instrument.ID, error) {
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(all) {
		return all[n-1].With.ID, nil
	}
	named := slices.DeleteFunc(slices.Clone(all), func(c client.Choice) bool {
		return c.With.Name != text && string(c.With.ID) != text
	})
	switch len(named) {
	case 0:
		return "", cli.Argument(fault.New(fault.Invalid, "%q is none of them: nothing was paid", text).Because("instrument-unknown").
			WithHint("say a number from 1 to %d", len(all)))
	case 1:
		return named[0].With.ID, nil
	}
	return "", cli.Argument(fault.New(fault.Invalid, "%d of them are called %q", len(named), text).Because("name-ambiguous").WithHint("say its number"))
}

// money is a price as a person reads it.
func money(a instrument.Amount) string {
	if a == (instrument.Amount{}) {
		return "no price"
	}
	return a.String()
}
