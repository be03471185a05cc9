package controller_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// allowance is a purse with a limit for a day, and a shop with a customer's.
func allowance(t *testing.T, purse, customer string) pair {
	t.Helper()
	net := inproc.NewNetwork()
	day := func(text string) profile.Limits {
		if text == "" {
			return profile.Limits{}
		}
		a, err := instrument.ParseAmount(text)
		if err != nil {
			t.Fatal(err)
		}
		return profile.Limits{PerDay: map[string]instrument.Amount{a.Currency: a}}
	}
	p := pair{
		from: controllertest.New(t, net, controllertest.Options{
			Role: comm.Client, Bundles: []protocol.Bundle{controllertest.Tickets()}, Policy: profile.UserPolicy(), Limits: day(purse),
		}),
		to: controllertest.New(t, net, controllertest.Options{
			Role: comm.Vendor, Bundles: []protocol.Bundle{controllertest.Tickets()}, Policy: profile.CustomerPolicy(),
		}),
	}
	known := profile.Principal{ID: "regular", Kind: profile.Customer, Name: "a regular", Limits: day(customer)}
	if err := p.to.Store.PutPrincipal(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	p.peer = p.to.Listen(t, &shop{
		Inspector: controllertest.Inspector{Price: price},
		admit:     func(ctx context.Context) (profile.Principal, error) { return p.to.Profiles().Principal(ctx, "regular") },
	})
	return p
}

func (p pair) ticketNumbered(t *testing.T, number string) pair {
	t.Helper()
	p.ticket = p.from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": number}})
	return p
}

func counted(t *testing.T, p *controllertest.Party, who profile.Account) string {
	t.Helper()
	sum, err := p.Store.Spent(t.Context(), who, "CHF", "", time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	open, err := p.Store.Reserved(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s with %d open", sum, len(open))
}

// A day's limit holds over payments, at whichever side has one; what is declined
// does not count, and what was paid is answered again without counting twice.
func TestADaysLimitHoldsOverPayments(t *testing.T) {
	for _, side := range []string{"the payer", "the vendor's customer"} {
		t.Run(side, func(t *testing.T) {
			p := allowance(t, "CHF:9", "")
			holder, who := p.from, profile.Account("self")
			if side != "the payer" {
				p = allowance(t, "", "CHF:9")
				holder, who = p.to, "regular"
			}
			s := p.ticketNumbered(t, "1").negotiated(t)
			pay := func(number string, want fault.Reason) {
				t.Helper()
				if _, err := p.ticketNumbered(t, number).pay(t, s, ""); fault.ReasonOf(err) != want {
					t.Errorf("ticket %s: %v; want %q", number, err, want)
				}
			}
			id, err := protocol.NewOperationID(zeros{})
			if err != nil {
				t.Fatal(err)
			}
			first := p.ticketNumbered(t, "2")
			for range 2 { // the second time asks for the first's answer
				if _, err := first.pay(t, s, id); err != nil {
					t.Fatal(err)
				}
			}
			if got := counted(t, holder, who); got != "CHF:4 with 0 open" {
				t.Errorf("after one payment %s", got)
			}
			if _, err := p.from.Execute(t.Context(), controller.Transaction{
				Principal: p.from.Me(t), Protocol: "no.such", Operation: protocol.Pay, Class: controllertest.ClassTicket, Amount: price,
			}); fault.ReasonOf(err) != "protocol-unknown" {
				t.Errorf("an operation that cannot begin: %v", err)
			}
			if got := counted(t, holder, who); got != "CHF:4 with 0 open" {
				t.Errorf("after one that never began %s", got)
			}
			pay("3", "")
			pay("4", "above-day-limit")
			if got := counted(t, holder, who); got != "CHF:8 with 0 open" {
				t.Errorf("at the end %s", got)
			}
		})
	}
}

// zeros is a source of one operation id.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// A payment that the vendor declines gives its sum back.
func TestWhatIsDeclinedDoesNotCount(t *testing.T) {
	p := allowance(t, "CHF:4", "")
	p.to.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "taken", Keys: map[string]string{"number": "7"}})
	p = p.ticketNumbered(t, "7")
	s := p.negotiated(t)
	if _, err := p.pay(t, s, ""); fault.ReasonOf(err) != "ticket-used" {
		t.Fatalf("%v", err)
	}
	if got := counted(t, p.from, "self"); got != "CHF:0 with 0 open" {
		t.Errorf("after a refusal %s", got)
	}
	if _, err := p.ticketNumbered(t, "8").pay(t, s, ""); err != nil {
		t.Error(err)
	}
}

// What an operation of an earlier life has reserved is settled by its record.
func TestReservationsOfAnEarlierLifeAreSettledByTheRecord(t *testing.T) {
	p := allowance(t, "CHF:9", "")
	p = p.ticketNumbered(t, "1")
	s := p.negotiated(t)
	id, err := protocol.NewOperationID(zeros{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.pay(t, s, id); err != nil {
		t.Fatal(err)
	}
	err = p.from.Store.UpdateProfiles(t.Context(), func(w profile.Writer) error { // as a crash before the settlement leaves it
		return w.Count(profile.Spending{Operation: id, Account: "self", Class: "ticket", Amount: price, Time: time.Now(), Runner: "before"})
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := counted(t, p.from, "self"); got != "CHF:4 with 1 open" {
		t.Fatalf("%s", got)
	}
	if err := p.from.Profiles().Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := counted(t, p.from, "self"); got != "CHF:4 with 0 open" {
		t.Errorf("%s", got)
	}
}

// What may not be spent is not given away for nothing either: where the price is
// zero, and where there is none.
func TestAClassThatMayNotBeSpentIsNotGivenAway(t *testing.T) {
	for name, row := range map[string]struct {
		price instrument.Amount
		only  instrument.ClassID
		want  fault.Reason
	}{
		"for zero":         {instrument.Amount{Currency: "CHF"}, "coupon", "class-not-allowed"},
		"without a price":  {instrument.Amount{}, "coupon", "class-not-allowed"},
		"what may be":      {instrument.Amount{Currency: "CHF"}, controllertest.ClassTicket, ""},
		"what may be, too": {instrument.Amount{}, controllertest.ClassTicket, ""},
	} {
		t.Run(name, func(t *testing.T) {
			net := inproc.NewNetwork()
			p := pair{
				from: controllertest.New(t, net, controllertest.Options{
					Role: comm.Client, Bundles: []protocol.Bundle{controllertest.Tickets()}, Policy: profile.UserPolicy(), Limits: profile.Limits{Only: []instrument.ClassID{row.only}},
				}),
				to: controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: []protocol.Bundle{controllertest.Tickets()}}),
			}
			p.peer = p.to.Listen(t, controllertest.Inspector{Price: row.price})
			p = p.ticketNumbered(t, "1")
			if _, err := p.pay(t, p.negotiated(t), ""); fault.ReasonOf(err) != row.want {
				t.Errorf("%v; want %q", err, row.want)
			}
		})
	}
}
