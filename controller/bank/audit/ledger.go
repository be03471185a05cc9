package audit

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/protocol"
)

// looks bounds how often a withdrawal is looked at that changes meanwhile.
const looks = 5

// look compares one withdrawal with the provider's ledger. What seems to differ may only have
// changed between the two readings, so it is read again: the bank's record, the ledger, the
// record. If the record is the same before and after, the comparison with that ledger counts;
// else all is read once more, up to looks times.
func (x *asker) look(ctx context.Context, s *sale) error {
	found, err := x.ledger(ctx, s)
	if err != nil {
		return err
	}
	x.a.paid(found)
	differences, explained := compare(s, x.a.recordAsRead(s), found)
	for n := 0; n < looks && len(differences) > 0; n++ {
		before, version, err := x.a.recordNow(ctx, s, found)
		if err != nil && gone(err) == nil {
			break // what leads to it was altered, which is named: nothing changes what is on record
		}
		if err != nil {
			return err
		}
		if found, err = x.ledger(ctx, before.sale); err != nil {
			return err
		}
		after, now, err := x.a.recordNow(ctx, s, found)
		if err != nil {
			return err
		}
		differences, explained = compare(after.sale, after, found)
		if slices.Equal(version, now) {
			break
		}
	}
	for _, d := range differences {
		x.a.differs(d, "%s", d.Text)
	}
	x.a.explained(explained)
	return nil
}

// ledger is what the provider has of a withdrawal: the payments with its WOPID as their
// reference, and those that its record names.
type ledger struct {
	payments    []protocol.Facts // those that were found by the reference, then the others
	byReference int              // how many were found by the reference
	missing     []string         // that the record names and the provider does not know
	space       int64            // in which the bank's terminals charge
}

func (x *asker) ledger(ctx context.Context, s *sale) (l ledger, err error) {
	l.space = x.provider.Space
	if l.payments, err = x.search(ctx, s.wopid.Text()); err != nil {
		return l, err
	}
	l.byReference = len(l.payments)
	for _, name := range s.named() {
		if l.has(name) != nil {
			continue
		}
		f, known, err := x.find(ctx, name)
		switch {
		case err != nil:
			return l, err
		case known:
			f.Transaction = name
			l.payments = append(l.payments, f)
		default:
			l.missing = append(l.missing, name)
		}
	}
	return l, nil
}

// named are the payments that the record of a withdrawal names: the one that has confirmed it and
// those that are for something else.
func (s *sale) named() []string {
	var names []string
	if s.state == taler.StateConfirmed {
		names = append(names, s.payment.transaction)
	}
	for _, f := range s.foreign {
		if !slices.Contains(names, f.Payment) {
			names = append(names, f.Payment)
		}
	}
	return names
}

// has finds a payment by the provider's name for it; nil: it is not among these.
func (l ledger) has(transaction string) *protocol.Facts {
	for n := range l.payments {
		if l.payments[n].Transaction == transaction {
			return &l.payments[n]
		}
	}
	return nil
}

// paid counts payments that were made.
func (a *auditor) paid(l ledger) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range l.payments[:l.byReference] {
		if taken(f) {
			a.report.ProviderPayments++
		}
	}
}

// explained counts payments that an operator has explained.
func (a *auditor) explained(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.report.Explained += n
}

// taken reports whether a card was charged for good.
func taken(f protocol.Facts) bool {
	return f.State == protocol.FactPaid || f.State == protocol.FactWithheld
}

// record is what the bank has of a withdrawal and what goes back of it.
type record struct {
	sale    *sale
	wired   []wired
	returns map[string]taler.Return   // by payment
	others  func(payment string) bool // whether it has confirmed another withdrawal
}

// recordAsRead is the record as it was when the books were read.
func (a *auditor) recordAsRead(s *sale) record {
	r := record{sale: s, wired: a.books.wiredOf[s.wopid], returns: map[string]taler.Return{}, others: a.usedBy(s)}
	for _, back := range a.books.returnsOf[s.wopid] {
		r.returns[back.ProviderTransactionID] = back.Return
	}
	return r
}

// usedBy reports of a payment whether another withdrawal than s was confirmed by it.
func (a *auditor) usedBy(s *sale) func(string) bool {
	return func(transaction string) bool {
		other, used := a.books.confirmedBy[payment{s.payment.provider, transaction}]
		return used && other.id != s.id
	}
}

// recordNow reads the record again, as it is now, by the keys of what is in it. The second value
// names the instruments and their versions: if it is equal for two readings, nothing of the
// record has changed between them.
func (a *auditor) recordNow(ctx context.Context, s *sale, l ledger) (record, []string, error) {
	r := record{sale: s, returns: map[string]taler.Return{}, others: a.usedBy(s)}
	i, w, err := a.b.Withdrawal(ctx, s.wopid)
	if err != nil {
		return r, nil, err
	}
	r.sale = saleOf(i.ID, w)
	version := []string{fmt.Sprint(i.ID, i.Version)}
	im := a.b.Instruments()
	for n := 1; ; n++ {
		i, err := im.Lookup(ctx, bank.ClassTransfer, "part", s.wopid.Text()+"/"+strconv.Itoa(n))
		if err != nil {
			if gone(err) != nil {
				return r, nil, err
			}
			break
		}
		t := wired{id: i.ID}
		if err := i.Decode(&t.Transfer); err != nil {
			return r, nil, err
		}
		r.wired, version = append(r.wired, t), append(version, fmt.Sprint(i.ID, i.Version))
	}
	for _, f := range l.payments {
		i, err := im.Lookup(ctx, bank.ClassReturn, bank.KeyPayment, bank.ProviderTx(s.payment.provider, f.Transaction))
		if err != nil {
			if gone(err) != nil {
				return r, nil, err
			}
			continue
		}
		var back taler.Return
		if err := i.Decode(&back); err != nil {
			return r, nil, err
		}
		if back.WOPID == s.wopid {
			r.returns[f.Transaction], version = back, append(version, fmt.Sprint(i.ID, i.Version))
		}
	}
	return r, version, nil
}
