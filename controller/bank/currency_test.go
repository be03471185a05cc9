package bank_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestTheCurrencyStays: once there is a withdrawal, no bank of another currency goes on
// with its history. A wirewatch would take CHF for the euros that its exchange is of.
func TestTheCurrencyStays(t *testing.T) {
	h := open(t, banktest.Options{})
	t.Cleanup(h.Close)
	euros := h.Bank.Config()
	euros.Currency, euros.WithdrawalFees = "EUR", taler.Amount{Currency: "EUR"}
	if err := bank.Look(t.Context(), h.Bank.Controller, euros).CheckCurrency(t.Context()); err != nil {
		t.Errorf("a bank that has sold nothing: %v", err)
	}
	setUp(t, h, "u")
	if err := h.Bank.CheckCurrency(t.Context()); err != nil {
		t.Errorf("the currency as it was: %v", err)
	}
	b, err := bank.New(t.Context(), h.Bank.Controller, euros)
	refused(t, err, fault.Invalid, taler.ReasonCurrencyMismatch)
	if err == nil {
		_ = b.Close(t.Context())
	}
}
