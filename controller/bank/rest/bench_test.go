package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// BenchmarkWithdrawal is the whole job at the bank with 32 terminals over HTTP,
// on a real file, with the protocols in this process.
func BenchmarkWithdrawal(b *testing.B) {
	banktest.Benchmark(b, open(b, banktest.Options{}), 32)
}

// BenchmarkPage reads pages of 100 rows of an exchange's history over HTTP, in a
// history of 20,000. What it counts is of both sides; the reader only reads bytes.
func BenchmarkPage(b *testing.B) {
	const rows, page = 20_000, 100
	h := banktest.Open(b, banktest.Options{Bundles: bundles()})
	row := taler.IncomingTransaction{
		Type: taler.TypeReserve, Date: 1_700_000_000, Amount: chf(b, "20"),
		DebitAccount: "payto://simulator-transaction/127.0.0.1/0123456789?receiver-name=Card",
	}
	err := h.Bank.Instruments().Update(withTimeout(b), func(tx *instrument.Draft) error {
		for n := range rows {
			row.ReservePub = taler.EddsaPublicKey{byte(n), byte(n >> 8), 1}
			if err := tx.Append(bank.Incoming, "", row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet,
			fmt.Sprintf("%s%shistory/incoming?limit=%d&offset=%d", h.URL, gateway[1:], page, n*7919%(rows-page)), http.NoBody)
		if err != nil {
			b.Fatal(err)
		}
		r.SetBasicAuth(h.Gateway.User, h.Gateway.Password)
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		read, err := io.Copy(io.Discard, got.Body)
		if err != nil || got.Body.Close() != nil || got.StatusCode != http.StatusOK {
			b.Fatal(got.Status, err)
		}
		b.SetBytes(read)
	}
}
