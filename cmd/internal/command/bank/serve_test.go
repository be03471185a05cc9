package bank_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// open is a bank that runs.
type open struct {
	*desk
	urls map[string]string
	more map[string]map[string]string // of further exchanges, by door and name
	stop func()
}

// serves runs `bank serve` and waits until it listens.
func (d *desk) serves(args ...string) *open {
	d.t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		code := d.command(ctx, w, append([]string{"serve"}, args...)...)
		_ = w.Close()
		ended <- code
	}()
	lines := bufio.NewScanner(r)
	o := &open{desk: d, urls: map[string]string{}, more: map[string]map[string]string{}}
	var names []string
	for len(names) < 4 && lines.Scan() {
		var l struct {
			Event, Name, URL string
			Exchanges        map[string]string
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil || l.Event != "listening" {
			d.t.Fatalf("%s: %v", lines.Text(), err)
		}
		names = append(names, l.Name)
		o.urls[l.Name], o.more[l.Name] = l.URL, l.Exchanges
	}
	if strings.Join(names, " ") != "terminal integration wire-gateway session" {
		d.t.Fatalf("listening are %v", names)
	}
	stopped := false
	o.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if code := <-ended; code != 0 {
			d.t.Errorf("bank serve ended with %d", code)
		}
	}
	d.t.Cleanup(o.stop)
	return o
}

