package vendor_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// lies is a bank that tells the how-many-th document of a withdrawal that a wallet has,
// from 1 on, otherwise than it is; none is 0.
func lies(t *testing.T, bank string, change func(document map[string]any, selected int)) string {
	t.Helper()
	var selected atomic.Int32
	return retold(t, bank, func(_ *http.Request, document map[string]any) {
		if document["status"] == string(taler.StateSelected) {
			selected.Add(1)
		}
		if document["wire_types"] != nil {
			change(document, int(selected.Load()))
		}
	})
}

// TestNoCardIsChargedForSomethingElse than what the customer has agreed to, whatever
// the bank says and whenever it begins to: from the start, when a wallet has selected,
// or when the card is there.
func TestNoCardIsChargedForSomethingElse(t *testing.T) {
	const start, selected, card = 0, 1, 2
	for _, row := range []struct {
		name, member string
		as           any
		from         int
		reason       string
	}{
		{"another amount from the start", "amount", "CHF:5", start, "CHF:5 and not CHF:20"},
		{"another amount when a wallet has it", "amount", "CHF:5", selected, "CHF:5 and not CHF:20"},
		{"another amount when the card is there", "amount", "CHF:5", card, "CHF:5 and not CHF:20"},
		{"other fees when a wallet has it", "card_fees", "CHF:2", selected, "CHF:2 and not CHF:0.5"},
		{"other fees when the card is there", "card_fees", "CHF:2", card, "CHF:2 and not CHF:0.5"},
		{"paid when a wallet has it", "status", "confirmed", selected, "paid already"},
		{"paid when the card is there", "status", "confirmed", card, "paid already"},
		{"of another exchange when a wallet has it", "required_exchange", "https://other.example/", selected, "another exchange"},
		{"another wallet's when the card is there", "selected_reserve_pub", newPurse(t, 9).priv.Public().String(), card, "another wallet"},
	} {
		for way, by := range map[string]string{"": "approved", ", over a session": ""} {
			t.Run(row.name+way, func(t *testing.T) {
				c := newCastAt(t, func(h *banktest.House) string {
					return lies(t, h.URL, func(document map[string]any, n int) {
						if n >= row.from {
							document[row.member] = row.as
						}
					})
				})
				shop, mine := c.open(t), newPurse(t, 1)
				selects := c.selects(t, mine)
				tried := make(chan error, 1)
				person := customer{}
				person.on = func(e vendor.Event) {
					if selects(e); e.Event != vendor.EventPay {
						return
					}
					go func() {
						all, err := c.Withdrawals(t.Context())
						check(t, err)
						tried <- newWallet(t, c).pay(t, shop, all[0].WOPID, mine)
					}()
				}
				_, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: by}, &person)
				if fault.KindOf(err) != fault.Declined || !strings.Contains(fault.From(err).Message, row.reason) || person.last.Event != vendor.EventAborted {
					t.Errorf("error %v, events %v", err, person.events)
				}
				if slices.Contains(person.events, vendor.EventPay) {
					if err := <-tried; fault.KindOf(err) != fault.Declined {
						t.Errorf("the wallet's payment: %v", err)
					}
				}
				if c.cards.Times() != 0 {
					t.Errorf("the card was charged %d times", c.cards.Times())
				}
			})
		}
	}
}

// TestNoCardIsChargedWhatTheBankWouldNotTakeNoticeOf: it does not know the withdrawal,
// says what cannot be read, or has no wallet for it. It may be another day, and nothing
// is charged before.
func TestNoCardIsChargedWhatTheBankWouldNotTakeNoticeOf(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		change func(document map[string]any)
		kind   fault.Kind
	}{
		{"unknown", http.StatusNotFound, nil, fault.NotFound},
		{"not this terminal's", http.StatusUnauthorized, nil, fault.Denied},
		{"unreadable", 0, func(d map[string]any) { d["status"] = "dreaming" }, fault.Unsupported},
		{"without a wallet", 0, func(d map[string]any) { d["status"] = string(taler.StatePending) }, fault.Unavailable},
	} {
		t.Run(row.name, func(t *testing.T) {
			var asked atomic.Int32
			last := func(r *http.Request) bool { // the look before the charge
				return status(r) && asked.Load() == 1 && r.URL.Query().Get("old_state") == string(taler.StatePending)
			}
			c := newCastAt(t, func(h *banktest.House) string {
				return served(t, h.URL, func(r *http.Request, document map[string]any) {
					if last(r) && row.change != nil {
						row.change(document)
					}
				}, func(w http.ResponseWriter, r *http.Request) bool {
					if last(r) && row.status != 0 {
						w.WriteHeader(row.status)
						return true
					}
					return false
				})
			})
			selects := c.selects(t, newPurse(t, 1))
			person := customer{on: func(e vendor.Event) {
				if selects(e); e.Event == vendor.EventSelected {
					asked.Add(1)
				}
			}}
			w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
			if fault.KindOf(err) != row.kind || w.Status != taler.TerminalSelected || c.cards.Times() != 0 {
				t.Fatalf("it is %s, charged %d times: %v", w.Status, c.cards.Times(), err)
			}
			asked.Add(1)
			w, err = c.Resume(t.Context(), w.WOPID, "approved", &customer{})
			if err != nil || w.Status != taler.TerminalConfirmed || c.cards.Times() != 1 {
				t.Errorf("later it is %s, charged %d times: %v", w.Status, c.cards.Times(), err)
			}
		})
	}
}

