package exchange_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// reply is what a scripted bank says to one request.
type reply struct {
	status int
	body   string
	held   time.Duration // how much of the long poll passes first
	cut    bool          // hang up instead
}

// bank plays a wire gateway: its replies in order, and after them it holds the
// last request until the test is over.
type bank struct {
	w       *world
	server  *httptest.Server
	mu      sync.Mutex
	replies []reply
	asked   []string // queries
	auth    []string
	idle    chan struct{} // the script is over
}

func newBank(w *world, replies ...reply) *bank {
	b := &bank{w: w, replies: replies, idle: make(chan struct{}, 1)}
	b.server = httptest.NewServer(b)
	w.Cleanup(b.server.Close)
	return b
}

func (b *bank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.asked = append(b.asked, strings.TrimPrefix(r.URL.Path, "/gateway")+"?"+r.URL.RawQuery)
	b.auth = append(b.auth, r.Header.Get("Authorization"))
	var now reply
	over := len(b.replies) == 0
	if !over {
		now, b.replies = b.replies[0], b.replies[1:]
	}
	b.mu.Unlock()
	if over {
		b.idle <- struct{}{}
		<-r.Context().Done()
		return
	}
	b.w.later(now.held)
	if now.cut {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(now.status)
	_, _ = w.Write([]byte(now.body))
}

// follow runs Follow until the bank's script is over and tells the pauses that
// it made between requests.
func (w *world) follow(b *bank) (pauses []time.Duration) {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Context())
	done := make(chan error)
	go func() {
		done <- w.e.Follow(ctx, exchange.WireGateway{URL: b.server.URL + "/gateway", User: "exchange", Password: "pass", LongPoll: time.Minute})
	}()
	for {
		select {
		case d := <-w.waits:
			pauses = append(pauses, d)
			w.fire <- time.Time{}
			continue
		case <-b.idle:
		case err := <-done:
			cancel()
			w.Fatalf("Follow ended: %v", err)
		}
		cancel()
		if err := <-done; err != nil {
			w.Fatal(err)
		}
		return pauses
	}
}

func page(rows ...string) reply {
	return reply{status: 200, body: `{"credit_account":"` + string(exchange.DefaultAccount) + `","incoming_transactions":[` + strings.Join(rows, ",") + `]}`}
}

func row(id uint64, amount string, pub crypto.EddsaPublicKey) string {
	return fmt.Sprintf(`{"type":"RESERVE","row_id":%d,"date":{"t_s":1795212155},"amount":%q,"debit_account":%q,"reserve_pub":%q}`, id, amount, payer, pub)
}

func (w *world) reserve(pub crypto.EddsaPublicKey) string {
	w.Helper()
	a := w.get("/reserves/" + pub.String())
	if a.status == 404 {
		return "none"
	}
	var s taler.ReserveStatus
	a.into(w.T, &s)
	return s.Balance.String()
}

func TestFollowAsksAsWirewatchDoes(t *testing.T) {
	w := newWorld(t)
	a, b, c := newKey(t).Public(), newKey(t).Public(), newKey(t).Public()
	bank := newBank(w,
		page(row(1, "CHF:25", a)),
		reply{status: 204, held: time.Minute},
		page(row(2, "CHF:5.1", b), row(8, "CHF:10.00", c)),
	)
	if pauses := w.follow(bank); len(pauses) != 0 {
		t.Errorf("pauses %v", pauses)
	}
	want := []string{
		"/history/incoming?delta=1024&long_poll_ms=60000",
		"/history/incoming?delta=1023&long_poll_ms=60000&start=1",
		"/history/incoming?delta=1023&long_poll_ms=60000&start=1",
		"/history/incoming?delta=1016&long_poll_ms=60000&start=8",
	}
	if !slices.Equal(bank.asked, want) {
		t.Errorf("it asked %q", bank.asked)
	}
	for _, auth := range bank.auth {
		if auth != "Basic ZXhjaGFuZ2U6cGFzcw==" {
			t.Errorf("Authorization %q", auth)
		}
	}
	if w.reserve(a) != "CHF:25" || w.reserve(b) != "CHF:5.1" || w.reserve(c) != "CHF:10" {
		t.Errorf("reserves %s %s %s", w.reserve(a), w.reserve(b), w.reserve(c))
	}
}

