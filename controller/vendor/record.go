package vendor

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Withdrawal is one withdrawal as the terminal has it on record.
type Withdrawal struct {
	ID     instrument.ID
	Status string
	taler.TerminalWithdrawal
}

// Reference binds the card payment to the withdrawal.
func (w Withdrawal) Reference() string { return w.WOPID.Text() }

// Short is the beginning of the WOPID. It names the withdrawal at this terminal, and
// whoever reads it cannot take the cash.
func (w Withdrawal) Short() string { return w.WOPID.Text()[:shortest] }

// AwaitsCustomer reports whether nobody has accepted its fees and terms yet.
func (w Withdrawal) AwaitsCustomer() bool {
	return w.Status == taler.TerminalPending && w.Terms.AcceptedAt == 0
}

// Over reports whether it has ended, well or not.
func (w Withdrawal) Over() bool {
	return w.Status == taler.TerminalConfirmed || w.Status == taler.TerminalAborted
}

// Charged reports whether the card was charged for it.
func (w Withdrawal) Charged() bool {
	return w.Status == taler.TerminalPaid || w.Status == taler.TerminalNotified || w.Status == taler.TerminalConfirmed
}

// OfAnotherWallet reports whether it was given up because another wallet than the customer's had it.
func (w Withdrawal) OfAnotherWallet() bool {
	return w.Status == taler.TerminalAborted && w.Reason == anotherWallet
}

// setup is the event that names the withdrawal.
func (w Withdrawal) setup() Event {
	accepted := w.Status == taler.TerminalPending && w.Terms.AcceptedAt != 0
	return Event{Event: EventSetup, WOPID: w.WOPID.Text(), URI: w.URI, Amount: &w.Amount, Fees: &w.Fees, Total: &w.Total, Accepted: accepted}
}

// selected is the event that says which wallet has the withdrawal, if one has: a process
// that resumes the withdrawal has not shown it yet. That a card was charged is never
// shown again, so that nobody counts it twice.
func (w Withdrawal) selected() []Event {
	if w.ReservePub.IsZero() {
		return nil
	}
	return []Event{{Event: EventSelected, Reserve: w.ReservePub.String()}}
}

// groups are the letters that the customer's wallet shows; empty if the bank does not say
// which wallet has the withdrawal.
func (w Withdrawal) groups() string {
	if w.ReservePub.IsZero() {
		return ""
	}
	return taler.KeyGroups(w.ReservePub)
}

// Find reads a withdrawal by its WOPID; fault.NotFound.
func (t *Terminal) Find(ctx context.Context, id taler.WOPID) (Withdrawal, error) {
	i, err := t.Instruments().Lookup(ctx, ClassWithdrawal, "wopid", id.Text())
	if err != nil {
		return Withdrawal{}, err
	}
	return withdrawalOf(i)
}

// Withdrawals lists what this terminal has on record, oldest first.
func (t *Terminal) Withdrawals(ctx context.Context) ([]Withdrawal, error) {
	found, err := t.Instruments().List(ctx, instrument.Filter{Class: ClassWithdrawal})
	if err != nil {
		return nil, err
	}
	out := make([]Withdrawal, len(found))
	for n, i := range found {
		if out[n], err = withdrawalOf(i); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// shortest is the shortest beginning of a WOPID that names it.
const shortest = 8

// FindByPrefix reads a withdrawal by a unique beginning of its WOPID, of at least
// eight characters, in any spelling; fault.NotFound.
func (t *Terminal) FindByPrefix(ctx context.Context, prefix string) (Withdrawal, error) {
	all, err := t.Withdrawals(ctx)
	if err != nil {
		return Withdrawal{}, err
	}
	var found []Withdrawal
	for _, w := range all {
		if len(prefix) >= shortest && !w.WOPID.IsZero() && w.WOPID.Begins(prefix) {
			found = append(found, w)
		}
	}
	switch none := fault.New(fault.NotFound, "this terminal has no such withdrawal").Because(taler.ReasonUnknownOperation); {
	case len(found) == 1:
		return found[0], nil
	case len(prefix) < shortest:
		return Withdrawal{}, none.WithHint("a withdrawal is named by the first %d characters or more of its WOPID", shortest)
	case len(found) == 0:
		return Withdrawal{}, none.WithHint("`terminal operation list` shows those that it has")
	}
	return Withdrawal{}, fault.New(fault.Invalid, "%d withdrawals begin like that", len(found)).Because("name-ambiguous").WithHint("give more characters")
}

// FindByRequest reads a withdrawal by our own request_uid; fault.NotFound.
func (t *Terminal) FindByRequest(ctx context.Context, uid string) (Withdrawal, error) {
	i, err := t.Instruments().Lookup(ctx, ClassWithdrawal, "request_uid", uid)
	if err != nil {
		return Withdrawal{}, err
	}
	return withdrawalOf(i)
}

func withdrawalOf(i instrument.Instance) (Withdrawal, error) {
	w := Withdrawal{ID: i.ID, Status: i.Status}
	err := i.Decode(&w.TerminalWithdrawal)
	if w.Fees.IsZero() { // the record leaves them out, and banks say of them that there are none
		w.Fees = instrument.ZeroOf(w.Amount.Currency)
	}
	return w, err
}

// change writes the record: the status, and what f sets.
func (t *Terminal) change(ctx context.Context, w *Withdrawal, status string, f func(*taler.TerminalWithdrawal)) error {
	return t.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		i, err := tx.Get(w.ID)
		if err != nil {
			return err
		}
		next, err := withdrawalOf(i)
		if err != nil {
			return err
		}
		if f != nil {
			f(&next.TerminalWithdrawal)
		}
		i.Status = status
		if err := i.Encode(next.TerminalWithdrawal); err != nil {
			return err
		}
		if err := tx.Put(i); err != nil {
			return err
		}
		next.Status = status
		*w = next
		return nil
	})
}