// TestNobodyWaitsForAPaymentOfWhatIsPaid: the bank has it as paid, and no wallet has
// paid here.
func TestNobodyWaitsForAPaymentOfWhatIsPaid(t *testing.T) {
	c := newCastAt(t, func(h *banktest.House) string {
		return served(t, h.URL, nil, func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Query().Get("old_state") != string(taler.StateSelected) {
				return false
			}
			_, err := w.Write([]byte(`{"status":"confirmed","amount":"CHF:20","wire_types":[]}`))
			return err == nil
		})
	})
	c.open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // or without the protection it would not end
	defer cancel()
	person := customer{on: c.selects(t, newPurse(t, 1))}
	_, err := c.Withdraw(ctx, vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20")}, &person)
	if fault.KindOf(err) != fault.Declined || !slices.Equal(person.events, []string{"setup", "selected", "pay", "aborted"}) {
		t.Errorf("error %v, events %v", err, person.events)
	}
}

// TestAStalePendingIsNoConfirmation: a bank may answer from a copy that lags behind.
func TestAStalePendingIsNoConfirmation(t *testing.T) {
	var asked atomic.Int32
	c := newCastAt(t, func(h *banktest.House) string {
		return retold(t, h.URL, func(r *http.Request, document map[string]any) {
			if r.URL.Query().Get("old_state") == string(taler.StateSelected) && asked.Add(1) == 1 {
				document["status"] = string(taler.StatePending)
			}
		})
	})
	person := customer{on: c.selects(t, newPurse(t, 1))}
	w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
	if err != nil || w.Status != taler.TerminalConfirmed || asked.Load() < 2 {
		t.Errorf("it is %s after %d answers: %v", w.Status, asked.Load(), err)
	}
}

// TestWhoHasChargedIsToldToGoOn, not that nothing was changed.
func TestWhoHasChargedIsToldToGoOn(t *testing.T) {
	var refused atomic.Int32
	c := newCastAt(t, func(h *banktest.House) string {
		return refusing(t, h.URL, http.StatusConflict, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/check") && refused.Add(1) == 1 })
	})
	person := customer{on: c.selects(t, newPurse(t, 1))}
	w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
	if hint := fault.From(err).Hint; fault.KindOf(err) != fault.Conflict || !strings.Contains(hint, "the card was charged, and only the bank's word is missing") || !strings.Contains(hint, "`terminal resume "+w.Short()+"`") {
		t.Errorf("%v, advised: %s", err, hint)
	}
	w, err = c.Resume(t.Context(), w.WOPID, "", &person)
	if err != nil || w.Status != taler.TerminalConfirmed || c.cards.Times() != 1 {
		t.Errorf("it is %s, charged %d times: %v", w.Status, c.cards.Times(), err)
	}
}

// TestWhoMayHaveChargedIsToldSo, also where there is no provider any more to ask what became of it.
func TestWhoMayHaveChargedIsToldSo(t *testing.T) {
	c := newCast(t)
	c.cards.Be(func(m *banktest.Mood) { m.Late = true })
	providers, err := c.Providers(t.Context())
	check(t, err)
	selects := c.selects(t, newPurse(t, 1))
	person := customer{on: func(e vendor.Event) {
		if selects(e); e.Event == vendor.EventUnknown {
			check(t, c.RemoveProvider(t.Context(), "cards"))
		}
	}}
	w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
	if hint := fault.From(err).Hint; w.Status != taler.TerminalSelected || !strings.Contains(hint, "whether the card was charged is not known yet") || !strings.Contains(hint, "`terminal resume "+w.Short()+"`") {
		t.Errorf("it is %s: %v, advised: %s", w.Status, err, hint)
	}
	providers[0].Name = "the same"
	check(t, c.AddProvider(t.Context(), providers[0]))
	w, err = c.Resume(t.Context(), w.WOPID, "", &customer{})
	if err != nil || w.Status != taler.TerminalConfirmed || c.cards.Times() != 1 {
		t.Errorf("it is %s, charged %d times: %v", w.Status, c.cards.Times(), err)
	}
}

// refusing is a bank that answers some requests with a status and no word that is
// known here.
func refusing(t *testing.T, bank string, status int, some func(*http.Request) bool) string {
	t.Helper()
	return served(t, bank, nil, func(w http.ResponseWriter, r *http.Request) bool {
		if !some(r) {
			return false
		}
		w.WriteHeader(status)
		_, err := w.Write([]byte(`{"code":9999}`))
		return err == nil
	})
}
