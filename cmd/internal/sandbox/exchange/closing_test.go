package exchange_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// payout is a wire gateway that takes transfers.
type payout struct {
	*httptest.Server
	mu    sync.Mutex
	asked []taler.TransferRequest
	lose  int // how many answers get lost
	after int // and the status of the others; 0: 200
	told  chan struct{}
}

func newPayout(t *testing.T, lose int) *payout {
	p := &payout{lose: lose, told: make(chan struct{}, 100)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in taler.TransferRequest
		z, err := zlib.NewReader(r.Body)
		if err == nil {
			var body []byte
			if body, err = io.ReadAll(z); err == nil {
				err = json.Unmarshal(body, &in)
			}
		}
		if err != nil || r.URL.Path != "/transfer" || r.Header.Get("Content-Encoding") != "deflate" {
			t.Errorf("%s, %q: %v", r.URL.Path, r.Header.Get("Content-Encoding"), err)
		}
		p.mu.Lock()
		p.asked = append(p.asked, in)
		lost := len(p.asked) <= p.lose
		p.mu.Unlock()
		defer func() { p.told <- struct{}{} }()
		if lost {
			panic(http.ErrAbortHandler)
		}
		if p.after != 0 {
			w.WriteHeader(p.after)
			return
		}
		_ = json.NewEncoder(w).Encode(taler.TransferResponse{RowID: 7, Timestamp: 1})
	}))
	t.Cleanup(p.Close)
	return p
}

// closes lets the exchange close reserves until the bank was asked.
func (w *world) closes(p *payout) {
	w.Helper()
	w.closesOver(p, nil)
}

// closesOver is closes with something between exchange and bank.
func (w *world) closesOver(p *payout, via http.RoundTripper) {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- w.e.CloseReserves(ctx, exchange.WireGateway{URL: p.URL + "/", User: "exchange", Password: "x", Via: via})
	}()
	<-p.told
	<-w.waits // the round is over
	cancel()
	if err := <-ended; err != nil {
		w.Error(err)
	}
}

// What nobody has withdrawn goes back where it came from, once, though the bank's
// first answer is lost and the exchange is started anew.
func TestUnusedMoneyGoesBackOnce(t *testing.T) {
	w := newWorld(t)
	used, unused := w.fill("CHF:1.01"), w.fill("CHF:10")
	coins := plan(t, used, w.denom("CHF:1"))
	verify(t, w.withdraw(used, coins...), coins)
	part := plan(t, unused, w.denom("CHF:2"))
	verify(t, w.withdraw(unused, part...), part)
	p := newPayout(t, 1)
	w.later(29 * 24 * time.Hour)
	w.closes(p)
	w.down()
	w.up()
	w.closes(p)
	// The new process listens elsewhere, and asks what the old one asked.
	if len(p.asked) != 2 || p.asked[0] != p.asked[1] {
		t.Fatalf("the bank was asked for %+v", p.asked)
	}
	first := p.asked[0]
	if first.Amount.String() != "CHF:7.99" || first.CreditAccount != payer || first.ExchangeBaseURL == w.server.URL+"/" ||
		first.RequestUID.IsZero() || first.WTID.IsZero() {
		t.Errorf("the bank was asked for %+v", first)
	}
	if w.balance(unused) != "CHF:0" || w.withdraw(unused, plan(t, unused, w.denom("CHF:1"))...).status != http.StatusConflict {
		t.Error("what was sent back can be withdrawn as well")
	}
	verify(t, w.withdraw(unused, part...), part) // what was signed stays
	if got := w.lastEntry(unused); got != "CLOSING" {
		t.Errorf("its history ends with %s", got)
	}
}

// A bank that refuses is asked again, or never: as taler-exchange-transfer does.
func TestARefusedTransferIsAskedForAgainOrNever(t *testing.T) {
	for status, times := range map[int]int{
		http.StatusNotFound: 1, http.StatusConflict: 1,
		http.StatusUnauthorized: 2, http.StatusTooManyRequests: 2, http.StatusInternalServerError: 2, http.StatusServiceUnavailable: 2,
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			w := newWorld(t)
			w.fill("CHF:10")
			p := newPayout(t, 0)
			p.after = status
			w.later(29 * 24 * time.Hour)
			w.closes(p)
			w.fill("CHF:3") // the second round has something to ask for in any case
			w.later(29 * 24 * time.Hour)
			p.after = 0
			w.closes(p)
			p.mu.Lock()
			defer p.mu.Unlock()
			asked := 0
			for _, r := range p.asked {
				if r.Amount.String() == "CHF:10" {
					asked++
				}
			}
			if asked != times {
				t.Errorf("asked %d times, want %d", asked, times)
			}
		})
	}
}

// afresh reads the body that net/http takes when a connection that it kept has ended
// under the request.
type afresh struct{ again []byte }

func (a *afresh) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := r.GetBody()
	if err == nil {
		a.again, err = io.ReadAll(body)
	}
	if err != nil || int64(len(a.again)) != r.ContentLength {
		a.again = nil
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestABodyThatIsSentAfreshIsDeflatedToo(t *testing.T) {
	w := newWorld(t)
	w.fill("CHF:10")
	p, via := newPayout(t, 0), &afresh{}
	w.later(29 * 24 * time.Hour)
	w.closesOver(p, via)
	if _, err := zlib.NewReader(bytes.NewReader(via.again)); err != nil {
		t.Errorf("%q would be sent: %v", via.again, err)
	}
}

func TestAReserveIsNotClosedBeforeItsTime(t *testing.T) {
	w := newWorld(t)
	early, late := w.fill("CHF:10"), w.fill("CHF:3")
	w.later(27 * 24 * time.Hour)
	third := w.fill("CHF:5")
	w.later(2 * 24 * time.Hour)
	p := newPayout(t, 0)
	w.closes(p)
	if len(p.asked) == 0 || w.balance(early) != "CHF:0" || w.balance(late) != "CHF:0" || w.balance(third) != "CHF:5" {
		t.Errorf("%d transfers; %s, %s and %s are left", len(p.asked), w.balance(early), w.balance(late), w.balance(third))
	}
}

func (w *world) lastEntry(key crypto.EddsaPrivateKey) string {
	w.Helper()
	sig := key.Sign(crypto.HistoryRequest{}.Message())
	var got struct{ History []struct{ Type string } }
	w.do(http.MethodGet, "/reserves/"+key.Public().String()+"/history", http.Header{"Taler-Reserve-History-Signature": {sig.String()}}, nil).into(w.T, &got)
	if len(got.History) == 0 {
		return ""
	}
	return got.History[len(got.History)-1].Type
}
