package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/protocol"
)

func TestMain(m *testing.M) { commtest.Main(m) }

// bundles are the first-party bundles, in this process.
func bundles() []protocol.Bundle { return bundled.InProcess(comm.Bank) }

func open(t testing.TB, o banktest.Options) *banktest.House {
	t.Helper()
	o.Bundles = bundles()
	o.Around = func(h http.Handler) http.Handler { return conforming{t, h} }
	return banktest.Open(t, o)
}

// patience bounds what only a defect would let hang.
const patience = 4 * time.Minute

// withTimeout bounds a test that would hang instead of failing.
func withTimeout(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// request is one raw request.
type request struct {
	method, path string
	header       http.Header
	login        banktest.Login // Basic, unless empty
	body         string
}

// response is the whole answer to it.
type response struct {
	status int
	header http.Header
	body   string
}

func send(t testing.TB, h *banktest.House, r request) response {
	t.Helper()
	got, err := try(withTimeout(t), h.URL, r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	return got
}

func try(ctx context.Context, base string, r request) (response, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, strings.TrimSuffix(base, "/")+r.path, strings.NewReader(r.body))
	if err != nil {
		return response{}, err
	}
	maps.Copy(req.Header, r.header)
	if r.login.Name != "" {
		req.SetBasicAuth(r.login.Name, r.login.Token)
	}
	c := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := c.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return response{res.StatusCode, res.Header, string(body)}, err
}

// code is the Taler error code of an answer; 0 for none.
func (r response) code(t testing.TB) taler.Code {
	t.Helper()
	if r.status < 300 {
		return 0
	}
	var body struct {
		Code *taler.Code `json:"code"`
		Hint string      `json:"hint"`
	}
	if err := json.Unmarshal([]byte(r.body), &body); err != nil || body.Code == nil || body.Hint == "" {
		t.Errorf("the answer %d has no Taler error body: %q", r.status, r.body)
		return -1
	}
	return *body.Code
}

func (r response) want(t testing.TB, status int, code taler.Code) {
	t.Helper()
	if got := r.code(t); r.status != status || got != code {
		t.Errorf("answered %d code %d, want %d code %d: %s", r.status, got, status, code, r.body)
	}
}

func chf(t testing.TB, text string) (a taler.Amount) {
	t.Helper()
	if err := a.UnmarshalText([]byte("CHF:" + text)); err != nil {
		t.Fatal(err)
	}
	return a
}

// key is a reserve key that is not used elsewhere in a test.
func key(n byte) taler.EddsaPublicKey { return taler.EddsaPublicKey(bytes.Repeat([]byte{n}, 32)) }

// setUp makes a withdrawal of CHF:20 at the house's till.
func setUp(t testing.TB, h *banktest.House, uid string) taler.WOPID {
	t.Helper()
	out, err := h.Till(h.Terminal).SetUp(withTimeout(t), taler.TerminalWithdrawalSetup{RequestUID: uid, Amount: chf(t, "20")})
	if err != nil {
		t.Fatalf("set up: %v", err)
	}
	return out.WithdrawalID
}

// selected makes one that a wallet has taken.
func selected(t testing.TB, h *banktest.House, uid string, reserve taler.EddsaPublicKey) taler.WOPID {
	t.Helper()
	id := setUp(t, h, uid)
	_, err := h.Wallet().Select(withTimeout(t), id, taler.BankWithdrawalOperationPostRequest{ReservePub: reserve, SelectedExchange: banktest.ExchangeAccount})
	if err != nil {
		t.Fatalf("select: %v", err)
	}
	return id
}

// notify sends the terminal's notice.
func notify(t testing.TB, h *banktest.House, id taler.WOPID, transaction string) {
	t.Helper()
	err := h.Till(h.Terminal).Check(withTimeout(t), id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: transaction})
	if err != nil {
		t.Fatalf("check: %v", err)
	}
}

// pay has the provider say that a withdrawal of CHF:20 was paid.
func pay(t testing.TB, h *banktest.House, id taler.WOPID, transaction string) {
	t.Helper()
	h.Provider.Put(banktest.Payment{ID: transaction, State: "paid", Amount: chf(t, "20"), Reference: id.Text()})
}

// settled waits until a withdrawal is no longer selected.
func settled(t testing.TB, h *banktest.House, id taler.WOPID) taler.BankWithdrawalOperationStatus {
	t.Helper()
	s, err := h.Bank.Status(withTimeout(t), id, taler.LongPoll{Timeout: patience, OldState: taler.StateSelected})
	if err != nil {
		t.Fatalf("status: %v", err)
	}
	return *s
}
