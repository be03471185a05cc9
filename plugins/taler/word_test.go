package taler_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// A refusal that nobody has signed gives nothing up by itself. It does when the
// exchange's keys, or what it has, bear it out; what was given up is kept.
func TestAWordOfRefusalIsHeldToWhatTheExchangeShows(t *testing.T) {
	for _, row := range []struct {
		name         string
		status, code int
		shows        func(w *wallet, pub wire.EddsaPublicKey)
		balance      string // that it says when it is asked
		taken        bool
	}{
		{"too little money, and it is there", 409, 1150, nil, "CHF:12.1", false},
		{"too little money, and nobody was asked", 409, 1150, nil, "", false},
		{"too little money, and just what the request would leave", 409, 1150, nil, "CHF:0.08", false},
		{"too little money", 409, 1150, nil, "CHF:3", true},
		{"revoked, and its keys do not say so", 410, 1010, nil, "CHF:12.1", false},
		{"revoked, and just what the request would leave", 410, 1010, revokeFirst, "CHF:0.08", false},
		{"revoked, and nobody was asked what is there", 410, 1010, revokeFirst, "", false},
		{"revoked", 410, 1010, revokeFirst, "CHF:12.1", true},
		{"revoked, and more is there", 410, 1010, revokeFirst, "CHF:13", true},
		{"a lost key, and its keys do not say so", 410, 1158, nil, "CHF:12.1", false},
		{"a lost key", 410, 1158, func(w *wallet, _ wire.EddsaPublicKey) {
			w.mint.keys.Denominations[0].Denoms[0].Lost = true
			w.mint.sign()
		}, "CHF:12.1", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := readyWallet(t)
			r := w.prepare("CHF:12.1", "CHF:12.1") // 10.01 and 2.01 leave 0.08
			body := fmt.Sprintf(`{"code":%d}`, row.code)
			w.mint.always(http.MethodPost, row.status, body)
			_, err := w.batch("WITHDRAW", r.Reserve, nil)
			if fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.From(err).Hint, "bear this out") {
				t.Fatalf("got %v", err)
			}
			if _, reserve := w.reserve(r.Reserve); reserve.Batch == nil || !reserve.Batch.Clean {
				t.Fatal("the word alone has ended it")
			}
			w.mint.with(func() {
				w.mint.intercept, w.mint.requests = nil, nil
				if row.shows != nil {
					row.shows(w, r.ReservePub)
				}
			})
			if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
				t.Fatal(err)
			}
			var args wire.WithdrawArgs
			if row.balance != "" {
				args.Balance = amount(row.balance)
			}
			_, before := w.reserve(r.Reserve)
			result, err := w.batch("WITHDRAW", r.Reserve, args)
			if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins != len(w.coins()) {
				t.Errorf("withdrew %+v", got)
			}
			if again := bytes.Equal(w.mint.requests[0], before.Batch.Body); again == row.taken {
				t.Errorf("the same request was sent again: %v", again)
			}
			_, reserve := w.reserve(r.Reserve)
			if kept := len(reserve.GivenUp) == 1 && bytes.Equal(reserve.GivenUp[0].Request, before.Batch.Body) && string(reserve.GivenUp[0].Response) == body; kept != row.taken {
				t.Errorf("what was given up is kept: %v, %d", kept, len(reserve.GivenUp))
			}
		})
	}
}

func revokeFirst(w *wallet, _ wire.EddsaPublicKey) {
	g := w.mint.keys.Denominations[0]
	w.mint.keys.Recoup = []wire.Recoup{{HDenomPub: denomHash(g, g.Denoms[0])}}
}

