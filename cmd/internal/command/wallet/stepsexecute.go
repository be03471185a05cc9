package wallet

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

func (s *steps) execute(ctx context.Context, class instrument.ClassID, args []string) error {
	if _, err := s.w.Instruments().Class(class); fault.ReasonOf(err) == "class-unknown" { // such as an operation in its place
		return cli.Argument(fault.From(err).WithHint("execute CLASS OPERATION; `classes` shows the classes that both know"))
	} else if err != nil {
		return err
	}
	t, err := s.transaction(ctx, class, args)
	if err != nil {
		return err
	}
	open, told, err := s.before(ctx, t)
	if told || err != nil {
		return err
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
	if t.ID == "" && t.Operation == protocol.Pay {
		key := rand.Text()
		if t.ID, err = s.w.OperationID(key); err != nil {
			return err
		}
		s.w.env.Say("The key of this payment is %s", key)
	}
	stop := awaiting(s.w.env, s.s.Peer().Name, answerAfter)
	got, err := s.s.Execute(ctx, t, nil)
	stop()
	if open != nil && fault.ReasonOf(err) == protocol.ReasonKeyReused { // under an offer of before
		return open
	}
	if err != nil && t.Operation == protocol.Pay {
		return s.w.Ended(ctx, t.ID, err)
	}
	if err != nil {
		return err
	}
	return s.print("execute", executed{class, t.Operation, protocol.Short(t.ID), got})
}

// transaction reads what execute is to do.
func (s *steps) transaction(ctx context.Context, class instrument.ClassID, args []string) (controller.Transaction, error) {
	if len(args) == 0 {
		return controller.Transaction{}, cli.Argument(fault.New(fault.Invalid, "execute needs an operation").Because("operation-missing").WithHint("`operations %s` shows those that there are", class))
	}
	t := controller.Transaction{Principal: s.w.User(), Operation: strings.ToUpper(args[0]), Class: class}
	args = args[1:]
	for len(args) > 0 && !strings.Contains(args[0], "=") {
		i, err := s.w.find(ctx, args[0])
		if err != nil {
			return t, err
		}
		t.Instruments, args = append(t.Instruments, i.ID), args[1:]
	}
	given, err := pairs(args)
	if fault.ReasonOf(err) == "argument-malformed" {
		err = cli.Argument(fault.From(err).WithHint("instruments are named first: execute %s %s [INSTRUMENT] NAME=VALUE …", class, t.Operation))
	}
	if err != nil {
		return t, err
	}
	if key, ok := given["key"]; ok {
		if t.ID, err = s.w.OperationID(key); err != nil {
			return t, cli.Argument(err)
		}
		delete(given, "key")
	}
	if _, ok := given["amount"]; ok && t.Operation == protocol.Pay {
		return t, cli.Argument(fault.New(fault.Invalid, "%s pays what the offer says, and has no amount of its own", protocol.Pay).Because("argument-unknown").
			WithHint("ask for another offer: classes amount=%s", given["amount"]))
	}
	if t.Operation == protocol.Refund {
		if err := s.refunds(ctx, &t, given); err != nil {
			return t, err
		}
	}
	if len(given) > 0 {
		t.Args = given
	}
	return t, nil
}

// before tells what was paid under a key in whichever session, as `wallet pay` does: the offer
// is another one each time, and a person who was told to take another key would pay twice.
// open is a payment that has not ended yet. A key of a payment of several instruments is none
// of an operation, whose name would be that of the payment.
func (s *steps) before(ctx context.Context, t controller.Transaction) (open error, told bool, err error) {
	if t.ID == "" {
		return nil, false, nil
	}
	if err := s.w.Unused(ctx, t.ID); err != nil || t.Operation != protocol.Pay {
		return nil, false, err
	}
	p := client.Payment{Peer: s.s.Peer(), Operation: t.ID, Class: t.Class, Invoice: maps.Clone(s.asked)}
	if len(t.Instruments) > 0 {
		p.Instrument = t.Instruments[0]
	}
	if text := p.Invoice[controller.InvoiceAmount]; text != "" {
		if p.Amount, err = instrument.ParseAmount(text); err != nil {
			return nil, false, err
		}
		delete(p.Invoice, controller.InvoiceAmount)
	}
	paid, found, err := s.w.PaidBefore(ctx, p)
	switch {
	case !found:
		return nil, false, err
	case err == nil && !s.w.begunWith(ctx, t): // who has begun it compares all of it
		return nil, false, nil
	case err == nil:
		return nil, true, s.print("execute", executed{t.Class, t.Operation, protocol.Short(t.ID), protocol.Result{Amount: paid.Price, Value: paid.Result}})
	case fault.ReasonOf(err) == protocol.ReasonPending:
		return err, false, nil
	case fault.ReasonOf(err) == protocol.ReasonKeyReused:
		return nil, false, nil
	}
	return nil, false, err
}

// begunWith reports whether an operation of ours was begun with the arguments of t.
func (w *wallet) begunWith(ctx context.Context, t controller.Transaction) bool {
	found, err := w.Protocols().Records(ctx, protocol.Filter{Prefix: string(t.ID), Side: protocol.Initiator, Limit: 1})
	if err != nil || len(found) == 0 {
		return false
	}
	var had instrument.Invoice
	_ = json.Unmarshal(found[0].Args, &had) // without any it had none
	given, _ := t.Args.(instrument.Invoice)
	return maps.Equal(had, given)
}

// refunds names the instrument that has paid, for what comes back comes back to that one.
func (s *steps) refunds(ctx context.Context, t *controller.Transaction, given instrument.Invoice) error {
	if given["payment"] == "" {
		return cli.Argument(fault.New(fault.Invalid, "%s gives back a payment, and none is named", t.Operation).Because("argument-missing").
			WithHint("execute %s %s payment=OPERATION; `wallet operation list` shows what was paid", t.Class, t.Operation))
	}
	if err := s.paid(ctx, given, "payment"); err != nil {
		return err
	}
	found, err := s.w.Protocols().Records(ctx, protocol.Filter{Prefix: given["payment"], Side: protocol.Initiator, Limit: 1})
	if err != nil || len(found) == 0 || found[0].Operation != protocol.Pay || found[0].Class != t.Class || len(found[0].Instruments) == 0 {
		return err // the peer says what is wrong with it
	}
	by := found[0].Instruments
	if len(t.Instruments) == 0 {
		t.Instruments = by[:1]
	}
	if slices.Contains(by, t.Instruments[0]) {
		return nil
	}
	name := string(by[0])
	if i, err := s.w.Instruments().View(ctx, by[0]); err == nil && i.Name != "" {
		name = i.Name
	}
	return cli.Argument(fault.New(fault.Invalid, "operation %s was paid with the %s %s, and comes back to that", protocol.Short(found[0].ID), t.Class, name).
		Because("instrument-differs").WithHint("execute %s %s payment=%s", t.Class, t.Operation, protocol.Short(found[0].ID)))
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
