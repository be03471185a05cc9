package load_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/comm/taler/load"
)

// bank answers each of the load's requests, and sees what was asked.
type bank struct {
	statuses []string // what the wallet is told, one after the other
	asked    []string
}

func (b *bank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, _, _ := r.BasicAuth()
	b.asked = append(b.asked, strings.TrimSpace(r.Method+" "+strings.ReplaceAll(r.URL.Path, id.Text(), "ID")+" "+user))
	switch {
	case strings.HasSuffix(r.URL.Path, "/withdrawals"):
		_, _ = fmt.Fprintf(w, `{"withdrawal_id":"%s"}`, id.Text())
	case strings.HasSuffix(r.URL.Path, "/check"):
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPost:
		_, _ = w.Write([]byte(`{"status":"selected"}`))
	default:
		_, _ = fmt.Fprintf(w, `{"status":"%s","amount":"CHF:20"}`, b.statuses[0])
		b.statuses = b.statuses[1:]
	}
}

var id = taler.WOPID{1}

// run makes two withdrawals with one terminal at a server below a path.
func run(t *testing.T, h http.Handler) (load.Report, error) {
	t.Helper()
	s := httptest.NewServer(http.StripPrefix("/c2ec", h))
	t.Cleanup(s.Close)
	l := load.Load{
		URL: s.URL + "/c2ec/", Terminals: []load.Login{{Name: "till", Token: "secret"}}, Amount: taler.Amount{Currency: "CHF", Value: 20},
		Exchange: "payto://iban/CH9300762011623852957", Clock: time.Now, Transaction: taler.WOPID.Text,
	}
	return l.Run(context.Background(), 2)
}

// TestWholeWithdrawals: each is asked for until it is confirmed, by the terminal where it is the
// terminal's, and by a wallet that nobody knows.
func TestWholeWithdrawals(t *testing.T) {
	b := &bank{statuses: []string{"selected", "confirmed", "confirmed"}}
	r, err := run(t, b)
	if err != nil || r.Withdrawals != 2 {
		t.Fatalf("%+v: %v", r, err)
	}
	one := "POST /withdrawals till|POST /taler-integration/withdrawal-operation/ID|POST /withdrawals/ID/check till|GET /taler-integration/withdrawal-operation/ID"
	want := one + "|GET /taler-integration/withdrawal-operation/ID|" + one
	if got := strings.Join(b.asked, "|"); got != want {
		t.Errorf("asked\n%s, want\n%s", got, want)
	}
}

// TestWhatIsNoWithdrawal: a load that counted refusals would measure how fast a bank refuses.
func TestWhatIsNoWithdrawal(t *testing.T) {
	answer := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = c.Write([]byte(text))
			_ = c.Close()
		})
	}
	for name, c := range map[string]struct {
		bank http.Handler
		want string
	}{
		"a refusal":            {answer("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"), "terminal-setup: the bank answered 503: {}"},
		"one that is aborted":  {&bank{statuses: []string{"aborted"}}, "the withdrawal became aborted"},
		"an answer cut off":    {answer("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{}"), "unexpected EOF"},
		"no length":            {answer("HTTP/1.1 200 OK\r\n\r\n{}"), "does not say how long it is"},
		"another protocol":     {answer("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "is no answer"},
		"an end without words": {answer(""), "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			if r, err := run(t, c.bank); err == nil || !strings.Contains(err.Error(), c.want) || r.Withdrawals != 0 {
				t.Errorf("%+v: %v, want %q", r, err, c.want)
			}
		})
	}
}