// Somebody on the way lets the exchange make the coins and take the money, and says
// that it has refused. What the exchange has shows that, so the same bytes are sent
// again, and their coins are there.
func TestNobodyOnTheWayMakesAWalletGiveCoinsUp(t *testing.T) {
	for name, word := range map[string]struct {
		status int
		body   string
	}{
		"too little money": {409, `{"code":1150,"balance":"CHF:0"}`},
		"revoked":          {410, `{"code":1010}`},
		"a lost key":       {410, `{"code":1158}`},
	} {
		for _, credit := range []string{"CHF:12.1", "CHF:15"} {
			t.Run(name+" of "+credit, func(t *testing.T) {
				w := readyWallet(t)
				r := w.prepare("CHF:12.1", credit)
				w.mint.with(func() {
					w.mint.intercept = func(out http.ResponseWriter, in *http.Request) bool {
						if in.Method != http.MethodPost {
							return false
						}
						in.SetPathValue("pub", r.ReservePub.String())
						w.mint.batchWithdraw(httptest.NewRecorder(), in)
						revokeFirst(w, r.ReservePub)
						out.WriteHeader(word.status)
						_, _ = io.WriteString(out, word.body)
						return true
					}
				})
				if _, err := w.batch("WITHDRAW", r.Reserve, wire.WithdrawArgs{Balance: amount(credit)}); fault.KindOf(err) != fault.Conflict {
					t.Fatalf("got %v", err)
				}
				w.mint.with(func() { w.mint.intercept = nil })
				if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
					t.Fatal(err)
				}
				result, err := w.batch("WITHDRAW", r.Reserve, wire.WithdrawArgs{Balance: w.mint.balances[r.ReservePub]})
				if got := valueOf[wire.WithdrawResult](t, result, err); got.Amount != amount("CHF:12") || len(w.mint.issued) != len(w.coins()) {
					t.Errorf("withdrew %+v, and the exchange has made %d coins", got, len(w.mint.issued))
				}
				if len(w.mint.requests) != 2 || !bytes.Equal(w.mint.requests[0], w.mint.requests[1]) {
					t.Error("another request was made")
				}
			})
		}
	}
}

// An exchange that says another balance each time, and refuses each request in many words,
// makes what is kept of it no longer than what can be kept.
func TestWhatIsKeptOfRefusalsIsBounded(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:100", "")
	sent := map[string]bool{}
	w.mint.with(func() {
		w.mint.intercept = func(out http.ResponseWriter, in *http.Request) bool {
			body, _ := io.ReadAll(in.Body)
			sent[string(body)] = true
			out.WriteHeader(409)
			_, _ = fmt.Fprintf(out, `{"code":1150,"hint":"%s"}`, strings.Repeat("x", 200<<10))
			return true
		}
	})
	refused := func(times int) {
		for range times {
			balance := fmt.Sprintf("CHF:%d", 90-len(sent))
			if _, err := w.batch("WITHDRAW", r.Reserve, wire.WithdrawArgs{Balance: amount(balance)}); fault.KindOf(err) != fault.Conflict {
				t.Fatalf("got %v", err)
			}
		}
	}
	refused(2)
	const before = 36 // like the first, which take half a minute where each access is watched
	err := w.Instruments.Update(t.Context(), func(d *instrument.Draft) error {
		i, err := d.Get(r.Reserve)
		if err != nil {
			return err
		}
		var reserve wire.Reserve
		if err := i.Decode(&reserve); err != nil {
			return err
		}
		reserve.GivenUp = append(reserve.GivenUp, slices.Repeat(reserve.GivenUp[:1], before)...)
		if err := i.Encode(&reserve); err != nil {
			return err
		}
		return d.Put(i)
	})
	if err != nil {
		t.Fatal(err)
	}
	const times = 8
	refused(times - 2)
	_, reserve := w.reserve(r.Reserve)
	if size := len(w.View(t, r.Reserve).State); size > 2<<20 || len(reserve.GivenUp) == 0 {
		t.Fatalf("the reserve has %d bytes, of %d requests that were given up", size, len(reserve.GivenUp))
	}
	if len(reserve.GivenUp[0].Response) > 16<<10 {
		t.Errorf("%d bytes of a refusal are kept", len(reserve.GivenUp[0].Response))
	}
	if givenUp := len(reserve.GivenUp) - before; len(sent) == times || len(sent) != givenUp+1 {
		t.Errorf("%d requests were made, and %d given up", len(sent), givenUp)
	}
}
