package main

import (
	"context"
	"log/slog"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// charging is a servicing that names a provider and what is charged there, as for a card.
type charging struct{ controller.Servicing }

func (charging) Prepare(_ context.Context, _ controller.Caller, _ comm.Execute, t *controller.Transaction) error {
	t.Reference = "a reference"
	return nil
}

// A piece is kept for whatever buys one, also for what has a reference at a provider. Nothing is
// kept for a payment into an account.
func TestAPieceIsKeptForACard(t *testing.T) {
	f := house.Files{Dir: t.TempDir()}
	check(t, house.Init(t.Context(), f, "machine", nil))
	h, err := house.Open(t.Context(), house.Options{Files: f, Role: comm.Vendor, Name: "machine", Policy: vendor.Policy(), Log: slog.New(slog.DiscardHandler)})
	check(t, err)
	t.Cleanup(func() { check(t, h.Close(context.Background())) })
	shelf, err := newShelf([]string{"A1 CHF:2 1"})
	check(t, err)
	s := &shop{Servicing: charging{}, shelf: shelf, till: vendor.New(h.Controller, nil, vendor.Config{Merchant: "machine"})}
	pays := func(n int, inv instrument.Invoice) fault.Reason {
		return fault.ReasonOf(s.Prepare(t.Context(), controller.Caller{}, comm.Execute{}, &controller.Transaction{ID: op(n), Operation: protocol.Pay, Invoice: inv}))
	}
	buys := instrument.Invoice{vendor.InvoiceProduct: "A1"}
	for n, row := range []struct {
		inv  instrument.Invoice
		want fault.Reason
	}{{instrument.Invoice{controller.InvoiceAccount: "1"}, ""}, {buys, ""}, {buys, "sold-out"}, {nil, "product-missing"}} {
		if got := pays(n, row.inv); got != row.want {
			t.Errorf("%d: %q, want %q", n, got, row.want)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
