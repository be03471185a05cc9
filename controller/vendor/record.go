package vendor

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Withdrawal is one withdrawal as the terminal has it on record.
type Withdrawal struct {
	ID     instrument.ID
	Status string
	taler.TerminalWithdrawal
}

// Reference is what the card payment is bound to the withdrawal by.
func (w Withdrawal) Reference() string { return w.WOPID.Text() }

// setup is the event that names the withdrawal. Fees are shown also when they
// are nothing.
func (w Withdrawal) setup() Event {
	fees := w.Fees
	if fees == (instrument.Amount{}) {
		fees = instrument.ZeroOf(w.Currency)
	}
	return Event{Event: EventSetup, WOPID: w.WOPID.Text(), URI: w.URI, Amount: &w.Amount, Fees: &fees, Total: &w.Total}
}

// Find reads a withdrawal by its WOPID; fault.NotFound.
func (t *Terminal) Find(ctx context.Context, id taler.WOPID) (Withdrawal, error) {
	i, err := t.Instruments().Lookup(ctx, ClassWithdrawal, "wopid", id.Text())
	if err != nil {
		return Withdrawal{}, err
	}
	return withdrawalOf(i)
}

// byRequest reads a withdrawal by our own request_uid.
func (t *Terminal) byRequest(ctx context.Context, uid string) (Withdrawal, error) {
	i, err := t.Instruments().Lookup(ctx, ClassWithdrawal, "request_uid", uid)
	if err != nil {
		return Withdrawal{}, err
	}
	return withdrawalOf(i)
}

func withdrawalOf(i instrument.Instance) (Withdrawal, error) {
	w := Withdrawal{ID: i.ID, Status: i.Status}
	err := i.Decode(&w.TerminalWithdrawal)
	return w, err
}

// change writes the record: the status and whatever f sets.
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
