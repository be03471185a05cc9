package card_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

func factsOf(t testing.TB, r protocol.Result) (f protocol.Facts) {
	t.Helper()
	if err := json.Unmarshal(r.Value, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestChargingAPlasticCard(t *testing.T) {
	for _, row := range []struct {
		token  string
		kind   fault.Kind
		reason fault.Reason
		booked string
	}{
		{"approved", 0, "", "paid"},
		{"declined", fault.Declined, "card-declined", "declined"},
		{"pending", fault.Unknown, "provider-unknown", "pending"},
	} {
		t.Run(row.token, func(t *testing.T) {
			s := openShop(t)
			_, err := s.charge(row.token, "W1", "CHF:20")
			if fault.KindOf(err) != row.kind || fault.ReasonOf(err) != row.reason {
				t.Errorf("got %v (%s)", err, fault.ReasonOf(err))
			}
			if got := s.booked("W1"); got.State != row.booked {
				t.Errorf("booked as %+v", got)
			}
		})
	}
}

func TestChargesThatAreRefused(t *testing.T) {
	for _, row := range []struct {
		name   string
		args   map[string]string
		reason fault.Reason
	}{
		{"no token", map[string]string{"reference": "W1", "amount": "CHF:1"}, "charge-malformed"},
		{"no reference", map[string]string{"token": "approved", "amount": "CHF:1"}, "charge-malformed"},
		{"a merchant that is too long", map[string]string{"token": "approved", "reference": "W1", "amount": "CHF:1", "merchant": strings.Repeat("m", 257)}, "charge-malformed"},
		{"no amount", map[string]string{"token": "approved", "reference": "W1"}, "amount-too-small"},
		{"nothing", map[string]string{"token": "approved", "reference": "W1", "amount": "CHF:0"}, "amount-too-small"},
		{"negative", map[string]string{"token": "approved", "reference": "W1", "amount": "CHF:-1"}, "message-malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := openShop(t)
			_, err := s.vendor("CHARGE", row.args)
			wantFault(t, err, fault.Invalid, row.reason)
			if s.books.charged() != 0 {
				t.Error("the provider was asked")
			}
		})
	}
}

func TestAReferenceNamesOnePayment(t *testing.T) {
	s := openShop(t)
	if _, err := s.charge("approved", "W1", "CHF:20"); err != nil {
		t.Fatal(err)
	}
	_, err := s.charge("approved", "W1", "CHF:21")
	wantFault(t, err, fault.Conflict, "reference-reused")
}

func TestAProviderThatRefusesTheOrderHasChargedNothing(t *testing.T) {
	s := openShop(t)
	s.books.misbehave(says(400, `{"error":{}}`))
	_, err := s.charge("approved", "W1", "CHF:20")
	wantFault(t, err, fault.Declined, "provider-refused")
	if got := s.booked("W1"); got.State != "declined" || got.Reason != "provider-refused" {
		t.Errorf("booked as %+v", got)
	}
}

// The first charge waits in the queue of a proxy, where the terminal's patience
// ends before it gets to the provider.
func TestAChargeOnItsWayIsNotSentAgain(t *testing.T) {
	s := openShop(t)
	s.books.misbehave(silent)
	_, err := s.charge("approved", "W1", "CHF:20")
	wantFault(t, err, fault.Unknown, "provider-unknown")
	s.books.misbehave(nil)
	s.books.hides(true)
	for range 3 {
		s.passes(99 * time.Second)
		_, err = s.charge("approved", "W1", "CHF:20")
		wantFault(t, err, fault.Unknown, "provider-unknown")
	}
	if s.books.charged() != 1 {
		t.Fatalf("%d charges were sent", s.books.charged())
	}
	s.books.hides(false) // it gets there
	got, err := s.charge("approved", "W1", "CHF:20")
	if err != nil || got.Transaction != "pay-1" || s.books.paid("W1") != 1 {
		t.Errorf("%+v, %v; charged %d times", got, err, s.books.paid("W1"))
	}
}

// The first charge gets to the provider after the second was sent, and before it:
// the second one is refused, and that is not how the payment ended.
func TestARefusalOfTheSecondChargeIsNotTheEndOfTheFirst(t *testing.T) {
	s := openShop(t)
	s.books.misbehave(silent)
	_, err := s.charge("approved", "W1", "CHF:20")
	wantFault(t, err, fault.Unknown, "provider-unknown")
	s.books.hides(true)
	s.books.misbehave(func(w http.ResponseWriter, made *payment) bool {
		made.State, s.books.hide = "failed", false
		return false
	})
	s.passes(5 * time.Minute)
	got, err := s.charge("approved", "W1", "CHF:20")
	if err != nil || got.Transaction != "pay-1" || s.booked("W1").State != "paid" {
		t.Errorf("%+v, %v, booked as %+v", got, err, s.booked("W1"))
	}
}

func TestEachChargeThatIsSentHasItsTimeToArrive(t *testing.T) {
	s := openShop(t)
	s.books.hides(true)
	s.books.misbehave(silent)
	for range 2 {
		_, err := s.charge("approved", "W1", "CHF:20")
		wantFault(t, err, fault.Unknown, "provider-unknown")
		s.passes(5 * time.Minute)
	}
	s.passes(-time.Minute)
	_, err := s.charge("approved", "W1", "CHF:20")
	wantFault(t, err, fault.Unknown, "provider-unknown")
	if s.books.charged() != 2 {
		t.Errorf("%d charges were sent", s.books.charged())
	}
}

func TestLookupFindsAnOutcome(t *testing.T) {
	for _, final := range []string{"paid", "failed", "pending"} {
		t.Run(final, func(t *testing.T) {
			s := openShop(t)
			_, err := s.charge("pending", "W1", "CHF:20")
			wantFault(t, err, fault.Unknown, "provider-unknown")
			s.books.settle("W1", final)
			result, err := s.vendor("LOOKUP", map[string]string{"reference": "W1"})
			if err != nil {
				t.Fatal(err)
			}
			if f := factsOf(t, result); f.State != final || f.Reference != "W1" || f.Amount != amount("CHF:20") || f.Transaction != "pay-1" {
				t.Errorf("the facts are %+v", f)
			}
			want := map[string]string{"paid": "paid", "failed": "declined", "pending": "pending"}[final]
			if got := s.booked("W1").State; got != want {
				t.Errorf("booked as %s, want %s", got, want)
			}
		})
	}
}

func TestLookupsThatFindNothingOrSomethingElse(t *testing.T) {
	s := openShop(t)
	_, err := s.vendor("LOOKUP", map[string]string{"reference": "W0"})
	if fault.KindOf(err) != fault.NotFound {
		t.Errorf("a reference of nobody: %v", err)
	}
	_, err = s.charge("pending", "W1", "CHF:20")
	wantFault(t, err, fault.Unknown, "provider-unknown")
	s.books.hides(true)
	_, err = s.vendor("LOOKUP", map[string]string{"reference": "W1"})
	wantFault(t, err, fault.Unknown, "provider-unknown") // it may get there yet
	s.passes(5 * time.Minute)
	_, err = s.vendor("LOOKUP", map[string]string{"reference": "W1"})
	wantFault(t, err, fault.NotFound, "transaction-unknown")
	s.books.hides(false)
	s.books.mu.Lock()
	s.books.payments[0].State, s.books.payments[0].Amount = "paid", amount("CHF:200")
	s.books.mu.Unlock()
	_, err = s.vendor("LOOKUP", map[string]string{"reference": "W1"})
	wantFault(t, err, fault.Conflict, "payment-differs")
	if got := s.booked("W1").State; got != "pending" {
		t.Errorf("booked as %s", got)
	}
}

func TestTheBankGetsFactsAndNoVerdict(t *testing.T) {
	s := openShop(t)
	bank := newNode(t, comm.Bank, time.Now)
	at := providerAt(s.books.URL)
	at.Owner = "bank"
	sim := bank.Create(t, at)[0]
	if _, err := s.charge("approved", "W1", "CHF:20"); err != nil {
		t.Fatal(err)
	}
	verify := func(transaction string) (protocol.Result, error) {
		return alone(t, bank, "VERIFY", "card-provider", sim, map[string]string{"transaction": transaction})
	}
	result, err := verify("pay-1")
	if err != nil {
		t.Fatal(err)
	}
	f := factsOf(t, result)
	if f.State != "paid" || f.Amount != amount("CHF:20") || !f.Refunded.IsZero() || f.Reference != "W1" || f.Transaction != "pay-1" || len(f.Raw) == 0 {
		t.Errorf("the facts are %+v", f)
	}
	for name, id := range map[string]string{
		"of nobody": "pay-9", "empty": "", "a way up": "..", "a path": "pay-1/refunds", "a query": "pay-1?x=1", "a way out": "//evil.example/pay-1",
	} {
		t.Run("a transaction "+name, func(t *testing.T) {
			_, err := verify(id)
			wantFault(t, err, fault.NotFound, "transaction-unknown")
		})
	}
	if n := len(bank.Operations(t)); n != 0 {
		t.Errorf("verifying left %d operation rows", n)
	}
	s.books.Close()
	_, err = verify("pay-1")
	wantFault(t, err, fault.Unavailable, "provider-unreachable")
}

func TestCheckTellsAProviderFromAnythingElse(t *testing.T) {
	s := openShop(t)
	check := func(url string) error {
		at := providerAt(url)
		at.Keys["name"] = url
		id := s.Servicer.Create(t, at)[0]
		_, err := alone(t, s.Servicer, "CHECK", "card-provider", id, struct{}{})
		return err
	}
	if err := check(s.books.URL); err != nil {
		t.Errorf("a provider: %v", err)
	}
	wantFault(t, check(s.books.URL+"/elsewhere"), fault.Unavailable, "answer-malformed")
	gone := httptest.NewServer(nil) // to which there is no connection from before, on which something may have arrived
	gone.Close()
	err := check(gone.URL)
	wantFault(t, err, fault.Unavailable, "provider-unreachable")
	if f := fault.From(err); !strings.HasPrefix(f.Message, "the card payment provider does not answer: ") || f.Hint == "try again later" {
		t.Errorf("the operator reads %q (%s)", f.Message, f.Hint)
	}
	for status, hint := range map[int]string{442: "compare address, space", 503: "try again later", 429: "try again later"} {
		at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(at.Close)
		err := check(at.URL)
		wantFault(t, err, fault.Unavailable, "provider-unreachable")
		if f := fault.From(err); !strings.HasSuffix(f.Message, fmt.Sprint("answers with status ", status)) || !strings.HasPrefix(f.Hint, hint) {
			t.Errorf("of status %d the operator reads %q (%s)", status, f.Message, f.Hint)
		}
	}
}

// A card is added once: its account is claimed for good, so a key that was mistyped is put right.
func TestTheKeyOfACardIsPutRight(t *testing.T) {
	s := openShop(t)
	right := base64.RawURLEncoding.EncodeToString(s.books.key.Bytes())
	wrong := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	for _, row := range []struct {
		from, to  string
		reference string
		declined  bool
	}{{right, wrong, "W1", true}, {wrong, right, "W2", false}} {
		if err := s.Initiator.Instruments.Update(t.Context(), func(d *instrument.Draft) error {
			i, err := d.Get(s.card)
			if err != nil {
				return err
			}
			i.State = bytes.Replace(i.State, []byte(row.from), []byte(row.to), 1)
			return d.Put(i)
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.pay(row.reference, "CHF:2"); errors.Is(err, fault.Declined) != row.declined || err != nil && !row.declined {
			t.Errorf("with the key %s: %v", row.to, err)
		}
	}
}

func TestACardKeepsItsRules(t *testing.T) {
	s := openShop(t)
	change := func(f func(*instrument.Instance)) error {
		return s.Initiator.Instruments.Update(t.Context(), func(d *instrument.Draft) error {
			i, err := d.Get(s.card)
			if err != nil {
				return err
			}
			f(&i)
			return d.Put(i)
		})
	}
	if _, err := s.pay("W1", "CHF:20"); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name   string
		change func(*instrument.Instance)
		reason fault.Reason
	}{
		{"its counter goes back", func(i *instrument.Instance) { i.State = cardOf(s.books, "acc-1").State }, "counter-reused"},
		{"it becomes another card", func(i *instrument.Instance) { i.State = cardOf(s.books, "acc-2").State }, "card-changed"},
		{"it loses its key", func(i *instrument.Instance) { i.State = json.RawMessage(`{"account":"acc-1"}`) }, "card-malformed"},
		{"it is new again", func(i *instrument.Instance) { i.Status = "new" }, "move-refused"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := fault.ReasonOf(change(row.change)); got != row.reason {
				t.Errorf("reason %q", got)
			}
		})
	}
	if err := change(func(i *instrument.Instance) { i.Status = "removed" }); err != nil {
		t.Fatal(err)
	}
	_, err := s.pay("W2", "CHF:1")
	wantFault(t, err, fault.Invalid, "card-unusable")
}
