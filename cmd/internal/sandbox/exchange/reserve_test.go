package exchange_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

func TestAReserveIsShownWhenMoneyHasCome(t *testing.T) {
	w := newWorld(t)
	key := newKey(t)
	path := "/reserves/" + key.Public().String()
	if a := w.get(path); a.status != 404 || a.code(t) != taler.CodeReserveUnknown {
		t.Fatalf("before: %d: %s", a.status, a.body)
	}
	a := w.post("/admin/add-incoming", map[string]any{"amount": "CHF:25", "reserve_pub": key.Public(), "debit_account": payer})
	var row taler.TransferResponse
	a.into(t, &row)
	if a.status != 200 || row.RowID != 1 || row.Timestamp != taler.Timestamp(w.now.Load()) {
		t.Fatalf("%d: %s", a.status, a.body)
	}
	if a := w.get(path); string(a.body) != `{"balance":"CHF:25","last_origin":"`+string(payer)+`"}` {
		t.Errorf("after: %s", a.body)
	}
	if a := w.get("/reserves/" + lower(key.Public())); a.status != 200 {
		t.Errorf("another spelling of the key: %d: %s", a.status, a.body)
	}
}

func lower(pub crypto.EddsaPublicKey) string {
	b := []byte(pub.String())
	for i := range b {
		if b[i] >= 'A' {
			b[i] |= 0x20
		}
	}
	return string(b)
}

func TestALongPollEndsWithTheCredit(t *testing.T) {
	w := newWorld(t)
	key := newKey(t)
	answers := make(chan answer)
	for range 3 {
		go func() { answers <- w.get("/reserves/" + key.Public().String() + "?timeout_ms=30000") }()
	}
	for range 3 {
		if d := <-w.waits; d != 30*time.Second {
			t.Errorf("it waits %v", d)
		}
	}
	if _, _, err := w.e.AddIncoming(t.Context(), key.Public(), amount(t, "CHF:1"), payer); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if a := <-answers; a.status != 200 {
			t.Errorf("%d: %s", a.status, a.body)
		}
	}
}

func TestALongPollEndsWithTheWalletsPatience(t *testing.T) {
	w := newWorld(t)
	answers := make(chan answer)
	go func() { answers <- w.get("/reserves/" + newKey(t).Public().String() + "?timeout_ms=99999999999999") }()
	if d := <-w.waits; d != 10*time.Minute {
		t.Errorf("it waits %v", d)
	}
	w.fire <- time.Time{}
	if a := <-answers; a.status != 404 || a.code(t) != taler.CodeReserveUnknown {
		t.Errorf("%d: %s", a.status, a.body)
	}
}

func TestALongPollEndsWhenTheExchangeStops(t *testing.T) {
	w := newWorld(t)
	answers := make(chan answer)
	go func() { answers <- w.get("/reserves/" + newKey(t).Public().String() + "?timeout_ms=30000") }()
	<-w.waits
	w.e.Stop()
	if a := <-answers; a.status != 404 {
		t.Errorf("%d: %s", a.status, a.body)
	}
}

func TestMalformedReserveRequests(t *testing.T) {
	w := newWorld(t)
	for path, code := range map[string]taler.Code{
		"/reserves/XX":                                                  taler.CodeReservePubMalformed,
		"/reserves/XX?timeout_ms=5":                                     taler.CodeReservePubMalformed,
		"/reserves/" + newKey(t).Public().String() + "0":                taler.CodeReservePubMalformed,
		"/reserves/" + newKey(t).Public().String() + "?timeout_ms=soon": taler.CodeParameterMalformed,
	} {
		if a := w.get(path); a.status != 400 || a.code(t) != code {
			t.Errorf("%s: %d: %s", path, a.status, a.body)
		}
	}
}

func TestCreditsByHandAreChecked(t *testing.T) {
	w := newWorld(t)
	used := w.fill("CHF:1").Public()
	fresh := newKey(t).Public()
	for _, c := range []struct {
		name    string
		amount  any
		reserve any
		account any
		status  int
		code    taler.Code
	}{
		{"used key", "CHF:1", used, payer, 409, taler.CodeDuplicateReservePub},
		{"foreign currency", "EUR:1", fresh, payer, 400, taler.CodeCurrencyMismatch},
		{"amount malformed", "CHF:", fresh, payer, 400, taler.CodeJSONInvalid},
		{"amount missing", nil, fresh, payer, 400, taler.CodeJSONInvalid},
		{"amount empty", "", fresh, payer, 400, taler.CodeJSONInvalid},
		{"key malformed", "CHF:1", "XX", payer, 400, taler.CodeJSONInvalid},
		{"key missing", "CHF:1", nil, payer, 400, taler.CodeJSONInvalid},
		{"key of nobody", "CHF:1", crypto.EddsaPublicKey{}, payer, 400, taler.CodeReservePubMalformed},
		{"account malformed", "CHF:1", fresh, "CH93", 400, taler.CodeJSONInvalid},
		{"account missing", "CHF:1", fresh, nil, 400, taler.CodeJSONInvalid},
		{"account empty", "CHF:1", fresh, "", 400, taler.CodePaytoMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.post("/admin/add-incoming", map[string]any{"amount": c.amount, "reserve_pub": c.reserve, "debit_account": c.account})
			if a.status != c.status || a.code(t) != c.code {
				t.Errorf("%d: %s", a.status, a.body)
			}
		})
	}
	if a := w.get("/reserves/" + fresh.String()); a.status != 404 {
		t.Errorf("a refused credit: %s", a.body)
	}
	a := w.do(http.MethodPost, "/admin/add-incoming", nil, []byte("{"))
	if a.status != 400 || a.code(t) != taler.CodeJSONInvalid || !json.Valid(a.body) {
		t.Errorf("%d: %s", a.status, a.body)
	}
}
