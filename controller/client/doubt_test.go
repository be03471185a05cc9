package client

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Only who was asked for a payment can say that it never was: a house that had no time, or no
// right to ask, has not looked for it.
func TestWhoHasLookedForAPayment(t *testing.T) {
	for _, row := range []struct {
		refusal error
		looked  bool
	}{
		{fault.New(fault.Declined, "no").Because("card-declined"), true},
		{fault.New(fault.Declined, "too late").Because("deadline-over"), false},
		{fault.New(fault.Denied, "too much").Because("above-limit"), false},
		{fault.New(fault.Conflict, "another operation has it").Because("part-paid"), false},
		{fault.New(fault.Unavailable, "not now").Because("crowded"), false},
	} {
		if got := lookedFor(row.refusal); got != row.looked {
			t.Errorf("%s: %t", fault.ReasonOf(row.refusal), got)
		}
	}
}

// Tries are counted upwards: the operation of one that was made is never begun anew.
func TestTriesOnlyGoUp(t *testing.T) {
	was := part{State: PartPaying, Tries: 2, Refunds: 2}
	for _, row := range []struct {
		tries, refunds int
		good           bool
	}{{2, 2, true}, {3, 3, true}, {1, 2, false}, {2, 1, false}} {
		if got := was.becomes(part{State: PartPaying, Tries: row.tries, Refunds: row.refunds}); got != row.good {
			t.Errorf("%+v: %t", row, got)
		}
	}
}

// A payment stays what was agreed to: by whom, to whom, how much, in how many parts.
func TestAPaymentBecomesNoOther(t *testing.T) {
	for name, change := range map[string]func(*parent){
		"":                  func(*parent) {},
		"another operation": func(p *parent) { p.Operation = "other" },
		"another vendor":    func(p *parent) { p.Peer.Key = "other" },
		"another total":     func(p *parent) { p.Total.Value = 9 },
		"a part less":       func(p *parent) { p.Parts = p.Parts[:1] },
		"a part more":       func(p *parent) { p.Parts = append(p.Parts, p.Parts[0]) },
	} {
		is := func() parent {
			return parent{Operation: "o", Peer: comm.Peer{Key: "k"}, Total: instrument.Amount{Currency: "CHF", Value: 10}, Parts: []part{{State: PartWaiting}, {State: PartWaiting}}}
		}
		next := is()
		change(&next)
		if err := is().becomes(next); (err == nil) != (name == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A part is refunded when all of it has come back: a vendor's word of less is none.
func TestLessThanAPartIsNoRefundOfIt(t *testing.T) {
	chf := func(n uint64) instrument.Amount { return instrument.Amount{Currency: "CHF", Value: n} }
	p := part{Price: chf(4)}
	if err := p.cameBack(chf(4)); err != nil {
		t.Error(err)
	}
	for _, other := range []instrument.Amount{chf(3), chf(5), {Currency: "EUR", Value: 4}, {}} {
		if err := p.cameBack(other); fault.ReasonOf(err) != "refund-differs" {
			t.Errorf("%s: %v", other, err)
		}
	}
}

// No more comes back than was paid, whatever a vendor says.
func TestARefundIsNoMoreThanThePayment(t *testing.T) {
	chf := func(n uint64) instrument.Amount { return instrument.Amount{Currency: "CHF", Value: n} }
	for _, back := range []instrument.Amount{chf(4), chf(3), chf(0), {}} {
		if err := noMoreThan(chf(4), back); err != nil {
			t.Errorf("%s: %v", back, err)
		}
	}
	for _, back := range []instrument.Amount{chf(5), {Currency: "EUR", Value: 1}} {
		if err := noMoreThan(chf(4), back); fault.ReasonOf(err) != "refund-differs" {
			t.Errorf("%s: %v", back, err)
		}
	}
}
