package wallet_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
)

// branch is a bank that speaks the integration API and has one withdrawal, of
// which nobody has taken possession.
type branch struct {
	uri   string
	posts atomic.Int32
}

func newBranch(t *testing.T, status taler.BankWithdrawalOperationStatus) *branch {
	t.Helper()
	b := &branch{}
	status.Status, status.Currency, status.WireTypes = taler.StatePending, "CHF", []string{"x-taler-bank"}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method != http.MethodGet:
			b.posts.Add(1)
			w.WriteHeader(http.StatusTeapot)
		case strings.HasSuffix(r.URL.Path, "/config"):
			_ = json.NewEncoder(w).Encode(map[string]string{"name": "taler-bank-integration", "version": "2:0:2", "currency": "CHF"})
		default:
			_ = json.NewEncoder(w).Encode(status)
		}
	}))
	t.Cleanup(s.Close)
	b.uri = "taler+http://withdraw/" + strings.TrimPrefix(s.URL, "http://") + "/" + strings.Repeat("0", 52)
	return b
}

var money = instrumenttest.Amount

// TestAnAmountThatCannotBeWithdrawn is a mistake of who typed it, told before
// anything has begun.
func TestAnAmountThatCannotBeWithdrawn(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	u.does(nil, "exchange", "add", x.url)
	open := newBranch(t, taler.BankWithdrawalOperationStatus{SuggestedExchange: x.url, MinAmount: money(t, "CHF:0.000001"), MaxAmount: money(t, "CHF:50")})
	fixed := newBranch(t, taler.BankWithdrawalOperationStatus{SuggestedExchange: x.url, Amount: money(t, "CHF:20")})
	manual := []string{"withdraw", "--manual", "--exchange", x.url, "--yes", "--amount"}
	for _, row := range []struct {
		name   string
		code   int
		reason string
		hint   string
		args   []string
	}{
		{"in another currency", 2, "currency-differs", "in CHF", []string{"withdraw", open.uri, "--yes", "--amount", "EUR:5"}},
		{"in another currency where it is fixed", 2, "currency-differs", "in CHF", []string{"withdraw", fixed.uri, "--yes", "--amount", "EUR:20"}},
		{"another one than is fixed", 2, "amount-differs", "leave the amount out", []string{"withdraw", fixed.uri, "--yes", "--amount", "CHF:5"}},
		{"too small for a coin", 2, "amount-too-small", "smallest coin is of CHF:0.01", []string{"withdraw", open.uri, "--yes", "--amount", "CHF:0.001"}},
		{"less than the bank lets anybody have", 2, "amount-out-of-range", "another amount", []string{"withdraw", open.uri, "--yes", "--amount", "CHF:0.0000001"}},
		{"more than the bank lets anybody have", 2, "amount-out-of-range", "another amount", []string{"withdraw", open.uri, "--yes", "--amount", "CHF:50.01"}},
		{"too many coins", 2, "too-many-coins", "several parts", append(manual, "CHF:5000000")},
		{"in another currency, by a transfer", 2, "currency-differs", "in CHF", append(manual, "EUR:5")},
		{"too small for a coin, by a transfer", 2, "amount-too-small", "smallest coin is of CHF:0.01", append(manual, "CHF:0.001")},
		{"none, where it has to be chosen", 4, "input-needed", "--amount CHF:", []string{"withdraw", open.uri, "--yes"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := u.says(row.args...)
			if got.code != row.code || !strings.Contains(got.err, row.hint) {
				t.Errorf("exit %d, and a person reads %s", got.code, got.err)
			}
			was := u.t
			u.t = t
			defer func() { u.t = was }()
			u.refuses(row.code, row.reason, row.args...)
		})
	}
	var list struct{ Operations, Payments, Withdrawals []any }
	if u.does(&list, "operation", "list"); len(list.Withdrawals) != 0 || open.posts.Load()+fixed.posts.Load() != 0 {
		t.Errorf("something has begun: %v", list.Withdrawals)
	}
}