func TestFollowReactsAsWirewatchDoes(t *testing.T) {
	none := crypto.EddsaPublicKey{}
	rest := []time.Duration{time.Minute}
	bad := func(old, with string) reply {
		r := page(row(1, "CHF:1", newKey(t).Public()))
		r.body = strings.Replace(r.body, old, with, 1)
		return r
	}
	for name, c := range map[string]struct {
		reply  reply
		pauses []time.Duration
	}{
		"204 at once":                  {reply{status: 204}, rest},
		"204 after a part of the time": {reply{status: 204, held: 45 * time.Second}, []time.Duration{15 * time.Second}},
		"204 after all of it":          {reply{status: 204, held: time.Minute}, nil},
		"empty array":                  {page(), rest},
		"401":                          {reply{status: 401, body: `{"code":40}`}, rest},
		"500":                          {reply{status: 500}, rest},
		"500 late":                     {reply{status: 500, held: 50 * time.Second}, []time.Duration{10 * time.Second}},
		"not JSON":                     {reply{status: 200, body: "<html>"}, rest},
		"connection cut":               {reply{cut: true}, rest},
		"404":                          {reply{status: 404, body: `{"code":5106}`}, []time.Duration{time.Millisecond}},
		"404 of a web server":          {reply{status: 404, body: `<html>`}, []time.Duration{time.Millisecond}},
		"no credit_account":            {bad("credit_account", "account"), rest},
		"date a number":                {bad(`{"t_s":1795212155}`, `1795212155`), rest},
		"row_id a string":              {bad(`"row_id":1`, `"row_id":"1"`), rest},
		"row 0":                        {bad(`"row_id":1`, `"row_id":0`), rest},
		"unknown type":                 {bad("RESERVE", "GIFT"), rest},
		"key malformed":                {bad(`"reserve_pub":"`, `"reserve_pub":"X`), rest},
		"one bad row among good ones":  {page(row(1, "CHF:1", newKey(t).Public()), row(2, "CHF:1", none)), rest},
		"rows backwards":               {page(row(2, "CHF:1", newKey(t).Public()), row(1, "CHF:1", newKey(t).Public())), rest},
		"foreign currency":             {page(row(1, "KUDOS:1", newKey(t).Public())), rest},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			good := newKey(t).Public()
			bank := newBank(w, c.reply, page(row(1, "CHF:7", good)))
			if got := w.follow(bank); !slices.Equal(got, c.pauses) {
				t.Errorf("pauses %v, want %v", got, c.pauses)
			}
			if len(bank.asked) != 3 || bank.asked[1] != bank.asked[0] {
				t.Errorf("it asked %q", bank.asked)
			}
			if got := w.reserve(good); got != "CHF:7" {
				t.Errorf("the next page's reserve: %s", got)
			}
		})
	}
}

func TestFollowTakesWhatWirewatchTakes(t *testing.T) {
	for name, change := range map[string][2]string{
		"unknown member":     {`"type"`, `"colour":"red","type"`},
		"type in lower case": {"RESERVE", "reserve"},
		"credit fee":         {`"date"`, `"credit_fee":"CHF:0.1","date"`},
		"foreign debit":      {string(payer), "payto://wallee-transaction/4711"},
		"amount with zeros":  {"CHF:10", "CHF:10.00"},
		"more at the top":    {`{"credit_account"`, `{"more":1,"credit_account"`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			pub := newKey(t).Public()
			r := page(row(1, "CHF:10", pub))
			if !strings.Contains(r.body, change[0]) {
				t.Fatalf("nothing to change in %s", r.body)
			}
			r.body = strings.Replace(r.body, change[0], change[1], 1)
			if pauses := w.follow(newBank(w, r)); len(pauses) != 0 || w.reserve(pub) != "CHF:10" {
				t.Errorf("pauses %v, reserve %s", pauses, w.reserve(pub))
			}
		})
	}
}

