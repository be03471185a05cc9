package sdk

import (
	"context"
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Simple is the simplest two-sided protocol: the initiator presents one
// instrument, the servicer accepts it once or refuses.
//
// Intent comes first: what Present made of the instrument is durable before its message
// leaves. Once the servicer has accepted it, the instrument moves to the status Accepted.
// If nothing has happened at the servicer, and nothing will, it becomes what it was
// before. If that cannot be known, it stays as Present left it.
type Simple struct {
	Name, Title string // "coupon.redeem", "Shop coupon"
	Class       instrument.ClassID
	Operation   string // protocol.Pay, say
	Accepted    string // status of the initiator's instrument once the servicer took it
	Replay      int    // a new number when the sequence of steps of Present or Accept changes

	// Present moves the initiator's instrument to a status that says "on its way". It
	// returns the message as Value, and as Amount what the instrument is worth: if that
	// is not the price of a PAY, it is refused before anything is shown. Present may run
	// more than once, and uses of the session only what is no step: Now, Random,
	// Operation, Peer.
	Present func(s protocol.Session, c protocol.Call, i *instrument.Instance) (protocol.Result, error)
	// Accept judges the message at the servicer and changes the servicer's instruments.
	// These changes are undone if it returns an error, or an Amount that is not the price
	// of a PAY. The Value that it returns reaches the initiator. The rules of Present hold.
	Accept func(s protocol.Session, c protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error)
	// Settle, if set, puts the servicer's answer, such as a new balance, into the
	// initiator's instrument, which is Accepted by then. It may run more than once.
	Settle func(i *instrument.Instance, answer json.RawMessage) error

	// GiveBack, if set, makes payments refundable, whole and once. It undoes at the
	// servicer what Accept has done with a message, and returns an answer for Settle. If
	// the amount is zero, the payment has come back already and only the answer is wanted.
	// The initiator's instrument gets the status Returned. Only PAY may have GiveBack, and
	// its class must be made with Refundable.
	GiveBack func(tx instrument.Tx, message json.RawMessage, amount instrument.Amount) (answer json.RawMessage, err error)
	Returned string
}

// Info implements protocol.Protocol.
func (p Simple) Info() protocol.Info {
	return protocol.Info{ID: p.Name, Title: p.Title, Replay: p.Replay}
}

// CompatibleWith implements protocol.Protocol.
func (p Simple) CompatibleWith(class instrument.ClassID) bool { return class == p.Class }

// Operations implements protocol.Protocol.
func (p Simple) Operations(class instrument.ClassID, peer comm.Role) []protocol.Operation {
	if class != p.Class || peer == "" {
		return nil
	}
	out := []protocol.Operation{{Name: p.Operation, Messages: true, Instruments: protocol.WantsMain}}
	if p.GiveBack != nil {
		out = append(out, protocol.Operation{Name: protocol.Refund, Messages: true, Instruments: protocol.WantsMain})
	}
	return out
}

// does reports whether an operation is this one or its refund.
func (p Simple) does(operation string) bool {
	return operation == p.Operation || operation == protocol.Refund && p.GiveBack != nil
}

// DoOperation implements protocol.Protocol.
func (p Simple) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	switch {
	case !p.does(c.Operation):
		return protocol.Result{}, fault.New(fault.Unsupported, "%s has no operation %s", p.Name, c.Operation).Because("operation-unknown")
	case c.Operation != p.Operation && s.Side() == protocol.Initiator:
		return p.takeBack(ctx, s, c)
	case c.Operation != p.Operation:
		return p.giveBack(ctx, s, c)
	case s.Side() == protocol.Initiator:
		return p.present(ctx, s, c)
	default:
		return p.accept(ctx, s, c)
	}
}

func (p Simple) present(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var before instrument.Instance
	var shown protocol.Result
	err := s.Update(ctx, func(tx instrument.Tx) error {
		i, err := tx.Get(c.Main())
		if err != nil {
			return err
		}
		before = i.Clone()
		if shown, err = p.Present(s, c, &i); err != nil {
			return err
		}
		if err := suits(c, shown.Amount, "shown"); err != nil {
			return err
		}
		return tx.Put(i)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	if err := s.Send(ctx, shown.Value); err != nil {
		return protocol.Result{}, err
	}
	var answer json.RawMessage
	refusal := s.Recv(ctx, &answer)
	switch {
	case refusal == nil:
		err = p.change(ctx, s, c, p.becomes(p.Accepted, answer))
		return protocol.Result{Value: answer, Amount: shown.Amount}, err
	case fault.NothingHappened(refusal):
		err = p.change(ctx, s, c, func(i *instrument.Instance) error {
			i.Status, i.State = before.Status, before.State
			return nil
		})
		if err != nil {
			return protocol.Result{}, err
		}
	}
	return protocol.Result{}, refusal
}

// suits refuses to show, or to take, an instrument that is not worth the price. The host
// compares the amounts only after the answer, when what was shown may have been taken, and
// then blames the author.
func suits(c protocol.Call, worth instrument.Amount, done string) error {
	if c.Operation != protocol.Pay || c.Offer == nil || worth == c.Offer.Terms.Price {
		return nil
	}
	price := "there is no price"
	if c.Offer.Terms.Price != (instrument.Amount{}) {
		price = "the price is " + c.Offer.Terms.Price.String()
	}
	return fault.New(fault.Declined, "this %s is worth %s, and %s: it was not %s", c.Class, worth, price, done).
		Because("worth-differs").WithHint("pay with an instrument that is worth exactly the price")
}

// becomes changes the initiator's instrument after a good answer.
func (p Simple) becomes(status string, answer json.RawMessage) func(*instrument.Instance) error {
	return func(i *instrument.Instance) error {
		i.Status = status
		if p.Settle == nil {
			return nil
		}
		return p.Settle(i, answer)
	}
}

func (p Simple) change(ctx context.Context, s protocol.Session, c protocol.Call, f func(*instrument.Instance) error) error {
	return s.Update(ctx, func(tx instrument.Tx) error {
		i, err := tx.Get(c.Main())
		if err != nil {
			return err
		}
		if err := f(&i); err != nil {
			return err
		}
		return tx.Put(i)
	})
}

func (p Simple) accept(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var message json.RawMessage
	if err := s.Recv(ctx, &message); err != nil {
		return protocol.Result{}, err
	}
	var taken protocol.Result
	err := s.Update(ctx, func(tx instrument.Tx) (err error) {
		if taken, err = p.Accept(s, c, tx, message); err == nil {
			err = suits(c, taken.Amount, "taken")
		}
		if err != nil || p.GiveBack == nil {
			return err
		}
		return p.book(s, tx, taken.Amount, message)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	return taken, nil
}
