package wallet_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// plainBank answers what the fakebank of the real exchange answers, and no member
// more, to the wallet that takes its one withdrawal, of CHF:6. Once that is selected
// it pays at once, and holds no long poll.
type plainBank struct {
	uri string

	mu    sync.Mutex
	state string
	paths []string // of the operation, as they were asked for
	polls int      // since it paid
	named string   // the amount in the selection
}

// newPlainBank lets more members follow in its status.
func newPlainBank(t *testing.T, x issuer, more string) *plainBank {
	t.Helper()
	b := &plainBank{state: "pending"}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if path, ok := strings.CutPrefix(r.URL.Path, "/taler-integration/withdrawal-operation/"); ok {
			b.paths = append(b.paths, path)
		}
		switch {
		case strings.HasSuffix(r.URL.Path, "/config"):
			_, _ = w.Write([]byte(`{"name":"taler-bank-integration","version":"1:0:1","currency":"CHF"}`))
		case r.Method == http.MethodPost:
			var in struct {
				Reserve string `json:"reserve_pub"`
				Amount  string
			}
			_ = json.NewDecoder(r.Body).Decode(&in)
			b.named = in.Amount
			x.transfer(t, in.Reserve, "CHF:6")
			b.state = "confirmed"
			_, _ = w.Write([]byte(`{"transfer_done":false,"status":"selected"}`))
		default:
			if b.state == "confirmed" {
				if b.polls++; b.polls > 10 {
					b.state = "aborted" // or the test would not end
				}
			}
			_, _ = fmt.Fprintf(w, `{"aborted":%t,"selection_done":%t,"transfer_done":%t,"status":%q,"sender_wire":"payto://x-taler-bank/localhost/me?receiver-name=me",`+
				`"suggested_exchange":%q,"wire_types":["x-taler-bank"]%s}`,
				b.state == "aborted", b.state == "confirmed", b.state == "confirmed", b.state, x.url, more)
		}
	}))
	t.Cleanup(s.Close)
	b.uri = "taler+http://withdraw/" + strings.TrimPrefix(s.URL, "http://") + "/taler-integration/" + wopid
	return b
}

// TestWithdrawingAtABankThatNamesNoReserve as the real fakebank does not: once it
// has paid, coins are made.
func TestWithdrawingAtABankThatNamesNoReserve(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	b := newPlainBank(t, x, `,"amount":"CHF:6"`)
	got := u.says("withdraw", b.uri, "--exchange", x.url, "--yes", "--json")
	if got.code != 0 || !strings.Contains(got.out, `"event":"done","amount":"CHF:6"`) {
		t.Errorf("exit %d\n%s\n%s", got.code, got.out, got.err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.polls != 1 {
		t.Errorf("a bank that has paid was asked %d times", b.polls)
	}
	if got := u.says("history").out; strings.Contains(got, "aborted") {
		t.Errorf("it was given up in between:\n%s", got)
	}
}

// TestAnAmountThatComesWithThePayment is not asked for, not sent, and not the
// person's to choose.
func TestAnAmountThatComesWithThePayment(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	b := newPlainBank(t, x, `,"currency":"CHF","no_amount_to_wallet":true,"max_amount":"CHF:50"`)
	u.refuses(2, "amount-differs", "withdraw", b.uri, "--exchange", x.url, "--yes", "--amount", "CHF:5")
	got := u.says("withdraw", b.uri, "--exchange", x.url, "--yes", "--json")
	if got.code != 0 || !strings.Contains(got.out, `"event":"done","amount":"CHF:6"`) || !strings.Contains(got.err, "Withdraw what will be paid, at most CHF:50,") {
		t.Errorf("exit %d\n%s\n%s", got.code, got.out, got.err)
	}
	if b.named != "" {
		t.Errorf("the wallet named %s", b.named)
	}
	if got := u.says("operation", "list", "--json").out; !strings.Contains(got, `"amount":"CHF:6"`) {
		t.Errorf("it is listed as %s", got)
	}
}

// TestWithdrawingAtABankWithItsOwnIDs as libeufin's, which are UUIDs; a code may
// spell them in capitals.
func TestWithdrawingAtABankWithItsOwnIDs(t *testing.T) {
	const id = "c0ffee00-6d6b-4e6b-8f3a-0123456789ab"
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	b := newPlainBank(t, x, `,"amount":"CHF:6"`)
	uri := strings.Replace(b.uri, wopid, strings.ToUpper(id), 1)
	got := u.says("withdraw", uri, "--exchange", x.url, "--yes", "--json")
	if got.code != 0 || !strings.Contains(got.out, `"event":"done","amount":"CHF:6"`) {
		t.Errorf("exit %d\n%s\n%s", got.code, got.out, got.err)
	}
	for _, path := range b.paths {
		if path != id {
			t.Errorf("the bank was asked for %s", path)
		}
	}
	if len(b.paths) == 0 {
		t.Error("the bank was not asked")
	}
	if again := u.says("withdraw", id[:9], "--yes", "--json"); again.code != 0 || !strings.Contains(again.out, `"event":"done"`) {
		t.Errorf("by the beginning of its id: exit %d\n%s\n%s", again.code, again.out, again.err)
	}
}

// A bank that is gone for good keeps nobody from giving its withdrawal up, nor from giving up the
// exchange of that.
func TestAWithdrawalAtABankThatIsGoneIsGivenUp(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/config") {
			_, _ = w.Write([]byte(`{"name":"taler-bank-integration","version":"1:0:1","currency":"CHF"}`))
			return
		}
		if asked++; asked > 1 { // the withdrawal is begun, and not selected
			http.NotFound(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, `{"aborted":false,"selection_done":false,"transfer_done":false,"status":"pending","suggested_exchange":%q,"wire_types":["x-taler-bank"],"amount":"CHF:6"}`, x.url)
	}))
	t.Cleanup(s.Close)
	uri := "taler+http://withdraw/" + strings.TrimPrefix(s.URL, "http://") + "/taler-integration/" + wopid
	u.refuses(3, "endpoint-unknown", "withdraw", uri, "--exchange", x.url, "--yes")
	s.Close()
	got := u.says("operation", "abandon", wopid[:8])
	if _, advice, _ := strings.Cut(got.err, "if it is gone for good: `wallet operation abandon "); got.code != 8 || !strings.Contains(advice, " --forgo`") {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
	if got := u.says("operation", "abandon", wopid[:8], "--forgo"); got.code != 0 || !strings.Contains(got.out, "its key is kept") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.err)
	}
	if got := u.says("exchange", "remove", x.url); got.code != 0 {
		t.Errorf("its exchange stays: %s", got.err)
	}
}
