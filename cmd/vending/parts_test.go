//go:build unix

package main

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

// account opens a prepaid account at the machine and has its owner credit it.
func (w *world) account(balance string) (id instrument.ID) {
	w.t.Helper()
	s, err := w.house.InitiateSession(w.t.Context(), w.peer, controller.Login{})
	check(w.t, err)
	_, err = s.Negotiate(w.t.Context(), vendor.ClassPrepaid, instrument.Invoice{})
	check(w.t, err)
	own, err := w.house.Own(w.t.Context())
	check(w.t, err)
	_, err = s.Execute(w.t.Context(), controller.Transaction{Principal: own, Operation: "OPEN", Class: vendor.ClassPrepaid, Args: map[string]string{"currency": "CHF"}}, nil)
	check(w.t, err)
	check(w.t, s.Close(w.t.Context()))
	all, err := w.house.Instruments().List(w.t.Context(), instrument.Filter{Class: vendor.ClassPrepaid})
	check(w.t, err)
	var purse struct{ Account string }
	check(w.t, all[0].Decode(&purse))
	w.end()
	m, err := house.Open(w.t.Context(), house.Options{
		Files: house.Files{Dir: w.part.Dir}, Role: comm.Vendor, Name: "machine", Policy: vendor.Policy(), Log: slog.New(slog.DiscardHandler),
	})
	check(w.t, err)
	owner, err := m.Own(w.t.Context())
	check(w.t, err)
	_, err = m.Execute(w.t.Context(), controller.Transaction{
		Principal: owner, Protocol: "prepaid.signed", Operation: "CREDIT", Class: vendor.ClassPrepaid,
		Args: map[string]any{"account": purse.Account, "amount": balance, "source": "the owner"},
	})
	check(w.t, err)
	check(w.t, m.Close(context.Background()))
	w.start(part{})
	s, err = w.house.InitiateSession(w.t.Context(), w.peer, controller.Login{})
	check(w.t, err)
	_, err = s.Negotiate(w.t.Context(), vendor.ClassPrepaid, instrument.Invoice{})
	check(w.t, err)
	_, err = s.Execute(w.t.Context(), controller.Transaction{Principal: own, Operation: "BALANCE", Class: vendor.ClassPrepaid, Instruments: []instrument.ID{all[0].ID}}, nil)
	check(w.t, err)
	check(w.t, s.Close(w.t.Context()))
	return all[0].ID
}

// content is a payer who agrees, and has no other instrument.
type content struct{ client.Nobody }

func (content) Agree(context.Context, []client.Bill) (bool, error) { return true, nil }

// buyTogether pays for a product of CHF 2 with a coupon of CHF 1 and an account.
func (w *world) buyTogether(product string, account instrument.ID) (client.Whole, error) {
	op, err := w.house.OperationID(fmt.Sprint("together ", w.codes))
	check(w.t, err)
	return w.wallet.PayTogether(w.t.Context(), client.Together{
		Peer: w.peer, Operation: op, Amount: instrument.Amount{Currency: "CHF", Value: 2}, Invoice: instrument.Invoice{"product": product},
		Shares: []client.Share{{Instrument: w.coupon("CHF:1"), Amount: instrument.Amount{Currency: "CHF", Value: 1}}, {Instrument: account}},
	}, content{})
}

// A coupon and an account pay for one piece. A payment whose second part fails
// gives the first one back, dispenses nothing, and keeps the piece from nobody.
func TestACouponAndAnAccountBuyOnePiece(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", "A1 CHF:2 2", "B2 CHF:3 1")
	account := w.account("CHF:1")
	if _, err := w.buyTogether("B2", account); fault.ReasonOf(err) != "total-differs" {
		t.Errorf("at a price of its own: %v", err)
	}
	got, err := w.buyTogether("A1", account)
	if err != nil || got.Status != client.PaymentPaid {
		t.Fatalf("it is %s: %v\n%s", got.Status, err, w.log())
	}
	w.dispensed()
	got, err = w.buyTogether("A1", account) // which is empty
	if got.Status != client.PaymentRefunded || fault.ReasonOf(err) != "payment-given-back" {
		t.Errorf("it is %s: %v", got.Status, err)
	}
	if problems := w.verdict(); problems != nil {
		t.Errorf("%q\n%s", problems, w.log())
	}
	check(t, w.pay("A1", "CHF:2"))
	if problems := w.verdict(); problems != nil {
		t.Errorf("%q\n%s", problems, w.log())
	}
}