// asks makes one request and gives status and body.
func (o *open) asks(method, url, user, password, body string) (int, string) {
	o.t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if user != "" {
		request.SetBasicAuth(user, password)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

type credential struct{ Login, Token string }

// sells gives the bank a provider and a terminal.
func (o *open) sells() credential {
	o.t.Helper()
	o.does(nil, "provider", "add", "sim", "--kind", "simulator", "--url", "http://127.0.0.1:9")
	var a credential
	o.does(&a, "terminal", "add", "till", "--provider", "sim")
	return a
}

func TestOperatorsWorkBesideTheBank(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	o := d.serves()
	till := o.sells()
	config := o.urls["terminal"] + "config"

	if status, text := o.asks("GET", config, till.Login, till.Token, ""); status != 200 || !strings.Contains(text, `"provider_name":"sim"`) {
		t.Errorf("%d %s", status, text)
	}
	var again credential
	d.does(&again, "terminal", "rotate", "till")
	for token, want := range map[string]int{till.Token: 401, again.Token: 200} {
		if status, text := o.asks("GET", config, till.Login, token, ""); status != want {
			t.Errorf("%d %s, want %d", status, text, want)
		}
	}
	var terminals struct {
		Terminals []struct {
			Name, Provider string
			Disabled       bool
		}
	}
	d.refuses(5, "provider-in-use", "provider", "remove", "sim")
	d.does(nil, "terminal", "disable", "till")
	d.does(&terminals, "terminal", "list")
	if len(terminals.Terminals) != 1 || !terminals.Terminals[0].Disabled || terminals.Terminals[0].Provider != "sim" {
		t.Errorf("%+v", terminals)
	}
	if status, _ := o.asks("GET", config, till.Login, again.Token, ""); status != 401 {
		t.Errorf("a disabled terminal gets %d", status)
	}
	d.refuses(5, "terminal-disabled", "terminal", "rotate", "till")
	var back credential
	d.does(&back, "terminal", "rotate", "till", "--enable")
	for token, want := range map[string]int{again.Token: 401, back.Token: 200} {
		if status, text := o.asks("GET", config, till.Login, token, ""); status != want {
			t.Errorf("enabled again: %d %s, want %d", status, text, want)
		}
	}
	d.does(nil, "terminal", "disable", "till")
	d.does(nil, "provider", "remove", "sim")
	d.refuses(5, "provider-removed", "terminal", "rotate", "till", "--enable")
	var providers struct{ Providers []any }
	d.does(&providers, "provider", "list")
	if len(providers.Providers) != 0 {
		t.Errorf("%+v", providers)
	}
	d.refuses(9, "dir-in-use", "serve")
}

func TestRefusalsOfOperatorsCommands(t *testing.T) {
	d := newDesk(t)
	d.refuses(3, "config-missing", "terminal", "list")
	d.initialises()
	for _, row := range []struct {
		code   int
		reason string
		args   []string
	}{
		{3, "provider-unknown", []string{"terminal", "add", "till", "--provider", "nobody"}},
		{2, "usage", []string{"terminal", "add", "till"}},
		{3, "account-unknown", []string{"terminal", "rotate", "nobody"}},
		{3, "account-unknown", []string{"terminal", "disable", "exchange"}}, // a gateway is no terminal
		{3, "exchange-unknown", []string{"gateway", "rotate", "nobody"}},
		{2, "provider-kind-unknown", []string{"provider", "add", "p", "--kind", "bank", "--url", "http://127.0.0.1:9/"}},
		{5, "address-refused", []string{"provider", "add", "p", "--url", "http://cards.example.com/"}},
		{2, "name-malformed", []string{"provider", "add", "a name", "--url", "http://127.0.0.1:9/"}},
		{2, "usage", []string{"provider", "add", "p", "--url", "http://127.0.0.1:9/", "--space", "1"}}, // wallee's, and no --kind
		{3, "provider-unknown", []string{"provider", "check", "p"}},
		{3, "provider-unknown", []string{"provider", "remove", "p"}},
		{2, "usage", []string{"withdrawal", "show", "ABC"}},
		{3, "unknown-operation", []string{"withdrawal", "show", "ABCDEFGH"}},
		{2, "usage", []string{"withdrawal", "abort", "ABCDEFGH"}},
		{2, "usage", []string{"withdrawal", "list", "--status", "lost"}},
		{3, "operation-unknown", []string{"operation", "show", "abcdef"}},
		{2, "usage", []string{"operation", "list", "--state", "lost"}},
		{2, "usage", []string{"operation", "list", "-n", "-1"}},
		{5, "address-refused", []string{"serve", "--listen", "0.0.0.0:0"}},
	} {
		d.refuses(row.code, row.reason, row.args...)
	}
	var empty struct {
		Withdrawals, Operations, Terminals []any
	}
	d.does(&empty, "withdrawal", "list")
	d.does(&empty, "operation", "list")
	if empty.Withdrawals == nil || empty.Operations == nil {
		t.Errorf("lists of nothing are %+v", empty)
	}
}

func TestAWithdrawalIsFoundByItsBeginningAndAborted(t *testing.T) {
	d := newDesk(t)
	d.initialises("--withdrawal-fees", "CHF:0.25")
	o := d.serves()
	till := o.sells()
	status, text := o.asks("POST", o.urls["terminal"]+"withdrawals", till.Login, till.Token, `{"request_uid":"one","amount":"CHF:20"}`)
	var made struct {
		WOPID string `json:"withdrawal_id"`
	}
	if err := json.Unmarshal([]byte(text), &made); status != 200 || err != nil {
		t.Fatalf("%d %s", status, text)
	}
	type shown struct{ WOPID, Status, Amount, Fees, Terminal, Reason, Created string }
	var w shown
	for _, name := range []string{
		made.WOPID, made.WOPID[:8], strings.ToLower(made.WOPID[:20]),
		strings.NewReplacer("0", "o", "1", "L", "V", "U").Replace(made.WOPID[:50]), // as somebody has read it
		"taler+http://withdraw/127.0.0.1:9/taler-integration/" + made.WOPID,
	} {
		w = shown{}
		d.does(&w, "withdrawal", "show", name)
		if w.WOPID != made.WOPID || w.Status != "pending" || w.Amount != "CHF:20" || w.Fees != "CHF:0.25" || w.Terminal != "till" || !strings.HasSuffix(w.Created, "Z") {
			t.Errorf("%s: %+v", name, w)
		}
	}
	d.does(&w, "withdrawal", "abort", made.WOPID[:8], "--reason", "the till broke")
	if w.Status != "aborted" || w.Reason != "the till broke" {
		t.Errorf("%+v", w)
	}
	if status, text := o.asks("GET", o.urls["integration"]+"withdrawal-operation/"+made.WOPID, "", "", ""); status != 200 || !strings.Contains(text, `"status":"aborted"`) {
		t.Errorf("the running bank says %d %s", status, text)
	}
	var list struct{ Withdrawals []shown }
	d.does(&list, "withdrawal", "list", "--status", "aborted")
	if len(list.Withdrawals) != 1 || list.Withdrawals[0].WOPID != made.WOPID {
		t.Errorf("%+v", list)
	}
	d.refuses(2, "usage", "withdrawal", "explain", made.WOPID)
	d.refuses(5, "nothing-to-explain", "withdrawal", "explain", made.WOPID, "--reason", "it is a sale of the shop")
	d.refuses(5, "nothing-to-explain", "withdrawal", "explain", made.WOPID, "--reason", "by hand", "--refunded", "CHF:5")
	d.refuses(2, "amount-malformed", "withdrawal", "explain", made.WOPID, "--reason", "by hand", "--refunded", "5")
	d.does(&list, "withdrawal", "list", "--status", "confirmed")
	if len(list.Withdrawals) != 0 {
		t.Errorf("%+v", list)
	}
}

func TestAnAmountThatTheWalletChoosesIsOpen(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	o := d.serves()
	till := o.sells()
	if status, text := o.asks("POST", o.urls["terminal"]+"withdrawals", till.Login, till.Token, `{"request_uid":"free"}`); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	var out bytes.Buffer
	if code := d.command(t.Context(), &out, "withdrawal", "list", "--json=false"); code != 0 || !strings.Contains(out.String(), "\tpending\topen\ttill\t") {
		t.Errorf("exit %d: %q", code, out.String())
	}
}

func TestCheckAsksEverybody(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	var out bytes.Buffer
	if code := d.command(t.Context(), &out, "config", "check"); code != 8 {
		t.Errorf("exit %d: %s", code, out.String())
	}
	var found struct {
		OK     bool
		Checks []struct {
			What string
			OK   bool
		}
	}
	if err := json.Unmarshal(out.Bytes(), &found); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if found.OK || len(found.Checks) != 2 || !found.Checks[0].OK || found.Checks[1].OK {
		t.Errorf("%+v", found)
	}
}

// TestCheckAsksRemovedProviders, where what was paid may still have to go back. That one
// does not answer is a warning: it may be gone for good, and nobody charges there.
func TestCheckAsksRemovedProviders(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	d.does(nil, "provider", "add", "old", "--url", "http://127.0.0.1:9")
	d.does(nil, "provider", "remove", "old")
	var out bytes.Buffer
	d.command(t.Context(), &out, "config", "check") // fails, as there is no exchange
	var found struct {
		Checks []struct {
			What    string
			OK      bool
			Warning struct{ Reason, Message, Hint string }
		}
	}
	if err := json.Unmarshal(out.Bytes(), &found); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	last := found.Checks[len(found.Checks)-1]
	if last.What != "removed provider old" || !last.OK || last.Warning.Reason == "" || !strings.Contains(last.Warning.Message, "back") || last.Warning.Hint == "" {
		t.Errorf("%s", out.String())
	}
}

// TestABankWithAPathServesWithoutAProxy: its credentials files name that path.
func TestABankWithAPathServesWithoutAProxy(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	path := filepath.Join(d.dir, "config.toml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte("\nurl = \"\""), []byte("\nurl = \"https://bank.example/a/b/\""), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	o := d.serves()
	till := o.sells()
	for _, path := range []string{"config", "a/b/config", "a/b/taler-integration/config", "a/b/taler-wire-gateway/config", "a/b/readyz"} {
		if status, text := o.asks("GET", o.urls["terminal"]+path, till.Login, till.Token, ""); status != 200 {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
}
