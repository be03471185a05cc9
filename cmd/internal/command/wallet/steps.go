package wallet

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// steps takes the steps of one session.
type steps struct {
	w     *wallet
	s     *controller.Session
	asked instrument.Invoice // what the last offers are for
}

// take takes one step. io.EOF: the session is over.
func (s *steps) take(ctx context.Context, text string) error {
	all, err := words(text)
	if err != nil {
		return err
	}
	name, args := all[0], all[1:]
	if name == "close" {
		return cmp.Or(more(name, args), io.EOF)
	}
	if name == "classes" {
		return s.classes(ctx, args)
	}
	known := map[string]func(context.Context, instrument.ClassID, []string) error{
		"protocols": only(s.protocols), "select": s.selects, "operations": only(s.operations), "instruments": only(s.instruments), "execute": s.execute,
	}
	f, ok := known[name]
	if !ok {
		return cli.Argument(fault.New(fault.Invalid, "there is no step %q", name).Because("step-unknown").
			WithHint("classes, protocols, select, operations, instruments, execute or close"))
	}
	if len(args) == 0 {
		return cli.Argument(fault.New(fault.Invalid, "%s needs a class", name).Because("class-missing").WithHint("`classes` shows those that there are"))
	}
	return f(ctx, instrument.ClassID(args[0]), args[1:])
}

// more refuses what a step has no use for: whoever says it means something by it, as
// two classes at once.
func more(name string, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return cli.Argument(fault.New(fault.Invalid, "%s has no use for %q", name, args[0]).Because("argument-unknown").
		WithHint("one step a line, and one class a step"))
}

// only is a step that wants a class and nothing else.
func only(f func(context.Context, instrument.ClassID) error) func(context.Context, instrument.ClassID, []string) error {
	return func(ctx context.Context, class instrument.ClassID, args []string) error {
		if err := more("this step", args); err != nil {
			return err
		}
		return f(ctx, class)
	}
}

func (s *steps) classes(ctx context.Context, args []string) error {
	inv, err := pairs(args)
	if err != nil {
		return err
	}
	if err := s.paid(ctx, inv, controller.InvoiceRefund); err != nil {
		return err
	}
	offered, err := s.s.InstrumentClasses(ctx, inv)
	if err != nil {
		return err
	}
	s.asked = inv
	out := classes{Classes: []offer{}}
	for _, o := range offered {
		out.Classes = append(out.Classes, offer{o.Class, o.Body.Terms.Price, o.Body.Terms.Text, o.Signed})
	}
	return s.print("classes", out)
}

func (s *steps) protocols(ctx context.Context, class instrument.ClassID) error {
	names, err := s.s.NegotiateProtocol(ctx, class)
	if err != nil {
		return err
	}
	return s.print("protocols", protocols{class, names})
}

// selects refuses names of which none was negotiated: who has mistyped the one that
// they want would get another.
func (s *steps) selects(ctx context.Context, class instrument.ClassID, liked []string) error {
	there := s.s.Negotiated(class)
	known := slices.ContainsFunc(liked, func(name string) bool { return slices.Contains(there, name) })
	if len(liked) > 0 && len(there) > 0 && !known {
		return cli.Argument(fault.New(fault.Unsupported, "%s is no protocol that both have for %s", strings.Join(liked, ", "), class).Because("protocol-unknown").
			WithHint("both have %s", strings.Join(there, ", ")))
	}
	chosen, err := s.s.SelectProtocol(ctx, class, liked)
	if err != nil {
		return err
	}
	if len(liked) > 0 && !slices.Contains(liked, chosen) {
		s.w.env.Say("%s is not used with a %s on this line or for this sum; %s is", strings.Join(liked, ", "), class, chosen)
	}
	return s.print("select", selected{class, chosen})
}

func (s *steps) operations(ctx context.Context, class instrument.ClassID) error {
	ops, err := s.s.AvailableOperations(ctx, class)
	if err != nil {
		return err
	}
	alone, err := s.s.Alone(class)
	if err != nil {
		return err
	}
	out := available{Class: class, Operations: []string{}, Wants: map[string]protocol.Wants{}}
	for _, o := range append(ops, alone...) {
		if slices.Contains(out.Operations, o.Name) {
			continue
		}
		out.Operations = append(out.Operations, o.Name)
		if o.Instruments != protocol.WantsUnsaid {
			out.Wants[o.Name] = o.Instruments
		}
	}
	return s.print("operations", out)
}

func (s *steps) instruments(ctx context.Context, class instrument.ClassID) error {
	found, err := s.s.Instruments(ctx, s.w.User(), class)
	if err != nil {
		return err
	}
	out := owned{Class: class, Instruments: []had{}}
	for _, i := range found {
		out.Instruments = append(out.Instruments, had{i.ID, i.Name, i.Status})
	}
	return s.print("instruments", out)
}

// pairs reads NAME=VALUE arguments.
func pairs(args []string) (instrument.Invoice, error) {
	out := instrument.Invoice{}
	for _, a := range args {
		name, value, ok := strings.Cut(a, "=")
		if !ok || name == "" {
			return nil, cli.Argument(fault.New(fault.Invalid, "%q is not NAME=VALUE", a).Because("argument-malformed"))
		}
		if _, twice := out[name]; twice {
			return nil, cli.Argument(fault.New(fault.Invalid, "%s is said twice", name).Because("argument-repeated"))
		}
		out[name] = value
	}
	return out, nil
}
