package wallet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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
	w *wallet
	s *controller.Session
}

// step is what one says of itself, as a line of JSON or to a person.
type step interface{ lines() []string }

// print writes a step. What others have said in it may have numbers that are larger than
// ours: they stay as they are.
func (s *steps) print(name string, v step) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "a step cannot be written as JSON")
	}
	var members map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&members); err != nil {
		return fault.Wrap(err, fault.Internal, "a step cannot be written as JSON")
	}
	members["step"] = name
	return s.w.env.Print(members, "%s\n", strings.Join(v.lines(), "\n"))
}

// take takes one step. io.EOF: the session is over.
func (s *steps) take(ctx context.Context, text string) error {
	all, err := words(text)
	if err != nil {
		return err
	}
	name, args := all[0], all[1:]
	if name == "close" {
		return io.EOF
	}
	if name == "classes" {
		return s.classes(ctx, args)
	}
	known := map[string]func(context.Context, instrument.ClassID, []string) error{
		"protocols": s.protocols, "select": s.selects, "operations": s.operations, "instruments": s.instruments, "execute": s.execute,
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
	out := classes{Classes: []offer{}}
	for _, o := range offered {
		out.Classes = append(out.Classes, offer{o.Class, o.Body.Terms.Price, o.Body.Terms.Text, o.Signed})
	}
	return s.print("classes", out)
}

func (s *steps) protocols(ctx context.Context, class instrument.ClassID, _ []string) error {
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

func (s *steps) operations(ctx context.Context, class instrument.ClassID, _ []string) error {
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

func (s *steps) instruments(ctx context.Context, class instrument.ClassID, _ []string) error {
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

func (s *steps) execute(ctx context.Context, class instrument.ClassID, args []string) error {
	if len(args) == 0 {
		return cli.Argument(fault.New(fault.Invalid, "execute needs an operation").Because("operation-missing").WithHint("`operations %s` shows those that there are", class))
	}
	t := controller.Transaction{Principal: s.w.User(), Operation: strings.ToUpper(args[0]), Class: class}
	args = args[1:]
	for len(args) > 0 && !strings.Contains(args[0], "=") {
		i, err := s.w.find(ctx, args[0])
		if err != nil {
			return err
		}
		t.Instruments, args = append(t.Instruments, i.ID), args[1:]
	}
	given, err := pairs(args)
	if err != nil {
		return err
	}
	if key, ok := given["key"]; ok {
		if t.ID, err = s.w.OperationID(key); err != nil {
			return cli.Argument(err)
		}
		delete(given, "key")
	}
	if len(t.Instruments) == 0 {
		t.Instruments, err = s.w.With(ctx, s.s, t)
		if fault.ReasonOf(err) == "input-needed" {
			return fault.From(err).WithHint("say which: execute %s %s INSTRUMENT; `instruments %s` shows them", class, t.Operation, class)
		}
		if err != nil {
			return err
		}
	}
	if _, ok := given["amount"]; ok && t.Operation == protocol.Pay {
		return cli.Argument(fault.New(fault.Invalid, "%s pays what the offer says, and has no amount of its own", protocol.Pay).Because("argument-unknown").
			WithHint("ask for another offer: classes amount=%s", given["amount"]))
	}
	if t.Operation == protocol.Refund {
		if given["payment"] == "" {
			return cli.Argument(fault.New(fault.Invalid, "%s gives back a payment, and none is named", t.Operation).Because("argument-missing").
				WithHint("execute %s %s INSTRUMENT payment=OPERATION; `wallet operation list` shows what was paid", class, t.Operation))
		}
		if err := s.paid(ctx, given, "payment"); err != nil {
			return err
		}
	}
	if len(given) > 0 {
		t.Args = given
	}
	stop := awaiting(s.w.env, s.s.Peer().Name, answerAfter)
	got, err := s.s.Execute(ctx, t, nil)
	stop()
	if err != nil {
		return err
	}
	return s.print("execute", executed{class, t.Operation, got})
}

// paid puts the whole id in the place of the beginning of one that names what was
// paid, or of the key that it was paid under.
func (s *steps) paid(ctx context.Context, in instrument.Invoice, name string) error {
	if in[name] == "" {
		return nil
	}
	id, err := s.w.Protocols().Named(ctx, in[name])
	if errors.Is(err, fault.NotFound) {
		id, err = s.w.OperationID(in[name])
	}
	in[name] = string(id)
	return err
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

// The steps as they are shown.
type (
	initiated struct {
		Peer string `json:"peer"`
		Role string `json:"role"`
		PNP  string `json:"pnp"`
	}
	offer struct {
		Class  instrument.ClassID `json:"class"`
		Price  instrument.Amount  `json:"price,omitzero"`
		Terms  string             `json:"terms,omitempty"`
		Signed bool               `json:"signed"`
	}
	classes struct {
		Classes []offer `json:"classes"`
	}
	protocols struct {
		Class     instrument.ClassID `json:"class"`
		Protocols []string           `json:"protocols"`
	}
	selected struct {
		Class    instrument.ClassID `json:"class"`
		Protocol string             `json:"protocol"`
	}
	available struct {
		Class      instrument.ClassID `json:"class"`
		Operations []string           `json:"operations"`
		// Wants is what those that say so want of instruments.
		Wants map[string]protocol.Wants `json:"wants,omitempty"`
	}
	had struct {
		ID     instrument.ID `json:"id"`
		Name   string        `json:"name,omitempty"`
		Status string        `json:"status"`
	}
	owned struct {
		Class       instrument.ClassID `json:"class"`
		Instruments []had              `json:"instruments"`
	}
	executed struct {
		Class     instrument.ClassID `json:"class"`
		Operation string             `json:"operation"`
		protocol.Result
	}
	refusal struct {
		Fault *fault.Fault `json:"error"`
	}
)

func (i initiated) lines() []string {
	return []string{line("A session with", i.Peer+", a", i.Role+", which negotiates with", i.PNP)}
}

func (c classes) lines() []string {
	var out []string
	for _, o := range c.Classes {
		out = append(out, line("  "+string(o.Class), money(o.Price), o.Terms))
	}
	return out
}

func (p protocols) lines() []string { return []string{"  " + strings.Join(p.Protocols, ", ")} }

func (c selected) lines() []string { return []string{"  " + c.Protocol} }

func (a available) lines() []string {
	out := slices.Clone(a.Operations)
	for n, name := range out {
		if a.Wants[name] == protocol.WantsNone {
			out[n] = name + " (without an instrument)"
		}
	}
	return []string{"  " + strings.Join(out, ", ")}
}

func (h owned) lines() []string {
	var out []string
	for _, i := range h.Instruments {
		out = append(out, line("  "+string(i.ID), i.Status, i.Name))
	}
	return out
}

func (x executed) lines() []string {
	moved := ""
	if x.Amount != (instrument.Amount{}) {
		moved = x.Amount.String()
	}
	return []string{line("  Done:", x.Operation, moved, string(x.Value))}
}

func (r refusal) lines() []string {
	text := line("  Refused:", r.Fault.Message, "("+string(r.Fault.Reason)+")")
	if r.Fault.Hint != "" {
		text += " — " + r.Fault.Hint
	}
	return []string{text}
}
