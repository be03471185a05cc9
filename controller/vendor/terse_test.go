package vendor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// TestATerseBank says no more of a withdrawal than it must. What it takes for each one
// is charged all the same, for it confirms nothing that is paid with less.
func TestATerseBank(t *testing.T) {
	for _, row := range []struct {
		name    string
		without []string
		trusts  bool
	}{
		{"of fees", []string{"card_fees"}, false},
		{"of whose it is", []string{"selected_reserve_pub", "selected_exchange_account"}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCastAt(t, func(h *banktest.House) string { return terse(t, h.URL, row.without...) })
			var selected vendor.Event
			selects := c.selects(t, newPurse(t, 1))
			person := customer{trusts: row.trusts, on: func(e vendor.Event) {
				if e.Event == vendor.EventSelected {
					selected = e
				}
				selects(e)
			}}
			w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
			if err != nil || !slices.Equal(person.events, []string{"setup", "selected", "paid", "confirmed"}) {
				t.Fatalf("error %v, events %v", err, person.events)
			}
			if q := person.quote; q.Total.String() != "CHF:20.5" || q.Fees.String() != "CHF:0.5" {
				t.Errorf("the customer saw %s, %s of it fees", q.Total, q.Fees)
			}
			if (selected.Reserve == "") != row.trusts || w.ReservePub.IsZero() != row.trusts {
				t.Errorf("the terminal says that %q was selected", selected.Reserve)
			}
			status, err := c.bank.Wallet().Operation(t.Context(), w.WOPID, taler.LongPoll{})
			if err != nil || status.Status != taler.StateConfirmed {
				t.Errorf("at the bank it is %s, %v", status.Status, err)
			}
		})
	}
}

// TestNoWalletPaysForOneThatIsNotNamed: nobody waits for a payer who cannot come.
func TestNoWalletPaysForOneThatIsNotNamed(t *testing.T) {
	c := newCastAt(t, func(h *banktest.House) string {
		return terse(t, h.URL, "selected_reserve_pub", "selected_exchange_account")
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	selects := c.selects(t, newPurse(t, 1))
	person := customer{on: func(e vendor.Event) {
		if e.Event == vendor.EventPay {
			cancel()
		}
		selects(e)
	}}
	w, err := c.Withdraw(ctx, vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20")}, &person)
	if fault.KindOf(err) != fault.Unsupported || w.Status != taler.TerminalSelected {
		t.Errorf("it is %s: %v", w.Status, err)
	}
	person.trusts = true
	w, err = c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
	if err != nil || w.Status != taler.TerminalConfirmed || c.cards.Times() != 1 {
		t.Errorf("with a card it is %s, charged %d times: %v", w.Status, c.cards.Times(), err)
	}
}

// terse is a bank that leaves members out of what it answers.
func terse(t *testing.T, bank string, without ...string) string {
	t.Helper()
	return retold(t, bank, func(_ *http.Request, document map[string]any) {
		for _, name := range without {
			delete(document, name)
		}
	})
}

// retold is a bank that says other things than it should.
func retold(t *testing.T, bank string, change func(*http.Request, map[string]any)) string {
	t.Helper()
	return served(t, bank, change, func(http.ResponseWriter, *http.Request) bool { return false })
}

// served passes requests on to a bank, but those that it answers itself.
func served(t *testing.T, bank string, change func(*http.Request, map[string]any), answers func(http.ResponseWriter, *http.Request) bool) string {
	t.Helper()
	at, err := url.Parse(bank)
	check(t, err)
	proxy := httputil.NewSingleHostReverseProxy(at)
	proxy.ModifyResponse = func(r *http.Response) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		var document map[string]any
		if change != nil && json.Unmarshal(body, &document) == nil {
			change(r.Request, document)
			if body, err = json.Marshal(document); err != nil {
				return err
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		r.ContentLength = int64(len(body))
		return nil
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answers(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}
