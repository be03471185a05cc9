package bank_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestWalleesAddressMayLackItsPath: documents often leave it out.
func TestWalleesAddressMayLackItsPath(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	ctx := withTimeout(t)
	if err := h.Bank.AddProviderKey(ctx, bank.Provider{Name: "w", Kind: "wallee", URL: "http://127.0.0.1:1/", Space: 1, User: 1}, "a2V5"); err != nil {
		t.Fatal(err)
	}
	if p, err := h.Bank.ProviderOf(ctx, "w"); err != nil || p.URL != "http://127.0.0.1:1/api/" {
		t.Errorf("it is asked at %s, %v", p.URL, err)
	}
}
