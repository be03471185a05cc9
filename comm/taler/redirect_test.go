package taler

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

func TestRedirects(t *testing.T) {
	const to = "/moved"
	for name, row := range map[string]struct {
		status int
		change bool
		want   fault.Reason
		line   string // of the second request
	}{
		"question 301": {301, false, "", "GET /moved"},
		"question 302": {302, false, "", "GET /moved"},
		"question 307": {307, false, "", "GET /moved"},
		"question 308": {308, false, "", "GET /moved"},
		"change 307":   {307, true, "", "POST /moved"},
		"change 308":   {308, true, "", "POST /moved"},
		"change 301":   {301, true, ReasonRedirectRefused, ""},
		"change 302":   {302, true, ReasonRedirectRefused, ""},
		"change 303":   {303, true, ReasonRedirectRefused, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, seen := newBank(t, Basic("till", "abc"), func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != to {
					http.Redirect(w, r, to, row.status)
					return
				}
				says(200, `{"status":"selected","transfer_done":false,"amount":"CHF:1","wire_types":["iban"]}`)(w, r)
			})
			var err error
			if row.change {
				_, err = b.Select(t.Context(), someWOPID(t), BankWithdrawalOperationPostRequest{ReservePub: mustKey(t, someKey), SelectedExchange: somePayto})
			} else {
				_, err = b.Operation(t.Context(), someWOPID(t), LongPoll{})
			}
			if fault.ReasonOf(err) != row.want || (err == nil) != (row.want == "") {
				t.Fatalf("error %v", err)
			}
			first := <-seen
			if row.line == "" {
				if len(seen) != 0 {
					t.Errorf("it was followed: %+v", <-seen)
				}
				return
			}
			second := <-seen
			if second.line != row.line || second.body != first.body || second.auth != "Basic dGlsbDphYmM=" || second.referer != "" {
				t.Errorf("followed with %+v", second)
			}
		})
	}
}

func TestCredentialsStayAtTheirOrigin(t *testing.T) {
	other, seenThere := newBank(t, Anonymous(), says(200, pendingBody))
	b, _ := newBank(t, Basic("till", "secret"), func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.server.URL+"/there", http.StatusTemporaryRedirect)
	})
	if _, err := b.Operation(t.Context(), someWOPID(t), LongPoll{}); err != nil {
		t.Fatal(err)
	}
	if got := <-seenThere; got.auth != "" || got.referer != "" {
		t.Errorf("another origin got %+v", got)
	}
}

func TestARedirectNeverTakesTheEncryptionAway(t *testing.T) {
	plain, seenPlain := newBank(t, Anonymous(), says(200, pendingBody))
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.server.URL+"/plain", http.StatusFound)
	}))
	defer secure.Close()
	c, err := NewClient(secure.URL, secure.Client(), Anonymous())
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Operation(t.Context(), someWOPID(t), LongPoll{})
	if fault.KindOf(err) != fault.Denied || fault.ReasonOf(err) != ReasonRedirectRefused || len(seenPlain) != 0 {
		t.Errorf("%v, %d requests in clear", err, len(seenPlain))
	}
}

// TestARedirectDoesNotLeaveThisMachineInClear: http that may be spoken because it stays on
// this machine is not spoken to another one, which would see the WOPID.
func TestARedirectDoesNotLeaveThisMachineInClear(t *testing.T) {
	for to, want := range map[string]bool{
		"http://192.0.2.1/x": false, "http://bank.example/x": false, "http://127.0.0.1.bank.example/": false,
		"http://127.0.0.2/x": true, "http://localhost:1/x": true, "http://[::1]/x": true, "https://bank.example/x": true,
	} {
		before, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:8080/config", nil)
		if err != nil {
			t.Fatal(err)
		}
		next, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkRedirect(next, []*http.Request{before}); (err == nil) != want || err != nil && fault.ReasonOf(err) != ReasonRedirectRefused {
			t.Errorf("to %s: %v", to, err)
		}
	}
}

func TestRedirectsInACircleEnd(t *testing.T) {
	b, seen := newBank(t, Anonymous(), func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/base/again", http.StatusFound)
	})
	_, err := b.Operation(t.Context(), someWOPID(t), LongPoll{})
	if fault.ReasonOf(err) != ReasonRedirectRefused || len(seen) != maxRedirects+1 {
		t.Errorf("%v after %d requests", err, len(seen))
	}
}