func TestA404IsAskedAgainWithGrowingGaps(t *testing.T) {
	w := newWorld(t)
	var replies []reply
	var want []time.Duration
	for gap := time.Millisecond; len(replies) < 18; gap = min(2*gap, 32*time.Second) {
		replies = append(replies, reply{status: 404})
		want = append(want, gap)
	}
	replies = append(replies, reply{status: 204, held: time.Minute}, reply{status: 404})
	want = append(want, time.Millisecond) // from the beginning after another answer
	if got := w.follow(newBank(w, replies...)); !slices.Equal(got, want) {
		t.Errorf("pauses %v, want %v", got, want)
	}
}

func TestAReserveIsFilledOnce(t *testing.T) {
	w := newWorld(t)
	pub := newKey(t).Public()
	w.follow(newBank(w, page(row(1, "CHF:5", pub), row(2, "CHF:7", pub)), page(row(3, "CHF:9", pub))))
	if got := w.reserve(pub); got != "CHF:5" {
		t.Errorf("the reserve has %s", got)
	}
	byHand := w.fill("CHF:1").Public()
	w.follow(newBank(w, page(row(4, "CHF:9", byHand))))
	if got := w.reserve(byHand); got != "CHF:1" {
		t.Errorf("a reserve filled by hand before has %s", got)
	}
}

func TestOtherTypesAreReadAndFillNothing(t *testing.T) {
	w := newWorld(t)
	pub, last := newKey(t).Public(), newKey(t).Public()
	kyc := fmt.Sprintf(`{"type":"KYCAUTH","row_id":1,"date":{"t_s":1},"amount":"CHF:1","debit_account":%q,"account_pub":%q}`, payer, pub)
	wad := fmt.Sprintf(`{"type":"WAD","row_id":2,"date":{"t_s":1},"amount":"CHF:1","debit_account":%q,"origin_exchange_url":"https://e.example/","wad_id":%q}`,
		payer, crypto.Encode(make([]byte, 24)))
	bank := newBank(w, page(kyc, wad, row(3, "CHF:2", last)))
	w.follow(bank)
	if w.reserve(pub) != "none" || w.reserve(last) != "CHF:2" || !strings.Contains(bank.asked[1], "start=3") {
		t.Errorf("reserves %s and %s, asked %q", w.reserve(pub), w.reserve(last), bank.asked)
	}
}

func TestACreditFromTheBankWakesTheWallet(t *testing.T) {
	w := newWorld(t)
	pub := newKey(t).Public()
	woken := make(chan answer)
	go func() { woken <- w.get("/reserves/" + pub.String() + "?timeout_ms=30000") }()
	<-w.waits
	w.follow(newBank(w, page(row(1, "CHF:1", pub))))
	if a := <-woken; a.status != 200 {
		t.Errorf("%d: %s", a.status, a.body)
	}
}

func TestAGatewayIsRememberedAndItsPasswordDoesNotPrint(t *testing.T) {
	w := newWorld(t)
	if _, found, err := w.e.Gateway(t.Context()); found || err != nil {
		t.Fatalf("before: %v, %v", found, err)
	}
	g := exchange.WireGateway{URL: "http://localhost:1/", User: "exchange", Password: "pass-word"}
	for range 2 {
		if err := w.e.RememberGateway(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	w.down()
	w.up()
	back, found, err := w.e.Gateway(t.Context())
	if err != nil || !found || back != g {
		t.Errorf("after: %v, %v, %v", back, found, err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, back); strings.Contains(text, "pass-word") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
	if err := w.e.Follow(t.Context(), exchange.WireGateway{URL: "not a URL"}); reasonOf(err) != "address-refused" {
		t.Errorf("err = %v", err)
	}
}
