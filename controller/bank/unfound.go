package bank

import (
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// reasonTransactionUnknown is how a provider says that it knows no such payment.
const reasonTransactionUnknown fault.Reason = "transaction-unknown"

// byReference looks for the payment of a withdrawal by its reference, if the payment that
// the notice names is unknown to the provider or is for something else. The reference
// binds a payment to its withdrawal; the notice is only the terminal's word. It takes only
// a payment that confirms; otherwise the facts say that nothing is decided.
func (b *Bank) byReference(w taler.Withdrawal, at instrument.ID, p Provider) (f protocol.Facts, found bool, err error) {
	if w.State != taler.StateSelected { // the searcher looks for those of others
		return protocol.Facts{State: protocol.FactPending}, false, nil
	}
	all, err := b.payments(b.lane(w), at, w.WOPID)
	f, found = confirming(w, p, all.Payments)
	return f, found, err
}

// byReferenceAlone is byReference if the provider does not know the payment of the notice.
// If it knows other payments for the withdrawal, has decided all of them and none can
// confirm it, the notice does not wait for ever: it ends after the time in which a
// selected withdrawal without a notice expires. Until then a till may charge again, and
// the provider may show a payment late. A notice for an aborted withdrawal ends in the
// same way.
func (b *Bank) byReferenceAlone(w taler.Withdrawal, at instrument.ID, p Provider) (f protocol.Facts, found bool, err error) {
	late := !b.Now().Before(time.Unix(w.Noticed, 0).Add(b.cfg.Expiry.Selected))
	var all protocol.Found
	if late || w.State == taler.StateSelected {
		all, err = b.payments(b.lane(w), at, w.WOPID)
	}
	f, found = confirming(w, p, all.Payments)
	if !found && err == nil && late {
		if bad, none := useless(w, p, all); none {
			return bad, true, nil
		}
	}
	return f, found, err
}

func confirming(w taler.Withdrawal, p Provider, payments []protocol.Facts) (f protocol.Facts, found bool) {
	for _, f := range payments {
		w.ProviderTransactionID = f.Transaction
		if Judge(w, p.Space, f).Decision == Confirm {
			return f, true
		}
	}
	return protocol.Facts{State: protocol.FactPending}, false
}

// useless reports whether there are payments of a withdrawal, all of them are known, and
// each of them would abort it. It prefers a payment that goes back; the others are found
// by the search that begins when the withdrawal has ended.
func useless(w taler.Withdrawal, p Provider, all protocol.Found) (f protocol.Facts, yes bool) {
	if len(all.Payments) == 0 || all.More {
		return f, false
	}
	f = all.Payments[0]
	for _, one := range all.Payments {
		w.ProviderTransactionID = one.Transaction
		v := Judge(w, p.Space, one)
		if v.Decision != Abort || !w.WOPID.Is(one.Reference) {
			return f, false
		}
		if v.Back != (instrument.Amount{}) {
			f = one
		}
	}
	return f, true
}

// misnames reports whether a notice names a payment for something else. That payment would
// abort the withdrawal, or hold it up until the provider has decided about it.
func misnames(w taler.Withdrawal, v Verdict, f protocol.Facts) bool {
	if v.Decision == Again {
		return f.Reference != "" && !w.WOPID.Is(f.Reference)
	}
	return v.Decision == Abort && (v.Foreign || !w.WOPID.Is(f.Reference))
}

// insteadOf takes the withdrawal's own payment for the one that its notice misnames,
// if it is there and confirms; the other one is left alone.
func (b *Bank) insteadOf(d *judged, w taler.Withdrawal, at instrument.ID) error {
	f, found, err := b.byReference(w, at, d.provider)
	if found {
		d.facts, d.found = f, true
	}
	return err
}

// payments asks a provider for the payments with a withdrawal as their reference.
func (b *Bank) payments(slot chan struct{}, at instrument.ID, id taler.WOPID) (found protocol.Found, err error) {
	err = b.card(slot, at, OperationSearch, map[string]string{"reference": id.Text()}, &found)
	return found, err
}

// markUnfound notes whether the provider knows the payment of a notice, if that is new. If
// somebody else changes the withdrawal at that moment, it does nothing: the provider will
// be asked again.
func (b *Bank) markUnfound(id instrument.ID, judged taler.Withdrawal, unfound bool) error {
	if unfound == (judged.Unfound != 0) {
		return nil
	}
	err := b.amend(b.life, id, func(w *taler.Withdrawal) bool { return mark(w, judged, unfound, b.Now().Unix()) })
	if fault.KindOf(err) == fault.Locked {
		return nil
	}
	return err
}

// mark is the pure rule: what was heard about one payment is not noted for another one that a
// notice has named meanwhile. The provider must be asked about that one before it may be replaced.
func mark(w *taler.Withdrawal, judged taler.Withdrawal, unfound bool, now int64) bool {
	if w.State != judged.State || w.ProviderTransactionID != judged.ProviderTransactionID || !w.Undecided() {
		return false
	}
	w.Unfound = 0
	if unfound {
		w.Unfound = now
	}
	return true
}
