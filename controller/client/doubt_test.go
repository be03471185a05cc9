package client

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
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

// A payment that was abandoned was certainly not made, and one that was given up may be made again if
// its payer wants that.
func TestWhatMayHavePaidAWithdrawal(t *testing.T) {
	for _, row := range []struct {
		end *fault.Fault
		may bool
	}{
		{fault.New(fault.Unknown, "no answer").Because("provider-unknown"), true},
		{fault.New(fault.Internal, "a defect"), true},
		{fault.New(fault.Stuck, "stopped"), true},
		{fault.New(fault.Declined, "no").Because("card-declined"), false},
		{fault.New(fault.Locked, "not now").Because("card-busy"), false},
		{fault.New(fault.Unknown, "abandoned").Because(protocol.ReasonAbandoned), false},
		{fault.New(fault.Unknown, "given up").Because(protocol.ReasonForgone), false},
	} {
		if got := mayHavePaid(row.end); got != row.may {
			t.Errorf("%s: %t", row.end, got)
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

// What a part has paid stays what it was: the operation and the instrument that the vendor is
// asked to give back.
func TestAPaidPartBecomesNoOther(t *testing.T) {
	other := map[string]func(*part){
		"another amount":     func(p *part) { p.Amount.Value = 9 },
		"another operation":  func(p *part) { p.Operation = "other" },
		"another instrument": func(p *part) { p.Instrument = "other" },
	}
	for state, may := range map[string]bool{
		PartWaiting: true, PartPaying: true, PartFailed: true, PartPaid: false, PartRefunding: false, PartRefunded: false, PartForgone: false,
	} {
		for name, change := range other {
			was := part{State: state, Amount: instrument.Amount{Currency: "CHF", Value: 4}, Operation: "op", Instrument: "card"}
			next := was
			change(&next)
			if got := was.becomes(next); got != (may && name != "another amount") {
				t.Errorf("a part that is %s becomes one of %s: %v", state, name, got)
			}
		}
	}
}

// A payment is what its parts make of it.
func TestWhatAPaymentIs(t *testing.T) {
	chf := func(n uint64) instrument.Amount { return instrument.Amount{Currency: "CHF", Value: n} }
	kept := func(status string, alter func(*parent), states ...string) *instrument.Instance {
		p := parent{Operation: "o", Total: chf(uint64(4 * len(states)))}
		for _, s := range states {
			p.Parts = append(p.Parts, part{State: s, Amount: chf(4)})
		}
		if alter != nil {
			alter(&p)
		}
		i := &instrument.Instance{Class: controller.ClassPayment, Status: status, Keys: map[string]string{keyOperation: "o"}}
		if err := i.Encode(p); err != nil {
			t.Fatal(err)
		}
		return i
	}
	for name, row := range map[string]struct {
		is     *instrument.Instance
		reason fault.Reason
	}{
		"open":                                 {kept(PaymentOpen, nil, PartPaid, PartPaying, PartWaiting), ""},
		"open, and a part comes back":          {kept(PaymentOpen, nil, PartPaid, PartRefunding), "move-refused"},
		"open, and a part has failed":          {kept(PaymentOpen, nil, PartPaid, PartFailed), "move-refused"},
		"paid":                                 {kept(PaymentPaid, nil, PartPaid, PartPaid), ""},
		"paid but for one":                     {kept(PaymentPaid, nil, PartPaid, PartPaying), "move-refused"},
		"paid but for the first":               {kept(PaymentPaid, nil, PartPaying, PartPaid), "move-refused"},
		"refunding":                            {kept(PaymentRefunding, nil, PartPaid, PartFailed), ""},
		"refunding, and one has come back":     {kept(PaymentRefunding, nil, PartRefunded, PartFailed), ""},
		"refunding while one is being paid":    {kept(PaymentRefunding, nil, PartRefunding, PartPaying), "move-refused"},
		"refunding, and nothing was paid":      {kept(PaymentRefunding, nil, PartFailed, PartWaiting), "move-refused"},
		"refunded":                             {kept(PaymentRefunded, nil, PartRefunded, PartFailed), ""},
		"refunded but for one that is paid":    {kept(PaymentRefunded, nil, PartRefunded, PartPaid), "move-refused"},
		"refunded but for one on its way":      {kept(PaymentRefunded, nil, PartRefunded, PartRefunding), "move-refused"},
		"refunded, and nothing was":            {kept(PaymentRefunded, nil, PartFailed, PartFailed), "move-refused"},
		"given up":                             {kept(PaymentForgone, nil, PartForgone, PartRefunded), ""},
		"given up, and nothing was":            {kept(PaymentForgone, nil, PartRefunded, PartFailed), "move-refused"},
		"given up while one is paid":           {kept(PaymentForgone, nil, PartForgone, PartPaid), "move-refused"},
		"refunded, and one was given up":       {kept(PaymentRefunded, nil, PartForgone, PartRefunded), "move-refused"},
		"aborted":                              {kept(PaymentAborted, nil, PartFailed, PartWaiting), ""},
		"aborted, and one was paid":            {kept(PaymentAborted, nil, PartFailed, PartPaid), "move-refused"},
		"aborted, and one has come back":       {kept(PaymentAborted, nil, PartFailed, PartRefunded), "move-refused"},
		"a status that there is not":           {kept("lost", nil, PartWaiting), "move-refused"},
		"of more than its parts":               {kept(PaymentOpen, func(p *parent) { p.Total = chf(9) }, PartWaiting, PartWaiting), "payment-malformed"},
		"of no part":                           {kept(PaymentAborted, nil), "payment-malformed"},
		"of nothing":                           {kept(PaymentOpen, func(p *parent) { p.Total, p.Parts[0].Amount = chf(0), chf(0) }, PartWaiting), "payment-malformed"},
		"found by the name of another payment": {kept(PaymentOpen, func(p *parent) { p.Operation = "other" }, PartWaiting), "payment-malformed"},
	} {
		if err := checkParent(nil, row.is); fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A part is refunded when all of it has come back: a vendor's word of less is none.
func TestLessThanAPartIsNoRefundOfIt(t *testing.T) {
	chf := func(n uint64) instrument.Amount { return instrument.Amount{Currency: "CHF", Value: n} }
	p := part{Price: chf(4)}
	if err := p.checkRefund(chf(4)); err != nil {
		t.Error(err)
	}
	for _, other := range []instrument.Amount{chf(3), chf(5), {Currency: "EUR", Value: 4}, {}} {
		if err := p.checkRefund(other); fault.ReasonOf(err) != "refund-differs" {
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
