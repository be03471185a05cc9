package bank_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestAWebhookOnlyWakes: with pauses that no test survives, it makes the bank ask,
// and what it says counts for nothing.
func TestAWebhookOnlyWakes(t *testing.T) {
	h := open(t, banktest.Options{Asking: bank.Asking{First: time.Hour, Longest: time.Hour, Woken: time.Millisecond}})
	id := selected(t, h, "u", key(1))
	notify(t, h, id, "tx")
	if err := h.Provider.WaitAsked(withTimeout(t), "tx", 1); err != nil {
		t.Fatal(err)
	}
	post := func(provider, body string, want int) {
		t.Helper()
		answer, err := http.Post(h.URL+"webhooks/"+provider, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: status %d, want %d", body, answer.StatusCode, want)
		}
	}
	for _, body := range []string{`{}`, `{"entityId":4711}`, `{"entityId":"other"}`, `{"entityId":null,"state":"FULFILL"}`, `{"entityId":{"a":[]}}`} {
		post(banktest.ProviderName, body, 204)
	}
	post("nobody", `{"entityId":"tx","state":"FULFILL"}`, 404)
	post(banktest.ProviderName, `no JSON`, 400)
	post(banktest.ProviderName, `{"entityId":"`+strings.Repeat("x", 1<<17)+`"}`, 413)
	post(banktest.ProviderName, `{"entityId":"tx","state":"FULFILL"}`, 204)
	if err := h.Provider.WaitAsked(withTimeout(t), "tx", 2); err != nil {
		t.Fatal(err)
	}
	if w := look(t, h, id); w.State != taler.StateSelected || h.Provider.Asked("tx") != 2 {
		t.Errorf("it is %s after %d questions", w.State, h.Provider.Asked("tx"))
	}
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	post(banktest.ProviderName, `{"entityId":"tx","state":"FAILED"}`, 204)
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Errorf("it is %s", w.State)
	}
}

// TestAWebhookWakesAllThatWaitForAPayment: two tills have named the same one, and the
// one that was mistaken is done first.
func TestAWebhookWakesAllThatWaitForAPayment(t *testing.T) {
	h := open(t, banktest.Options{Asking: bank.Asking{First: time.Hour, Longest: time.Hour, Woken: time.Millisecond}})
	right, mistaken, third := selected(t, h, "u", key(1)), selected(t, h, "v", key(2)), selected(t, h, "w", key(3))
	for n, id := range []taler.WOPID{right, mistaken, third} {
		notify(t, h, id, "tx")
		if err := h.Provider.WaitAsked(withTimeout(t), id.Text(), 1); err != nil { // by its reference, for nobody knows tx
			t.Fatalf("%d: %v", n, err)
		}
	}
	h.Provider.Put(banktest.Payment{ID: "other", State: "paid", Amount: amount(t, "CHF:20"), Reference: mistaken.Text()})
	h.Bank.Wake(banktest.ProviderName, "tx")
	if w := decision(t, h, mistaken); w.State != taler.StateConfirmed {
		t.Errorf("the mistaken one is %s", w.State)
	}
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: right.Text()})
	h.Bank.Wake(banktest.ProviderName, "tx")
	if w := decision(t, h, right); w.State != taler.StateConfirmed {
		t.Errorf("the one that was paid is %s", w.State)
	}
	if w := decision(t, h, third); w.State != taler.StateAborted {
		t.Errorf("the one that nobody has paid is %s", w.State)
	}
}
