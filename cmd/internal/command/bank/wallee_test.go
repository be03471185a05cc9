package bank_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/card/wallee"
)

// branch is a wallee where a merchant's terminals charge cards.
type branch struct {
	*provider.Provider
	t    *testing.T
	url  string // of the web service
	user provider.User
	key  string // file with the user's key

	refunds chan struct{} // gets one when a refund was answered
}

func newBranch(t *testing.T) branch {
	p, err := provider.Open(filepath.Join(t.TempDir(), "provider"), provider.Options{Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	refunds := make(chan struct{}, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.Handler().ServeHTTP(w, r)
		if strings.HasSuffix(r.URL.Path, wallee.PathRefund) {
			refunds <- struct{}{}
		}
	}))
	t.Cleanup(func() {
		p.Stop()
		server.Close()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	u, err := p.AddUser(t.Context(), 405)
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(u.Key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return branch{p, t, server.URL + provider.APIPath, u, key, refunds}
}

// charge charges a card and says what the terminal sends as the payment's name.
func (b branch) charge(amount, reference string) string {
	b.t.Helper()
	sum, err := instrument.ParseAmount(amount)
	if err != nil {
		b.t.Fatal(err)
	}
	made, _, err := b.Pay(b.t.Context(), provider.Order{Amount: sum, Reference: reference, Token: "approved", Space: b.user.Space})
	if err != nil {
		b.t.Fatal(err)
	}
	return made.ID
}

func (b branch) arguments(name string) []string {
	return []string{
		"provider", "add", name, "--kind", "wallee", "--url", b.url, "--space", fmt.Sprint(b.user.Space),
		"--user", fmt.Sprint(b.user.Number), "--key-file", b.key,
	}
}

func TestProvidersOfTheKindWallee(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	b := newBranch(t)
	var made map[string]any
	d.does(&made, b.arguments("cards")...)
	if made["kind"] != "wallee" || made["space"] != 405.0 || made["url"] != b.url || len(made) != 5 {
		t.Errorf("%v", made)
	}
	d.does(nil, "provider", "check", "cards")
	with := func(flag, value string) []string {
		args := b.arguments("other")
		for n, arg := range args {
			if arg == flag {
				args[n+1] = value
			}
		}
		return args
	}
	open := filepath.Join(t.TempDir(), "open")
	if err := os.WriteFile(open, []byte(b.user.Key), 0o644); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(empty, []byte("not base64!"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		code   int
		reason string
		args   []string
	}{
		{2, "usage", b.arguments("other")[:7]},
		{2, "provider-malformed", with("--space", "0")},
		{2, "provider-malformed", with("--user", "-1")},
		{2, "provider-malformed", with("--key-file", empty)},
		{5, "secret-refused", with("--key-file", open)},
		{5, "name-taken", b.arguments("cards")},
	} {
		d.refuses(row.code, row.reason, row.args...)
	}
	d.does(nil, with("--space", "406")...)
	d.refuses(5, "provider-credentials", "provider", "check", "other")
	var list struct{ Providers []map[string]any }
	d.does(&list, "provider", "list")
	text, err := json.Marshal(list)
	if err != nil || len(list.Providers) != 2 || strings.Contains(string(text), "key") {
		t.Errorf("%s", text)
	}
}

// TestAProviderIsAskedWithAnotherKey: a bank that serves goes on with the new one, also
// with what it could not find out with the old one.
func TestAProviderIsAskedWithAnotherKey(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	b := newBranch(t)
	stranger, err := b.AddUser(t.Context(), 406)
	if err != nil {
		t.Fatal(err)
	}
	args := b.arguments("cards")
	for n, arg := range args {
		if arg == "--user" {
			args[n+1] = fmt.Sprint(stranger.Number)
		}
	}
	d.does(nil, args...) // the key is ours, the user is not
	d.refuses(5, "provider-credentials", "provider", "check", "cards")
	o := d.serves()
	var till credential
	d.does(&till, "terminal", "add", "till", "--provider", "cards")
	_, text := o.asks("POST", o.urls["terminal"]+"withdrawals", till.Login, till.Token, `{"request_uid":"one","amount":"CHF:20"}`)
	var made struct {
		ID string `json:"withdrawal_id"`
	}
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	at := o.urls["integration"] + "withdrawal-operation/" + made.ID
	o.asks("POST", at, "", "", `{"reserve_pub":"`+strings.Repeat("4", 52)+`","selected_exchange":"`+account+`"}`)
	notice := `{"provider_transaction_id":"` + b.charge("CHF:20", made.ID) + `"}`
	if status, text := o.asks("POST", o.urls["terminal"]+"withdrawals/"+made.ID+"/check", till.Login, till.Token, notice); status != 204 {
		t.Fatalf("%d %s", status, text)
	}
	d.refuses(2, "usage", "provider", "rotate", "cards")
	d.refuses(3, "provider-unknown", "provider", "rotate", "nobody", "--key-file", b.key)
	d.does(nil, "provider", "add", "toy", "--url", "http://127.0.0.1:1/")
	d.refuses(2, "key-not-wanted", "provider", "rotate", "toy", "--key-file", b.key)
	d.refuses(2, "provider-malformed", "provider", "rotate", "cards", "--key-file", b.key, "--user", "-1")
	var said map[string]any
	d.does(&said, "provider", "rotate", "cards", "--key-file", b.key, "--user", fmt.Sprint(b.user.Number))
	if said["user"] != float64(b.user.Number) || len(said) != 5 {
		t.Errorf("%v", said)
	}
	d.does(nil, "provider", "check", "cards")
	for end := time.Now().Add(time.Minute); ; {
		status, text := o.asks("GET", at+"?timeout_ms=10000&old_state=selected", "", "", "")
		if strings.Contains(text, `"status":"confirmed"`) {
			break
		}
		if status != 200 || time.Now().After(end) {
			t.Fatalf("%d %s", status, text)
		}
	}
}

// TestARemovedProviderIsAskedWithAnotherKey: what was paid there is given back for as long as
// exchanges send it back, and a key may end before. Nothing is charged there any more.
func TestARemovedProviderIsAskedWithAnotherKey(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	b := newBranch(t)
	stranger, err := b.AddUser(t.Context(), 406)
	if err != nil {
		t.Fatal(err)
	}
	d.does(nil, "provider", "add", "cards", "--kind", "wallee", "--url", b.url, "--space", fmt.Sprint(b.user.Space),
		"--user", fmt.Sprint(stranger.Number), "--key-file", b.key)
	d.does(nil, "provider", "remove", "cards")
	d.refuses(5, "provider-credentials", "provider", "check", "cards")
	d.does(nil, "provider", "rotate", "cards", "--key-file", b.key, "--user", fmt.Sprint(b.user.Number))
	d.does(nil, "provider", "check", "cards")
	d.refuses(5, "provider-removed", "terminal", "add", "till", "--provider", "cards")
	d.does(nil, "provider", "remove", "cards")
	var list struct{ Providers []any }
	if d.does(&list, "provider", "list"); len(list.Providers) != 0 {
		t.Errorf("%+v", list)
	}
}

// TestAWithdrawalPaidAtWallee goes the whole way: paid too much, confirmed, the
// surplus given back, and later most of it by the exchange.
func TestAWithdrawalPaidAtWallee(t *testing.T) {
	d := newDesk(t)
	gateway := d.initialises().Gateway
	b := newBranch(t)
	d.does(nil, b.arguments("cards")...)
	o := d.serves()
	var till credential
	d.does(&till, "terminal", "add", "till", "--provider", "cards")
	terminal, err := taler.NewClient(o.urls["terminal"], nil, taler.Basic(till.Login, till.Token))
	if err != nil {
		t.Fatal(err)
	}
	wallet, err := taler.NewClient(o.urls["integration"], nil, taler.Anonymous())
	if err != nil {
		t.Fatal(err)
	}
	exchange, err := taler.NewClient(o.urls["wire-gateway"], nil, taler.Basic(gateway.User, gateway.Password))
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	sum := func(text string) (a taler.Amount) {
		if err := a.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return a
	}
	made, err := terminal.SetUp(ctx, taler.TerminalWithdrawalSetup{RequestUID: "u", Amount: sum("CHF:20")})
	if err != nil {
		t.Fatal(err)
	}
	id := made.WithdrawalID
	if _, err := wallet.Select(ctx, id, taler.BankWithdrawalOperationPostRequest{ReservePub: taler.EddsaPublicKey{1}, SelectedExchange: account}); err != nil {
		t.Fatal(err)
	}
	payment := b.charge("CHF:20.75", id.Text())
	if err := terminal.Check(ctx, id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: payment}); err != nil {
		t.Fatal(err)
	}
	history, err := exchange.Incoming(ctx, taler.Page{Rows: 10, Timeout: time.Minute})
	if err != nil || len(history.IncomingTransactions) != 1 {
		t.Fatalf("%+v, %v", history, err)
	}
	row := history.IncomingTransactions[0]
	if row.Amount != sum("CHF:20") || row.DebitAccount.Kind() != "wallee-transaction" {
		t.Errorf("%+v", row)
	}
	_, err = exchange.Transfer(ctx, taler.TransferRequest{
		RequestUID: taler.HashCode{1}, WTID: taler.ShortHash{1}, Amount: sum("CHF:19.5"), ExchangeBaseURL: "http://127.0.0.1:9/", CreditAccount: row.DebitAccount,
	})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exchange.Outgoing(ctx, taler.Page{Rows: 10, Timeout: time.Minute}); err != nil || len(out.OutgoingTransactions) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	var shown struct {
		Status, Paid string
		Returns      []struct {
			State, Amount  string
			Created, Ended time.Time // RFC 3339
		}
	}
	d.does(&shown, "withdrawal", "show", id.Text())
	if shown.Status != "confirmed" || shown.Paid != "CHF:20.75" || len(shown.Returns) != 1 || shown.Returns[0].Amount != "CHF:0.75" || shown.Returns[0].Created.IsZero() {
		t.Errorf("%+v", shown)
	}
	for range 2 {
		<-b.refunds
	}
	if x, err := b.Payment(ctx, payment); err != nil || x.Refunded != sum("CHF:20.25") {
		t.Errorf("%s went back, %v", x.Refunded, err)
	}
}

// TestAProviderIsAskedByHand: the operator has a provider asked, and needs no bank
// that runs for it.
func TestAProviderIsAskedByHand(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	b := newBranch(t)
	d.does(nil, b.arguments("cards")...)
	o := d.serves()
	var till credential
	d.does(&till, "terminal", "add", "till", "--provider", "cards")
	status, text := o.asks("POST", o.urls["terminal"]+"withdrawals", till.Login, till.Token, `{"request_uid":"one","amount":"CHF:20"}`)
	var made struct {
		ID string `json:"withdrawal_id"`
	}
	if err := json.Unmarshal([]byte(text), &made); status != 200 || err != nil {
		t.Fatalf("%d %s", status, text)
	}
	d.refuses(5, "nothing-to-verify", "withdrawal", "retry", made.ID)
	selection := `{"reserve_pub":"` + strings.Repeat("4", 52) + `","selected_exchange":"` + account + `"}`
	if status, text := o.asks("POST", o.urls["integration"]+"withdrawal-operation/"+made.ID, "", "", selection); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	check := o.urls["terminal"] + "withdrawals/" + made.ID + "/check"
	if status, text := o.asks("POST", check, till.Login, till.Token, `{"provider_transaction_id":"4711"}`); status != 204 {
		t.Fatalf("%d %s", status, text)
	}
	o.stop()
	var out bytes.Buffer
	if code := d.command(t.Context(), &out, "withdrawal", "retry", made.ID[:8]); code != 6 || !strings.Contains(out.String(), `"status":"selected"`) {
		t.Errorf("exit %d: %s", code, out.String())
	}
	payment := b.charge("CHF:20", made.ID)
	var shown struct {
		Status      string
		Transaction string `json:"provider_transaction_id"`
		Returns     []struct {
			Transaction string `json:"provider_transaction_id"`
			State       string
		}
	}
	d.does(&shown, "withdrawal", "retry", made.ID[:8])
	if shown.Status != "confirmed" || shown.Transaction != payment {
		t.Errorf("%+v", shown)
	}
	d.refuses(5, "nothing-to-verify", "withdrawal", "retry", made.ID)
	second := b.charge("CHF:20", made.ID) // of which nobody tells the bank
	d.does(&shown, "withdrawal", "retry", made.ID[:8])
	if shown.Transaction != payment || len(shown.Returns) != 1 || shown.Returns[0].Transaction != second || shown.Returns[0].State != "pending" {
		t.Errorf("%+v", shown)
	}
	d.refuses(5, "nothing-to-verify", "withdrawal", "retry", made.ID)
}
