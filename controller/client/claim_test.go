package client_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// beside is another process in the wallet's directory. The first has ended when
// dead says so.
func (m *market) beside(dead *atomic.Bool) *client.Wallet {
	m.t.Helper()
	bundles := []protocol.Bundle{client.Payments(), vouchers(comm.Client, "red", &m.moods), vouchers(comm.Client, "blue", &m.moods), vouchers(comm.Client, "green", &m.moods)}
	p := controllertest.New(m.t, m.net, controllertest.Options{
		Role: comm.Client, Policy: profile.UserPolicy(), Bundles: bundles,
		Beside: m.party, Runner: "beside", Gone: func(string) bool { return dead.Load() },
	})
	return client.New(p.Controller, p.Me(m.t), nil)
}

// meddler is a payer beside whom somebody else is at the same wallet.
type meddler struct {
	*chooser
	first  func(client.Whole) // when the first part is about to begin
	before func()             // before the person says which instrument instead
}

func (m *meddler) Show(w client.Whole) {
	m.chooser.Show(w)
	if m.first != nil && w.Parts[0].State == client.PartPaying {
		m.first(w)
		m.first = nil
	}
}

func (m *meddler) Instead(ctx context.Context, p client.WholePart, why error) (instrument.ID, error) {
	if m.before != nil {
		m.before()
	}
	return m.chooser.Instead(ctx, p, why)
}

// meddle tries all that decides a payment, and nothing of it may do so.
func (m *market) meddle(who string, w *client.Wallet, name string) {
	m.t.Helper()
	_, refunded := w.RefundPayment(m.t.Context(), name)
	_, abandoned := w.AbandonPayment(m.t.Context(), name)
	_, resumed := w.ResumePayment(m.t.Context(), name, client.Nobody{})
	for what, err := range map[string]error{"refund": refunded, "resume": resumed} {
		if !errors.Is(err, fault.Locked) || fault.ReasonOf(err) != "payment-taken" {
			m.t.Errorf("%s of %s: %v", what, who, err)
		}
	}
	if abandoned == nil {
		m.t.Errorf("%s may abandon it", who)
	}
	if err := w.ResumePayments(m.t.Context()); err != nil {
		m.t.Errorf("%s goes on with what others have left: %v", who, err)
	}
}

// While one pays, between the record of a part and the first step of its operation
// and while a person thinks, nobody else decides about the payment.
func TestAPaymentIsDecidedByWhoeverPays(t *testing.T) {
	for _, declined := range []string{"", "red", "blue"} {
		t.Run("declined "+declined, func(t *testing.T) {
			m := openMarket(t)
			m.refuses.Store(declined)
			other := m.beside(&atomic.Bool{})
			name, met := "", 0
			who := &meddler{chooser: &chooser{others: []instrument.ID{m.green}}}
			meddle := func() {
				m.meddle("this process", m.Wallet, name)
				m.meddle("another process", other, name)
				met++
			}
			who.first = func(w client.Whole) { name = string(w.Operation); meddle() }
			who.before = meddle
			got, err := m.PayTogether(t.Context(), m.purchase("k"), who)
			check(t, err)
			want := map[string]string{"": "used used ready; 2 taken", "red": "ready used used; 2 taken", "blue": "used ready used; 2 taken"}[declined]
			if has := m.has(); got.Status != client.PaymentPaid || has != want || m.shopSays(got) != vendor.PaymentPaid {
				t.Errorf("it is %s, %s; the shop says %s", got.Status, has, m.shopSays(got))
			}
			if met == 0 || declined != "" && met != 2 {
				t.Errorf("%d times", met)
			}
		})
	}
}

