package vendor

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

// onward says of an error that ends a run what the person at the terminal needs: whether
// the card was charged, lest somebody sells the same once more, and how to go on.
func (t *Terminal) onward(ctx context.Context, w Withdrawal, err error) error {
	if err == nil || w.WOPID.IsZero() || w.Over() {
		return err
	}
	f := fault.From(err)
	if ctx.Err() != nil && f.Kind == fault.Timeout { // this process is ended, and nobody was late
		f = fault.Wrap(err, fault.Unknown, "the withdrawal is still %s", w.Status).Because(protocol.ReasonPending)
	}
	resume := "go on with `terminal resume " + w.Short() + "`"
	if f.Reason == "leased" {
		f = fault.Wrap(err, f.Kind, "another process is at work on the withdrawal").Because(f.Reason)
	}
	away := f.Kind == fault.Unavailable || f.Kind == fault.Timeout
	switch fate := t.fateOf(ctx, w); {
	case w.Charged():
		return f.WithHint("%s", then(f, string(fate)+", and only the bank's word is missing: "+resume))
	case w.Status == taler.TerminalSelected && away:
		return fault.Wrap(err, f.Kind, "%s: %s", f.Message, fate).Because(f.Reason).WithHint("once it answers, %s", resume)
	case fate != uncharged:
		return f.WithHint("%s", then(f, string(fate)+": "+resume))
	case f.Reason == protocol.ReasonPending, f.Reason == "leased":
		return f.WithHint("%s", resume)
	}
	return err
}

// then is a fault's own advice with more of it. Of what only goes on it has none.
func then(f *fault.Fault, more string) string {
	if f.Hint == "" || f.Reason == protocol.ReasonPending {
		return more
	}
	return f.Hint + "; " + more
}

// fate is what is known of the card of a withdrawal.
type fate string

const (
	uncharged fate = "nothing was charged"
	unknown   fate = "whether the card was charged is not known yet"
	charged   fate = "the card was charged"
)

func (t *Terminal) fateOf(ctx context.Context, w Withdrawal) fate {
	if w.Charged() {
		return charged
	}
	p, err := t.cardPayment(context.WithoutCancel(ctx), w.Reference())
	switch {
	case errors.Is(err, fault.NotFound), err == nil && p.status == cardDeclined:
		return uncharged
	case err == nil && p.status == cardPaid:
		return charged
	}
	return unknown
}

// MayBeCharged says that a card was charged for a withdrawal, or may be: an attempt
// is on record that was not declined.
func (t *Terminal) MayBeCharged(ctx context.Context, w Withdrawal) bool {
	return t.fateOf(ctx, w) != uncharged
}
