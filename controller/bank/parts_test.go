package bank_test

import (
	"encoding/binary"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestAPaymentGoesBackInSoManyParts and no more: each new one reads those before it, while the
// transfers of all exchanges wait.
//
// Rows: transfers in part.
func TestAPaymentGoesBackInSoManyParts(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: handsOut})
	confirmed(t, h, "tx", 1)
	confirmed(t, h, "ty", 2)
	part := func(n int, account string) error {
		r := back(t, 1, "CHF:0.01", account)
		binary.BigEndian.PutUint32(r.RequestUID[:], uint32(n))
		binary.BigEndian.PutUint32(r.WTID[:], uint32(n))
		_, err := h.Bank.Transfer(withTimeout(t), h.Bank.Default(), r)
		return err
	}
	for n := range 256 {
		check(t, part(n, paidWithTx))
	}
	refused(t, part(256, paidWithTx), fault.Conflict, taler.ReasonTransferExceeds)
	check(t, part(255, paidWithTx)) // again
	check(t, part(256, "payto://simulator-transaction/ty"))
}
