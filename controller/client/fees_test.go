package client_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/https"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	talerkeys "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// asker says yes or no, and keeps what was asked.
type asker struct {
	person
	no    bool
	asked []client.Preview
}

func (a *asker) Agree(_ context.Context, p client.Preview) (bool, error) {
	a.asked = append(a.asked, p)
	return !a.no, nil
}

// A person has agreed to fees, and the exchange lists others when the money is there.
func TestThePersonIsAskedAgainAboutFeesThatHaveRisen(t *testing.T) {
	for _, row := range []struct {
		name, agreed string
		no           bool
		asked, sent  int
		reason       fault.Reason
	}{
		{"as agreed", "CHF:2", false, 0, 1, taler.ReasonKYCRequired},
		{"risen, and that is all right", "CHF:0.01", false, 1, 1, taler.ReasonKYCRequired},
		{"risen, and that is too much", "CHF:0.01", true, 1, 0, "fees-not-accepted"},
		{"from nothing", "CHF:0", true, 1, 0, "fees-not-accepted"},
		{"an older build has noted nothing", "", true, 0, 1, taler.ReasonKYCRequired},
	} {
		t.Run(row.name, func(t *testing.T) {
			x := keepsCoins(t, "CHF:20")
			w, b := newWalletOf(t, inproc.NewNetwork(), x.fetcher), newBank(t)
			at := w.party.Create(t, exchangeOfFees(t, w, x.url, "CHF:2"))
			_, pub := w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, func(r *taler.Reserve) {
				r.Exchange, r.ExchangeURL = at, x.url
				if row.agreed != "" {
					fees := amount(t, row.agreed)
					r.Agreed = &taler.Agreed{Fees: &fees}
				}
			})
			b.says(func(s *taler.BankWithdrawalOperationStatus) {
				s.Status, s.SelectedReservePub = taler.StateConfirmed, pub
			})
			p := &asker{no: row.no}
			err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1)}, p)
			if fault.ReasonOf(err) != row.reason || len(p.asked) != row.asked || len(x.paths()) != row.sent {
				t.Fatalf("asked %d times, coins asked for at %q, and it ended with %v", len(p.asked), x.paths(), err)
			}
			for _, q := range p.asked {
				if q.Fees != amount(t, "CHF:2") || *q.Agreed != amount(t, row.agreed) || q.Coins != 1 || !q.Arrived {
					t.Errorf("asked %+v", q)
				}
			}
		})
	}
}

// keeper is an exchange that has money and no terms, and asks for proofs of who wants coins.
type keeper struct {
	url     string
	fetcher *https.Fetcher
	mu      sync.Mutex
	asked   []string

	garbles func(times int) // says nothing that is an answer, and this then; nil: it asks for proofs
}

// paths are those at which it was asked for coins.
func (k *keeper) paths() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.asked)
}