// A payment that is not over and that nobody works on is anybody's, and so is one
// of a process that has ended.
func TestAPaymentThatNobodyWorksOn(t *testing.T) {
	t.Run("let go of", func(t *testing.T) {
		m := openMarket(t)
		m.unknown.Store("blue")
		other := m.beside(&atomic.Bool{})
		got, err := m.PayTogether(t.Context(), m.purchase("k"), &chooser{})
		if fault.ReasonOf(err) != "pending" {
			t.Fatal(err)
		}
		m.unknown.Store("")
		got, err = other.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
		if has := m.has(); err != nil || has != "used used ready; 2 taken" || m.shopSays(got) != vendor.PaymentPaid {
			t.Errorf("%s: %v", has, err)
		}
	})
	t.Run("of a process that has ended", func(t *testing.T) {
		m := openMarket(t)
		var dead atomic.Bool
		other := m.beside(&dead)
		name := ""
		who := &meddler{chooser: &chooser{}, first: func(w client.Whole) {
			name = string(w.Operation)
			panic(died{})
		}}
		if !m.dying(func() { _, _ = m.PayTogether(t.Context(), m.purchase("k"), who) }) {
			t.Fatal("it lives")
		}
		if _, err := other.RefundPayment(t.Context(), name); fault.ReasonOf(err) != "payment-taken" {
			t.Errorf("while it seems to live: %v", err)
		}
		dead.Store(true)
		got, err := other.RefundPayment(t.Context(), name)
		if has := m.has(); err != nil || got.Status != client.PaymentAborted || has != "ready ready ready; 0 taken" {
			t.Errorf("it is %s, %s: %v", got.Status, has, err)
		}
	})
}

// Whoever is not waited for any more may still begin an operation: until it is on
// record, or never will be, its process keeps the payment.
func TestAPartThatIsAboutToBegin(t *testing.T) {
	m := openMarket(t)
	other := m.beside(&atomic.Bool{})
	ctx, leave := context.WithCancel(t.Context())
	var armed atomic.Bool
	reached, free := make(chan struct{}), make(chan struct{})
	m.stops = func(p protocol.Point) {
		if p == protocol.PointBegin && armed.CompareAndSwap(true, false) {
			close(reached)
			<-free
		}
	}
	go func() { <-reached; leave() }()
	got, err := m.PayTogether(ctx, m.purchase("k"), &meddler{chooser: &chooser{}, first: func(client.Whole) { armed.Store(true) }})
	if fault.ReasonOf(err) != "pending" || got.Parts[0].State != client.PartPaying {
		t.Fatalf("%+v, %v", got, err)
	}
	m.meddle("another process", other, string(got.Operation))
	close(free)
	again, err := m.RefundPayment(t.Context(), string(got.Operation))
	if has := m.has(); err != nil || again.Status != client.PaymentRefunded || has != "ready ready ready; 0 taken" || m.shopSays(again) != vendor.PaymentClosed {
		t.Errorf("it is %s, %s; the shop says %s: %v", again.Status, has, m.shopSays(again), err)
	}
}

// meddled is a payment that another process writes to as soon as its first part is on record.
type meddled struct {
	chooser
	m    *market
	once sync.Once
}

func (o *meddled) Show(client.Whole) {
	o.once.Do(func() {
		all, err := o.m.party.Instruments().List(o.m.t.Context(), instrument.Filter{Class: controller.ClassPayment})
		check(o.m.t, err)
		check(o.m.t, o.m.party.Instruments().Update(o.m.t.Context(), func(tx *instrument.Draft) error {
			i, err := tx.Get(all[0].ID)
			if err != nil {
				return err
			}
			return tx.Put(i)
		}))
	})
}

// Who finds that another process has written to the payment writes nothing over it, says so, and
// goes on from what is there when asked again: nothing is paid twice.
func TestWhatAnotherProcessWroteIsNotWrittenOver(t *testing.T) {
	m := openMarket(t)
	got, err := m.PayTogether(t.Context(), m.purchase("k"), &meddled{m: m})
	if fault.ReasonOf(err) != "payment-taken" || got.Status != client.PaymentOpen {
		t.Fatalf("it is %s: %v", got.Status, err)
	}
	got, err = m.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
	if err != nil || got.Status != client.PaymentPaid || m.has() != "used used ready; 2 taken" {
		t.Errorf("it is %s, %s: %v", got.Status, m.has(), err)
	}
}
