package bank

import (
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// reasonTransactionUnknown is a provider's word that it knows no such payment.
const reasonTransactionUnknown fault.Reason = "transaction-unknown"

// byReference looks for the payment of a withdrawal whose notice names one that the
// provider does not know, or that is of something else. The reference is what binds
// a payment to a withdrawal, the name is what the terminal has said. Only a payment
// that confirms is taken; else the facts are those of a payment that is not decided.
func (b *Bank) byReference(w taler.Withdrawal, at instrument.ID, p Provider) (f protocol.Facts, found bool, err error) {
	undecided := protocol.Facts{State: protocol.FactPending}
	if w.State != taler.StateSelected { // the searcher looks for those
		return undecided, false, nil
	}
	payments, err := b.payments(b.slot(w.Provider), at, w.WOPID)
	for _, f := range payments {
		w.ProviderTransactionID = f.Transaction
		if Judge(w, p.Space, f).Decision == Confirm {
			return f, true, nil
		}
	}
	return undecided, false, err
}

// misnames says that a notice names a payment of something else, which would end the
// withdrawal, or hold it up for as long as nobody decides that one.
func misnames(w taler.Withdrawal, v Verdict, f protocol.Facts) bool {
	if v.Decision == Again {
		return f.Reference != "" && !w.WOPID.Is(f.Reference)
	}
	return v.Decision == Abort && (v.Foreign || !w.WOPID.Is(f.Reference))
}

// insteadOf takes the withdrawal's own payment for the one that its notice misnames,
// if it is there and confirms; the other one is left alone.
func (b *Bank) insteadOf(d *decision, w taler.Withdrawal, at instrument.ID) error {
	f, found, err := b.byReference(w, at, d.provider)
	if found {
		d.facts, d.found = f, true
	}
	return err
}

// payments asks a provider for the payments with a withdrawal as their reference.
func (b *Bank) payments(slot chan struct{}, at instrument.ID, id taler.WOPID) ([]protocol.Facts, error) {
	var found protocol.Found
	err := b.card(slot, at, OperationSearch, map[string]string{"reference": id.Text()}, &found)
	return found.Payments, err
}

// markUnfound writes down whether the payment of a notice is one that the provider
// does not know, if that is new. Who is at the withdrawal at that moment comes
// first; it is asked about again.
func (b *Bank) markUnfound(id instrument.ID, judged taler.Withdrawal, unfound bool) error {
	if unfound == (judged.Unfound != 0) {
		return nil
	}
	err := b.amend(b.life, id, func(w *taler.Withdrawal) bool {
		if w.State != judged.State || w.ProviderTransactionID != judged.ProviderTransactionID || !w.Undecided() {
			return false
		}
		w.Unfound = 0
		if unfound {
			w.Unfound = b.Now().Unix()
		}
		return true
	})
	if fault.KindOf(err) == fault.Locked {
		return nil
	}
	return err
}