// keepsCoins begins one that has so much in each reserve; empty: it knows of none.
func keepsCoins(t *testing.T, balance string) *keeper {
	t.Helper()
	k := &keeper{fetcher: https.New(https.Options{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			k.mu.Lock()
			k.asked = append(k.asked, r.URL.Path)
			times := len(k.asked)
			k.mu.Unlock()
			if k.garbles != nil {
				k.garbles(times)
				_, _ = w.Write([]byte("{}"))
				return
			}
			w.WriteHeader(http.StatusUnavailableForLegalReasons)
		case strings.HasPrefix(r.URL.Path, "/reserves/") && balance != "":
			_, _ = w.Write([]byte(`{"balance":"` + balance + `"}`))
		case strings.HasPrefix(r.URL.Path, "/reserves/"):
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"code":1027}`))
		default:
			w.WriteHeader(http.StatusNotImplemented)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(k.fetcher.CloseIdle)
	k.url = server.URL + "/"
	return k
}

// exchangeOfFees makes coins of CHF 10 for a fee.
func exchangeOfFees(t *testing.T, w *wallet, url, fee string) instrument.Instance {
	t.Helper()
	now := talerkeys.At(w.Now())
	i := instrument.Instance{Class: client.ClassExchange, Owner: profile.Everyone, Name: url, Status: taler.ExchangeNew, Keys: map[string]string{"url": url}}
	check(t, i.Encode(taler.ExchangeState{
		URL: url, Currency: "CHF", Version: "23:0:6", KeysAt: w.Now().Unix(), KeysExpire: w.Now().Unix() + 3600,
		Denominations: []taler.Denomination{{
			RSAPub: rsaKey(t), Value: amount(t, "CHF:10"), FeeWithdraw: amount(t, fee), FeeDeposit: amount(t, "CHF:0"), FeeRefresh: amount(t, "CHF:0"), FeeRefund: amount(t, "CHF:0"),
			StampStart: now - 60, StampExpireWithdraw: now + 86400, StampExpireDeposit: now + 2*86400, StampExpireLegal: now + 3*86400,
		}},
	}))
	return i
}

func rsaKey(t *testing.T) taler.Blob {
	t.Helper()
	raw, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	key, err := talerkeys.NewRSAPrivateKey(raw)
	check(t, err)
	return key.Public().Encode()
}

// A withdrawal was given up, and its money has come after all: whoever goes on with it gets the
// coins. Where nothing has come it stays given up.
func TestMoneyThatComesAfterAll(t *testing.T) {
	for balance, row := range map[string]struct {
		reason fault.Reason
		sent   int
	}{"CHF:20": {taler.ReasonKYCRequired, 1}, "CHF:0": {"withdrawal-aborted", 0}, "": {"withdrawal-aborted", 0}} {
		x := keepsCoins(t, balance)
		w, b := newWalletOf(t, inproc.NewNetwork(), x.fetcher), newBank(t)
		at := w.party.Create(t, exchangeOfFees(t, w, x.url, "CHF:2"))
		w.reserve(t, taler.ReserveAborted, b.uri(t, 1), 1, func(r *taler.Reserve) {
			r.Exchange, r.ExchangeURL, r.Reason = at, x.url, "impatient"
		})
		if err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1)}, &person{}); fault.ReasonOf(err) != row.reason || len(x.paths()) != row.sent {
			t.Errorf("with %q there, coins are asked for at %q: %v", balance, x.paths(), err)
		}
	}
}

// Coins are asked for in a form that the exchange has: not in one that it was found not to have,
// whatever its version says.
func TestCoinsAreAskedForInAFormThatTheExchangeHas(t *testing.T) {
	for _, row := range []struct{ version, lacks, path string }{
		{"23:0:6", "", "/batch-withdraw"},
		{"26:0:9", "", "/withdraw"},
		{"26:0:9", taler.ProtocolWithdraw26, "/batch-withdraw"},
		{"26:0:9", taler.ProtocolBatchWithdraw, "/withdraw"},
		{"26:0:0", taler.ProtocolWithdraw26, ""},
	} {
		x := keepsCoins(t, "CHF:20")
		w, b := newWalletOf(t, inproc.NewNetwork(), x.fetcher), newBank(t)
		i := exchangeOfFees(t, w, x.url, "CHF:2")
		var e taler.ExchangeState
		check(t, i.Decode(&e))
		e.Version = row.version
		check(t, i.Encode(e))
		at := w.party.Create(t, i)
		_, pub := w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, func(r *taler.Reserve) {
			r.Exchange, r.ExchangeURL, r.Lacks = at, x.url, row.lacks
		})
		b.says(func(s *taler.BankWithdrawalOperationStatus) {
			s.Status, s.SelectedReservePub = taler.StateConfirmed, pub
		})
		err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1)}, &person{})
		asked := strings.Join(x.paths(), " ")
		if want := map[bool]fault.Reason{true: "no-common-protocol", false: taler.ReasonKYCRequired}[row.path == ""]; fault.ReasonOf(err) != want || !strings.HasSuffix(asked, row.path) {
			t.Errorf("of version %s, lacking %q, coins are asked for at %q: %v", row.version, row.lacks, asked, err)
		}
	}
}

// An exchange that only ever says what is no answer is asked a few times, and then a person is to
// look: who waits for coins is told why there are none.
func TestWhatIsNeverAnAnswerEndsTheWaiting(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	x := keepsCoins(t, "CHF:20")
	x.garbles = func(times int) {
		if times > 20 {
			leave()
		}
	}
	w, b := newWalletOf(t, inproc.NewNetwork(), x.fetcher), newBank(t)
	w.Longest = time.Millisecond
	at := w.party.Create(t, exchangeOfFees(t, w, x.url, "CHF:2"))
	_, pub := w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, func(r *taler.Reserve) {
		r.Exchange, r.ExchangeURL = at, x.url
	})
	b.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub = taler.StateConfirmed, pub
	})
	if err := w.Withdraw(ctx, client.Withdrawal{URI: b.uri(t, 1)}, &person{}); fault.ReasonOf(err) != taler.ReasonAnswerMalformed || len(x.paths()) != 6 {
		t.Errorf("asked %d times, and it ended with %v", len(x.paths()), err)
	}
}
