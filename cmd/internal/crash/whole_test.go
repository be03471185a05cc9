//go:build unix

package crash_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// voucher is a class that is paid with in parts, and comes back.
var voucher = sdk.Class{About: instrument.Info{ID: "voucher", Title: "Voucher", Keys: []string{"number"}, Moves: []instrument.Move{
	{To: "ready"},
	{From: "ready", To: "shown"},
	{From: "shown", To: "shown"},
	{From: "shown", To: "ready"},
	{From: "shown", To: "used"},
	{From: "used", To: "ready"},
	{To: "taken"},
	{From: "taken", To: "free"},
}}}

// slip is what a voucher says. A bad one is refused.
type slip struct {
	Number string
	Bad    bool
}

var spend = sdk.Simple{
	Name: "crash.spend", Class: "voucher", Operation: protocol.Pay, Accepted: "used", Returned: "ready",
	Present: func(_ protocol.Session, c protocol.Call, i *instrument.Instance) (protocol.Result, error) {
		i.Status = "shown"
		return protocol.Result{Value: i.State, Amount: c.Offer.Terms.Price}, nil
	},
	Accept: func(_ protocol.Session, c protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error) {
		var s slip
		if err := json.Unmarshal(message, &s); err != nil || s.Bad {
			return protocol.Result{}, fault.New(fault.Declined, "a bad voucher").Because("voucher-bad")
		}
		_, err := tx.Create(instrument.Instance{Class: "voucher", Status: "taken", Keys: map[string]string{"number": s.Number}, State: message})
		return protocol.Result{Value: json.RawMessage(`{}`), Amount: c.Offer.Terms.Price}, err
	},
	GiveBack: func(tx instrument.Tx, message json.RawMessage, amount instrument.Amount) (json.RawMessage, error) {
		var s slip
		if err := json.Unmarshal(message, &s); err != nil || amount.IsZero() {
			return json.RawMessage(`{}`), err
		}
		id, err := tx.Find("voucher", "number", s.Number)
		if err != nil {
			return nil, err
		}
		i, err := tx.Get(id)
		i.Status = "free"
		return json.RawMessage(`{}`), errors.Join(err, tx.Put(i))
	},
}

// basket asks for a payment of CHF 2 with two vouchers.
type basket struct {
	Peer     comm.Peer
	Key      string
	Vouchers []instrument.ID
}

// servicing is how the vendor takes payments.
func (p *party) servicing() controller.Servicing {
	if p.Whole {
		return vendor.New(p.house.Controller, nil, vendor.Config{Merchant: "vendor"}).Servicing()
	}
	return shop{p.Own}
}

// content is a payer who agrees, and has no other instrument.
type content struct{ client.Nobody }

func (content) Agree(context.Context, []client.Bill) (bool, error) { return true, nil }

// paysWhole pays, or goes on with what an earlier life has begun.
func (p *party) paysWhole(ctx context.Context, b basket) (told, error) {
	own, err := p.house.Own(ctx)
	if err != nil {
		return told{}, err
	}
	op, err := p.house.OperationID(b.Key)
	if err != nil {
		return told{}, err
	}
	want := client.Together{Peer: b.Peer, Operation: op, Amount: instrument.Amount{Currency: "CHF", Value: 2}}
	for _, id := range b.Vouchers {
		want.Shares = append(want.Shares, client.Share{Instrument: id, Amount: price})
	}
	w, err := client.New(p.house.Controller, own, nil).PayTogether(ctx, want, content{})
	return told{Outcome: outcomeOf(err), Status: w.Status}, nil
}

// leastWhole are fewer points than there are in a payment whose second part is
// refused; with less the hooks have got lost.
const leastWhole = 90

