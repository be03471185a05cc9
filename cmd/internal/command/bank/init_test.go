package bank_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/cmd/internal/credentials"
)

// Scripts outside this project read these fields and this file.
func TestInitShowsTheExchangesLoginOnceAndWritesItDown(t *testing.T) {
	d := newDesk(t)
	var out bytes.Buffer
	if code := d.command(t.Context(), &out, "init", "--currency", "CHF", "--exchange-url", "http://127.0.0.1:9", "--exchange-account", account); code != 0 {
		t.Fatalf("exit %d: %s", code, out.String())
	}
	var fields map[string]any
	if err := json.Unmarshal(out.Bytes(), &fields); err != nil {
		t.Fatal(err)
	}
	gateway, _ := fields["gateway"].(map[string]any)
	password, _ := gateway["password"].(string)
	want := map[string]any{"dir": d.dir, "currency": "CHF", "gateway": map[string]any{
		"url": "", "user": "exchange", "password": password, "token": "secret-token:exchange:" + password,
	}}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Error(diff)
	}
	if len(password) != 52 {
		t.Errorf("the password has %d characters, not those of 256 bits", len(password))
	}
	path := filepath.Join(d.dir, "exchange-credentials.conf")
	c, err := credentials.Read(path)
	if err != nil || c != (credentials.Credentials{Account: "exchange", User: "exchange", Password: password}) {
		t.Errorf("%v, %v", c, err)
	}
	for _, name := range []string{"exchange-credentials.conf", "config.toml", "node.key", "vault.json", "store.db"} {
		if info, err := os.Stat(filepath.Join(d.dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	for _, name := range []string{"config.toml", "store.db", "vault.json"} {
		if text, err := os.ReadFile(filepath.Join(d.dir, name)); err != nil || strings.Contains(string(text), password) {
			t.Errorf("%s holds the password, or: %v", name, err)
		}
	}
}

func TestAFixedAddressIsKnownFromTheBeginning(t *testing.T) {
	for _, row := range []struct {
		name, want string
		args       []string
	}{
		{"a port", "http://127.0.0.1:9082/taler-wire-gateway/", []string{"--listen", "127.0.0.1:9082"}},
		{"a port by its name", "http://127.0.0.1:80/taler-wire-gateway/", []string{"--listen", "127.0.0.1:http"}},
		{"any port", "", []string{"--listen", "127.0.0.1:0"}},
		{"all addresses", "", []string{"--listen", ":9082"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := newDesk(t)
			made := d.initialises(row.args...)
			c, err := credentials.Read(filepath.Join(d.dir, credentials.Name))
			if err != nil || made.Gateway.URL != row.want || c.URL != row.want {
				t.Errorf("said %q, wrote %q, %v", made.Gateway.URL, c.URL, err)
			}
		})
	}
}

func TestFreshFromInitNothingCostsAnything(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	var shown map[string]any
	d.does(&shown, "config", "show")
	want := map[string]any{
		"party": "bank", "pnp": "", "name": "C2EC", "currency": "CHF", "exchange_url": "http://127.0.0.1:9/", "exchange_account": account,
		"withdrawal_fees": "CHF:0", "listen": "127.0.0.1:0", "session_listen": "127.0.0.1:0", "url": "",
		"edge.tls_certificate_file": "", "edge.tls_key_file": "", "edge.proxies": []any{}, "edge.connections_per_address": 1024.0, "edge.request_within": "10s",
		"admin_incoming": false, "min_amount": "", "max_amount": "", "quota": "", "quota_within": "24h0m0s",
		"asking_first": "1s", "asking_longest": "5m0s", "pending_for": "15m0s", "selected_for": "30m0s", "searched_for": "168h0m0s",
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Error(diff)
	}
	d.env["SWAPEROO_WITHDRAWAL_FEES"] = "CHF:0.5"
	d.does(&shown, "config", "show")
	if shown["withdrawal_fees"] != "CHF:0.5" {
		t.Errorf("the environment's fees are %v", shown["withdrawal_fees"])
	}
}

func TestInitRefusesAndLeavesNothing(t *testing.T) {
	args := func(change ...string) []string {
		all := map[string]string{"currency": "CHF", "exchange-url": "http://127.0.0.1:9/", "exchange-account": account}
		for n := 0; n < len(change); n += 2 {
			all[change[n]] = change[n+1]
		}
		out := []string{"init"}
		for name, value := range all {
			if value != "" {
				out = append(out, "--"+name, value)
			}
		}
		return out
	}
	for _, row := range []struct {
		name   string
		args   []string
		code   int
		reason string
	}{
		{"no currency", args("currency", ""), 2, "usage"},
		{"no exchange", args("exchange-url", ""), 2, "usage"},
		{"no account", args("exchange-account", ""), 2, "usage"},
		{"a currency in small letters", args("currency", "chf"), 2, "amount-malformed"},
		{"an account without a name", args("exchange-account", "payto://x-taler-bank/localhost/exchange"), 2, "payto-malformed"},
		{"no account at all", args("exchange-account", "exchange"), 2, "payto-malformed"},
		{"an exchange in clear elsewhere", args("exchange-url", "http://exchange.example.com/"), 5, "address-refused"},
		{"an exchange that is none", args("exchange-url", "exchange"), 2, "address-refused"},
		{"fees in another currency", args("withdrawal-fees", "EUR:1"), 2, "currency-mismatch"},
		{"nowhere to listen", args("listen", "here"), 2, "address-malformed"},
		{"a port beyond all", args("listen", "127.0.0.1:65536"), 2, "address-malformed"},
		{"fees that are no amount", args("withdrawal-fees", "1"), 2, "amount-malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := newDesk(t)
			d.refuses(row.code, row.reason, row.args...)
			if _, err := os.Stat(d.dir); err == nil {
				t.Error("a directory is left")
			}
		})
	}
	t.Run("again", func(t *testing.T) {
		d := newDesk(t)
		made := d.initialises()
		d.refuses(5, "dir-taken", args("currency", "EUR")...)
		c, err := credentials.Read(filepath.Join(d.dir, credentials.Name))
		if err != nil || c.Password != made.Gateway.Password {
			t.Errorf("the first bank's file is %v, %v", c, err)
		}
	})
	t.Run("after one that was interrupted", func(t *testing.T) {
		d := newDesk(t)
		d.initialises()
		if err := os.Remove(filepath.Join(d.dir, "vault.json")); err != nil { // it is written last
			t.Fatal(err)
		}
		d.refuses(3, "vault-missing", "terminal", "list") // its database is a bank's
		d.refuses(5, "vault-missing", args()...)
		if err := os.Remove(filepath.Join(d.dir, "store.db")); err != nil { // what it holds was for the first key
			t.Fatal(err)
		}
		d.refuses(3, "dir-empty", "terminal", "list")
		d.initialises()
		var none struct{ Terminals []any }
		d.does(&none, "terminal", "list")
	})
}

func TestSettingsThatCannotBeGood(t *testing.T) {
	for _, row := range []struct {
		name, old, new, reason, says string
		code                         int
	}{
		{"unknown key", "name = ", "nme = ", "config-key-unknown", "config.toml:4:", 1},
		{"fees of another currency", `"CHF:0"`, `"EUR:1"`, "config-malformed", "EUR:1", 1},
		{"a bound of another currency", `max_amount = ""`, `max_amount = "EUR:1"`, "config-malformed", "EUR:1", 1},
		{"a least above the most", "min_amount = \"\"\n\n# The most that one withdrawal may be; empty: no bound.\nmax_amount = \"\"", "min_amount = \"CHF:50\"\nmax_amount = \"CHF:5\"", "config-malformed", "nothing could be sold", 1},
		{"nowhere to listen", "listen = \"127.0.0.1:0\"", "listen = \"here\"", "config-malformed", "here", 1},
		{"a quota for no time", `"24h0m0s"`, `"1ms"`, "config-malformed", "quota_within", 1},
		{"another account", "payto://x-taler-bank/localhost/exchange?receiver-name=Sandbox", "payto://x-taler-bank/", "config-malformed", "payto", 1},
		{"nobody's account", "payto://x-taler-bank/localhost/exchange?receiver-name=Sandbox", "payto://x-taler-bank/localhost/?receiver-name=Sandbox", "config-malformed", "no account", 1},
		{"no currency", `currency = "CHF"`, `currency = ""`, "config-malformed", "currency", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := newDesk(t)
			d.initialises()
			path := filepath.Join(d.dir, "config.toml")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(text), row.old, row.new, 1)
			if changed == string(text) {
				t.Fatalf("%q is not in\n%s", row.old, text)
			}
			if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, verb := range [][]string{{"config", "show"}, {"serve"}, {"terminal", "list"}} {
				d.refuses(row.code, row.reason, verb...)
			}
		})
	}
}

// A bank whose key file has gone, or is another one, is still a bank, and told so.
func TestABankWithoutItsKeyFile(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	key := filepath.Join(d.dir, "node.key")
	for _, row := range []struct {
		exit   int
		reason string
		leave  func() error
	}{
		{1, "key-file-malformed", func() error { return os.WriteFile(key, []byte("short"), 0o600) }},
		{5, "wrong-key-file", func() error { return os.WriteFile(key, bytes.Repeat([]byte{1}, 32), 0o600) }},
		{3, "key-file-missing", func() error { return os.Remove(key) }},
	} {
		if err := row.leave(); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		code := d.command(t.Context(), &out, "terminal", "list")
		if code != row.exit || !strings.Contains(out.String(), `"reason":"`+row.reason+`"`) || !strings.Contains(out.String(), "made with the vault") {
			t.Errorf("exit %d, want %d and %s: %s", code, row.exit, row.reason, out.String())
		}
	}
}