// The last piece is kept for a payment whose first part is paid: the offer for its
// second part is for that piece. Where that part fails, the next customer has it at once.
func TestACouponAndAnAccountBuyTheLastPiece(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", "A1 CHF:2 1", "B2 CHF:2 1")
	account := w.account("CHF:1")
	if got, err := w.buyTogether("A1", account); err != nil || got.Status != client.PaymentPaid {
		t.Fatalf("it is %s: %v\n%s", got.Status, err, w.log())
	}
	w.dispensed()
	if got, err := w.buyTogether("B2", account); got.Status != client.PaymentRefunded || fault.ReasonOf(err) != "payment-given-back" { // the account is empty
		t.Errorf("it is %s: %v", got.Status, err)
	}
	check(t, w.pay("B2", "CHF:2"))
	w.dispensed()
	if problems := w.verdict(); problems != nil {
		t.Errorf("%q\n%s", problems, w.log())
	}
}

// thinks is a payer who does not say yet what else pays.
type thinks struct{ content }

func (thinks) Instead(context.Context, client.WholePart, error) (instrument.ID, error) {
	return "", fault.New(fault.Unknown, "later")
}

// has is a payer with one more instrument.
type has struct {
	content
	id instrument.ID
}

func (h *has) Instead(context.Context, client.WholePart, error) (id instrument.ID, err error) {
	id, h.id = h.id, ""
	return id, nil
}

// What is kept for a payment that is paid in part is kept by the next life, too.
func TestAPieceIsKeptForWhatIsPaidInPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", "A1 CHF:2 1")
	op, err := w.house.OperationID("together")
	check(t, err)
	one := instrument.Amount{Currency: "CHF", Value: 1}
	got, err := w.wallet.PayTogether(t.Context(), client.Together{
		Peer: w.peer, Operation: op, Amount: instrument.Amount{Currency: "CHF", Value: 2}, Invoice: instrument.Invoice{"product": "A1"},
		Shares: []client.Share{{Instrument: w.coupon("CHF:1"), Amount: one}, {Instrument: w.coupon("CHF:5")}},
	}, thinks{})
	if got.Status != client.PaymentOpen {
		t.Fatalf("it is %s: %v", got.Status, err)
	}
	w.end()
	w.start(part{})
	if err := w.pay("A1", "CHF:2"); fault.ReasonOf(err) != "sold-out" {
		t.Errorf("somebody else: %v", err)
	}
	if got, err = w.wallet.ResumePayment(t.Context(), string(op), &has{id: w.coupon("CHF:1")}); err != nil || got.Status != client.PaymentPaid {
		t.Fatalf("it is %s: %v\n%s", got.Status, err, w.log())
	}
	w.dispensed()
	if problems := w.verdict(); problems != nil {
		t.Errorf("%q\n%s", problems, w.log())
	}
}

// A machine that is killed while it dispenses for a payment of several
// instruments dispenses once; one without its protection is found.
func TestAKilledMachineDispensesOnceForAPaymentOfSeveral(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		part
		found string
	}{
		"after the commit":        {part{Kill: pointPaid}, ""},
		"while the line is begun": {part{Kill: pointPaid, Torn: true}, ""},
		"after the line":          {part{Kill: pointDropped}, ""},
		"each part is the whole":  {part{Without: partIsWhole}, "dispensed 2 times"},
		"each part dispenses":     {part{Kill: pointPaid, Without: twiceForParts}, "dispensed 2 times"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.Without, "A1 CHF:2 10")
			account := w.account("CHF:1")
			w.end()
			w.start(c.part)
			dying, ended := w.life, make(chan error, 1)
			go func() {
				_, err := w.buyTogether("A1", account)
				ended <- err
			}()
			if c.Kill != "" {
				select {
				case <-dying.done:
				case <-time.After(patience):
					t.Fatalf("the machine does not die\n%s", w.log())
				}
				w.start(part{})
			}
			select {
			case err := <-ended:
				check(t, err)
			case <-time.After(patience):
				t.Fatalf("the payment does not end\n%s", w.log())
			}
			problems := fmt.Sprint(w.verdict())
			if c.found == "" && problems != "[]" || !regexp.MustCompile(c.found).MatchString(problems) {
				t.Errorf("the checks say %s\n%s", problems, w.log())
			}
		})
	}
}
