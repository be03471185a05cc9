package house_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// purse makes a wallet with n coins of one franc.
func purse(tb testing.TB, n int) house.Options {
	tb.Helper()
	word := crypto.NewSecret([]byte("open sesame"))
	o := house.Options{
		Files: house.Files{Dir: tb.TempDir(), LockBy: crypto.QuickPassphrase}, Role: comm.Client, Name: "purse", Passphrase: &word,
		Policy: profile.UserPolicy(), Log: slog.New(slog.DiscardHandler),
	}
	if err := house.Init(tb.Context(), o.Files, "gary", &word); err != nil {
		tb.Fatal(err)
	}
	h, err := house.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = h.Close(tb.Context()) }()
	err = h.Instruments().Update(tb.Context(), func(tx *instrument.Draft) error {
		for c := range n {
			_, err := tx.Create(instrument.Instance{
				Class: client.ClassCoin, Owner: house.Self, Status: "fresh", Keys: map[string]string{"coin_pub": fmt.Sprint(c)},
				State: json.RawMessage(`{"value":"CHF:1","exchange_url":"https://exchange.example.com/","denom":"` + strings.Repeat("0", 421) +
					`","signature":"` + strings.Repeat("0", 410) + `","coin_ev_hash":"` + strings.Repeat("0", 103) + `","denom_pub_hash":"` + strings.Repeat("0", 103) + `"}`),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

// look opens a wallet and adds up what it holds, as `wallet balance` does.
func look(tb testing.TB, o house.Options) []client.Balance {
	tb.Helper()
	o.Looking = true
	h, err := house.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = h.Close(tb.Context()) }()
	me, err := h.Own(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	sums, err := client.New(h.Controller, me, nil).Balances(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return sums
}

func TestABalanceStartsNoPlugin(t *testing.T) {
	o := purse(t, 3)
	sums := look(t, o)
	if len(sums) != 1 || sums[0].Coins != 3 || sums[0].Available.String() != "CHF:3" {
		t.Errorf("the balance is %+v", sums)
	}
	left, err := filepath.Glob(filepath.Join(o.Run(), "*", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("plugins have left %v, %v", left, err)
	}
}

// BenchmarkBalance is `wallet balance` of a hundred coins, and of ten thousand,
// without the start of the process, and what of it is not unlocking.
func BenchmarkBalance(b *testing.B) {
	for _, n := range []int{100, 10000} {
		b.Run(fmt.Sprint(n, " coins"), func(b *testing.B) { benchBalance(b, n) })
	}
}

func benchBalance(b *testing.B, n int) {
	b.Helper()
	o := purse(b, n)
	slot := crypto.Slot{Name: "owner", Lock: crypto.QuickPassphrase(*o.Passphrase)}
	var unlocking time.Duration
	for b.Loop() {
		look(b, o)
		b.StopTimer()
		begun := time.Now()
		if _, err := crypto.OpenVault(o.Vault(), slot); err != nil {
			b.Fatal(err)
		}
		unlocking += time.Since(begun)
		b.StartTimer()
	}
	per := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(b.N) }
	b.ReportMetric(per(unlocking), "unlock-ms")
	b.ReportMetric(per(b.Elapsed()-unlocking), "besides-unlock-ms")
}
