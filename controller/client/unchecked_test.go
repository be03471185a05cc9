package client_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// restored is the wallet as it comes out of a backup: it uses none of those instruments until they
// are accepted.
func (m *market) restored(accepted *atomic.Bool, unchecked ...instrument.ID) *client.Wallet {
	m.t.Helper()
	rule := func(ctx context.Context, a profile.Action) error {
		named, err := a.Instruments(ctx)
		if err == nil && !accepted.Load() && slices.ContainsFunc(named, func(i instrument.Instance) bool { return slices.Contains(unchecked, i.ID) }) {
			err = fault.New(fault.Denied, "it is out of a backup").Because(client.ReasonUnchecked).WithHint("`wallet instrument accept ID` takes it as it is")
		}
		return err
	}
	p := controllertest.New(m.t, m.net, controllertest.Options{
		Role: comm.Client, Policy: append(profile.UserPolicy(), rule), Beside: m.party, Runner: "restored", Gone: func(string) bool { return true },
		Bundles: []protocol.Bundle{client.Payments(), vouchers(comm.Client, "red", &m.moods), vouchers(comm.Client, "blue", &m.moods), vouchers(comm.Client, "green", &m.moods)},
	})
	return client.New(p.Controller, p.Me(m.t), nil)
}

// That an instrument has to be checked first decides nothing about a payment which was open in the
// backup: it does not come back before anybody could accept the instrument.
func TestAPaymentOutOfABackupWaitsForItsInstruments(t *testing.T) {
	m := openMarket(t)
	paid := &dyingOnce{chooser: &chooser{}}
	if !m.dying(func() { _, _ = m.PayTogether(t.Context(), m.purchase("k"), paid) }) {
		t.Fatal("it lives")
	}
	var accepted atomic.Bool
	w := m.restored(&accepted, m.red, m.blue)
	got, err := w.ResumePayment(t.Context(), paid.name, client.Nobody{})
	f := fault.From(err)
	if got.Status != client.PaymentOpen || f == nil || f.Reason != client.ReasonUnchecked || !strings.Contains(f.Hint, "accept") || !strings.Contains(f.Hint, "wallet operation resume "+paid.name) {
		t.Fatalf("it is %s: %v", got.Status, err)
	}
	accepted.Store(true)
	got, err = w.ResumePayment(t.Context(), paid.name, client.Nobody{})
	if err != nil || got.Status != client.PaymentPaid || m.has() != "used used ready; 2 taken" {
		t.Errorf("accepted it is %s, %s: %v", got.Status, m.has(), err)
	}
}

// Nor does it hide from whoever finds out what became of a part what there is to do.
func TestAPartInDoubtOutOfABackupSaysWhatToCheck(t *testing.T) {
	m := openMarket(t)
	name := m.inDoubt()
	m.unknown.Store("")
	var accepted atomic.Bool
	w := m.restored(&accepted, m.red, m.blue)
	got, err := w.ResumePayment(t.Context(), name, client.Nobody{})
	if f := fault.From(err); got.Status != client.PaymentOpen || f == nil || !strings.Contains(f.Hint, "accept") {
		t.Fatalf("it is %s: %v", got.Status, err)
	}
	accepted.Store(true)
	got, err = w.ResumePayment(t.Context(), name, client.Nobody{})
	if err != nil || got.Status != client.PaymentPaid || m.has() != "used used ready; 2 taken" {
		t.Errorf("accepted it is %s, %s: %v", got.Status, m.has(), err)
	}
}

// dyingOnce ends its wallet when the first part is paid.
type dyingOnce struct {
	*chooser
	name string
}

func (d *dyingOnce) Show(w client.Whole) {
	if w.Parts[0].State == client.PartPaid {
		d.name = string(w.Operation)
		panic(died{})
	}
}