// TestKillInAPaymentOfSeveralInstruments kills the wallet and the vendor at every
// point of a payment of two instruments: of one that is paid, and of one whose
// second part is refused, so that the first comes back. Their next lives go on by
// what is on record. In the end all of it is paid or nothing is.
func TestKillInAPaymentOfSeveralInstruments(t *testing.T) {
	var jobs []wholeJob
	for _, bad := range []bool{false, true} {
		w := newWholeWorld(t)
		client, vendor, problem := w.trace(bad)
		if problem != "" {
			t.Fatalf("nobody killed: %s", problem)
		}
		t.Logf("second part refused: %t; %d points at the wallet: %s\n%d at the vendor: %s", bad, len(client), numbered(client), len(vendor), numbered(vendor))
		if n := len(client) + len(vendor); bad && n < leastWhole || !slices.Contains(client, string(protocol.PointAfterRecord)) || !slices.Contains(vendor, string(protocol.PointBeforeRecord)) {
			t.Errorf("there are only %d points", n)
		}
		jobs = append(jobs, oneIn(share, wholeJobs(bad, client, vendor))...)
		w.close()
	}
	queue := make(chan wholeJob, len(jobs))
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	var all sync.WaitGroup
	var mu sync.Mutex
	kills := 0
	for range *workers {
		w := newWholeWorld(t)
		all.Go(func() {
			for j := range queue {
				died, problem := w.does(j)
				mu.Lock()
				kills += len(died)
				mu.Unlock()
				if problem != "" {
					t.Errorf("%+v (%s): %s\nwallet:\n%s\nvendor:\n%s", j, strings.Join(died, ", "), problem, tail(t, w.client.log), tail(t, w.vendor.log))
					return
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d runs, %d kills", len(jobs), kills)
	if kills < len(jobs)/2 {
		t.Errorf("only %d of %d runs have killed anybody", kills, len(jobs))
	}
}

// wholeJobs kill one process in each run, and both in some. Unless all is asked
// for, places in the middle of an operation's code are left out, which the other
// kills are about, and every second one of the payment that is paid.
func wholeJobs(bad bool, client, vendor []string) (jobs []wholeJob) {
	inside := []string{string(protocol.PointBegin), string(protocol.PointSteps), string(protocol.PointAnswer)}
	counts := func(n int, name string) bool {
		return *pairs == "all" || !slices.Contains(inside, name) && (bad || n%2 == 0)
	}
	for n, name := range client {
		if counts(n, name) {
			jobs = append(jobs, wholeJob{bad, arm{Kill: n + 1}, arm{}})
		}
		if n%12 == 0 {
			jobs = append(jobs, wholeJob{bad, arm{Kill: n + 1}, arm{Kill: (n*5)%len(vendor) + 1}})
		}
	}
	for n, name := range vendor {
		if counts(n, name) {
			jobs = append(jobs, wholeJob{bad, arm{}, arm{Kill: n + 1}})
		}
	}
	return jobs
}

type wholeJob struct {
	bad            bool
	client, vendor arm
}

// wholeWorld is a world whose parties pay with vouchers.
type wholeWorld struct {
	*world
	n int
}

func newWholeWorld(t *testing.T) *wholeWorld {
	return &wholeWorld{world: newWorld(t, stage{protocol: pay, whole: true})}
}

func (w *wholeWorld) trace(bad bool) (client, vendor []string, problem string) {
	_, problem = w.does(wholeJob{bad: bad})
	return w.client.trace(), w.vendor.trace(), problem
}

// does makes one payment and says what is wrong in the end.
func (w *wholeWorld) does(j wholeJob) (died []string, problem string) {
	w.n++
	within := patienceFromNow()
	b := basket{Peer: w.peer, Key: fmt.Sprintf("basket %d", w.n), Vouchers: w.vouchers(j.bad)}
	for s, a := range map[*side]*arm{&w.client: &j.client, &w.vendor: &j.vendor} {
		if _, err := s.ask(asked{Arm: a}); err != nil {
			return nil, "it did not begin: " + err.Error()
		}
	}
	status := w.pays(b, within)
	for _, s := range []*side{&w.client, &w.vendor} {
		if j.client.Kill+j.vendor.Kill > 0 {
			_, _ = s.ask(asked{Arm: &arm{}})
		}
		died = append(died, slices.DeleteFunc(s.died(), func(at string) bool { return at == "" })...)
	}
	return died, w.wrong(j, b, status, within)
}

// pays asks until the payment is decided and the decision is carried out.
func (w *wholeWorld) pays(b basket, within time.Time) (status string) {
	for {
		t, err := w.client.ask(asked{Whole: &b})
		if err == nil {
			switch status = t.Status; {
			case status == client.PaymentPaid, status == client.PaymentRefunded, status == client.PaymentAborted:
				return status
			}
		}
		if time.Now().After(within) {
			return fmt.Sprintf("not decided: %s %v %+v", status, err, t.Outcome)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// vouchers are two new ones.
func (w *wholeWorld) vouchers(bad bool) []instrument.ID {
	list := make([]instrument.Instance, 2)
	for n := range list {
		state, _ := json.Marshal(slip{Number: fmt.Sprintf("%d.%d", w.n, n), Bad: bad && n == 1})
		list[n] = instrument.Instance{Class: "voucher", Status: "ready", State: state}
	}
	return w.client.create(w.t, list...)
}

// wrong looks at both sides.
func (w *wholeWorld) wrong(j wholeJob, b basket, status string, within time.Time) string {
	want, have, taken, shop := client.PaymentPaid, "used used", 2, vendor.PaymentPaid
	if j.bad {
		want, have, taken, shop = client.PaymentRefunded, "ready ready", 0, vendor.PaymentClosed
	}
	if status != want {
		return fmt.Sprintf("the payment is %s, not %s", status, want)
	}
	ctx, cancel := contextWithin()
	defer cancel()
	var mine []string
	for _, id := range b.Vouchers {
		i, err := w.client.desk.Instruments().View(ctx, id)
		if err != nil {
			return err.Error()
		}
		mine = append(mine, i.Status)
	}
	if got := strings.Join(mine, " "); got != have {
		return fmt.Sprintf("the vouchers are %s, not %s", got, have)
	}
	for n := range 2 {
		i, err := w.vendor.desk.Instruments().Lookup(ctx, "voucher", "number", fmt.Sprintf("%d.%d", w.n, n))
		if err == nil && i.Status == "taken" {
			taken--
		}
	}
	if taken != 0 {
		return "the vendor has not taken what was paid, or has kept what came back"
	}
	op, err := w.client.desk.OperationID(b.Key)
	if err != nil {
		return err.Error()
	}
	all, err := vendor.New(w.vendor.desk.Controller, nil, vendor.Config{}).AllPayments(ctx)
	if err != nil {
		return err.Error()
	}
	for _, p := range all {
		if p.Name == protocol.Short(op) && p.Status != shop {
			return fmt.Sprintf("the vendor's payment is %s, not %s", p.Status, shop)
		}
	}
	return w.rests(within)
}

// rests waits until nothing runs or is leased on either side.
func (w *wholeWorld) rests(within time.Time) string {
	for {
		var left []string
		for _, s := range []*side{&w.client, &w.vendor} {
			left = append(left, s.texts(`SELECT id FROM operations WHERE state <> 'ended'`)...)
			left = append(left, s.texts(`SELECT id FROM instances WHERE lease IS NOT NULL`)...)
		}
		if len(left) == 0 {
			return ""
		}
		if time.Now().After(within) {
			return fmt.Sprintf("%d operations or leases are left", len(left))
		}
		time.Sleep(2 * time.Millisecond)
	}
}
