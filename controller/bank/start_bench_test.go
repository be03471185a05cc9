package bank_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// openWithdrawals are what a bank starts with that has sold much today.
const openWithdrawals = 100_000

// BenchmarkStart measures how long a bank takes from its files to its listening
// with 100,000 open withdrawals: half of them pending, half of them selected.
func BenchmarkStart(b *testing.B) {
	h := open(b, banktest.Options{})
	b.Cleanup(h.Close)
	leave(b, h, openWithdrawals)
	for b.Loop() {
		b.StopTimer()
		h.Close()
		b.StartTimer()
		h.Restart()
	}
}

// leave makes withdrawals that are open.
func leave(tb testing.TB, h *banktest.House, n int) {
	tb.Helper()
	lax, now := h.Lax(), time.Now().Unix()
	for made := 0; made < n; {
		err := lax.Update(tb.Context(), func(tx *instrument.Draft) error {
			for range min(n-made, 1000) {
				made++
				w := taler.Withdrawal{
					State: taler.StatePending, Currency: "CHF", Amount: amount(tb, "CHF:20"), Terminal: "till", Provider: banktest.ProviderName, Created: now,
				}
				binary.BigEndian.PutUint32(w.WOPID[:], uint32(made))
				i := instrument.Instance{Class: bank.ClassWithdrawal, Owner: "bank", Keys: map[string]string{"wopid": w.WOPID.Text(), "request": w.WOPID.Text()}}
				if made%2 == 0 {
					w.State, w.Selected = taler.StateSelected, now
					binary.BigEndian.PutUint32(w.ReservePub[:], uint32(made))
					i.Keys["reserve_pub"] = w.ReservePub.String()
				}
				i.Status = string(w.State)
				if err := i.Encode(w); err != nil {
					return err
				}
				if _, err := tx.Create(i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}
