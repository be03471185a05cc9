package client_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/https"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
)

// proxy stands before a server and answers the first questions of each kind itself: the first with a
// page of its own, the second with half an answer.
type proxy struct {
	http.Handler
	status int // of the page
	mu     sync.Mutex
	asked  map[string]int
}

func newProxy(t *testing.T, before http.Handler, status int) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(&proxy{Handler: before, status: status, asked: map[string]int{}})
	t.Cleanup(s.Close)
	return s
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked[r.URL.Path]++
	n := p.asked[r.URL.Path]
	p.mu.Unlock()
	switch {
	case r.Method != http.MethodGet || n > 2:
		p.Handler.ServeHTTP(w, r)
	case n == 1:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(p.status)
		_, _ = w.Write([]byte("<html>nobody here</html>"))
	default:
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"name":`))
		panic(http.ErrAbortHandler)
	}
}

// A bank that has no server for a moment, or is cut off, is asked again before a person has to
// begin again.
func TestABankThatIsAwayForAMomentEndsNothing(t *testing.T) {
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusBadGateway} {
		w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
		uri, err := taler.NewWithdrawURI(newProxy(t, b, status).URL, taler.WOPID{1}.ID())
		check(t, err)
		p := &person{}
		err = w.Withdraw(t.Context(), client.Withdrawal{URI: uri}, p)
		if fault.ReasonOf(err) != "input-needed" || p.last().Event != client.EventWaiting { // it has come to the choice of an exchange
			t.Errorf("%d, at the beginning: %v, said %+v", status, err, p.last())
		}
		if uri, err = taler.NewWithdrawURI(newProxy(t, b, status).URL, taler.WOPID{1}.ID()); err != nil {
			t.Fatal(err)
		}
		w.reserve(t, taler.ReserveCreated, uri, 1, nil)
		b.refuse = `{"code":5113}`
		if err = w.Withdraw(t.Context(), client.Withdrawal{URI: uri}, &person{}); fault.ReasonOf(err) != taler.ReasonSelectionConflict {
			t.Errorf("%d, before the selection: %v", status, err)
		}
	}
}

// Nobody at the address of a bank is said at once: it may be wrong.
func TestNobodyAtTheAddressOfABank(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	uri := b.uri(t, 1)
	b.Close()
	p := &person{}
	err := w.Withdraw(t.Context(), client.Withdrawal{URI: uri}, p)
	if fault.ReasonOf(err) != "server-unreachable" || len(p.events) > 0 {
		t.Errorf("%v, said %+v", err, p.events)
	}
}

// told is a person who opens a gate when they are told that one waits.
type told struct {
	person
	gate chan struct{}
	once sync.Once
}

func (p *told) Show(e client.Event) {
	if e.Event == client.EventWaiting && strings.Contains(e.Reason, "is yours") {
		p.once.Do(func() { close(p.gate) })
	}
}

// While a bank cannot say whether the withdrawal is ours, the person is told that one waits.
func TestAPersonIsToldThatTheSelectionIsWaitedFor(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	b.refuse = `{"code":5113}`
	p := &told{gate: make(chan struct{})}
	front := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			select {
			case <-p.gate:
			default:
				http.Error(out, "nobody here", http.StatusBadGateway)
				return
			}
		}
		b.ServeHTTP(out, r)
	}))
	t.Cleanup(front.Close)
	uri, err := taler.NewWithdrawURI(front.URL, taler.WOPID{1}.ID())
	check(t, err)
	w.reserve(t, taler.ReserveCreated, uri, 1, nil)
	w.Quiet = time.Millisecond
	if err := w.Withdraw(t.Context(), client.Withdrawal{URI: uri}, p); fault.ReasonOf(err) != taler.ReasonSelectionConflict {
		t.Errorf("%v", err)
	}
}

// A proxy in front of an exchange whose documents are known has no server for a moment: the exchange
// is asked again for its terms and the reserve.
func TestAnExchangeThatIsAwayForAMomentEndsNothing(t *testing.T) {
	server := newProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusUnavailableForLegalReasons)
		case strings.HasPrefix(r.URL.Path, "/reserves/"):
			_, _ = w.Write([]byte(`{"balance":"CHF:20"}`))
		default: // no terms
			w.WriteHeader(http.StatusNotImplemented)
		}
	}), http.StatusNotFound)
	err := withdrawsConfirmed(t, server.URL+"/")
	if fault.ReasonOf(err) != taler.ReasonKYCRequired { // it has come to the coins
		t.Errorf("%v", err)
	}
}

// A person is not left to wait for an exchange that says of the reserve what no time mends.
func TestAReserveOfWhichNoCoinsComeIsNotWaitedFor(t *testing.T) {
	for says, reason := range map[string]fault.Reason{
		`{"balance":"EUR:20"}`:                       taler.ReasonCurrencyMismatch,
		`{"balance":"CHF:20","maximum_age_group":8}`: "age-restricted",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/reserves/") { // no terms
				w.WriteHeader(http.StatusNotImplemented)
				return
			}
			_, _ = w.Write([]byte(says))
		}))
		t.Cleanup(server.Close)
		if err := withdrawsConfirmed(t, server.URL+"/"); fault.ReasonOf(err) != reason {
			t.Errorf("%s: %v", says, err)
		}
	}
}

// An exchange that is cut off in the middle of its first document is asked for it again; one that
// is not there is not.
func TestAnExchangeThatIsCutOffIsAskedAgain(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) > 1 {
			http.NotFound(w, nil)
			return
		}
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"name":`))
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	fetcher := https.New(https.Options{})
	t.Cleanup(fetcher.CloseIdle)
	w := newWalletOf(t, inproc.NewNetwork(), fetcher)
	if _, err := w.AddExchange(t.Context(), server.URL+"/"); fault.KindOf(err) != fault.NotFound || asked.Load() != 2 {
		t.Errorf("%v, asked %d times", err, asked.Load())
	}
}

// withdrawsConfirmed has a wallet go on with a withdrawal that its bank has confirmed, at the exchange of
// this base URL.
func withdrawsConfirmed(t *testing.T, exchange string) error {
	t.Helper()
	fetcher := https.New(https.Options{})
	t.Cleanup(fetcher.CloseIdle)
	w, b := newWalletOf(t, inproc.NewNetwork(), fetcher), newBank(t)
	at := w.party.Create(t, exchangeOfFees(t, w, exchange, "CHF:2"))
	_, pub := w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, func(r *taler.Reserve) {
		r.Exchange, r.ExchangeURL = at, exchange
	})
	b.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub = taler.StateConfirmed, pub
	})
	return w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1)}, &person{})
}
