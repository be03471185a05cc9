package terminal_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

const deadBank = "http://127.0.0.1:9/"

func TestATerminalIsMadeWhileItsBankIsAway(t *testing.T) {
	s := newShop(t)
	var made struct{ Dir, Bank, Integration, Login, Merchant string }
	s.does(&made, "init", "--bank", "http://127.0.0.1:9", "--login", "till", "--token-file", s.file(token+"\n"), "--merchant", "Corner shop")
	if made.Dir != s.dir || made.Bank != deadBank || made.Integration != deadBank+"taler-integration/" || made.Login != "till" || made.Merchant != "Corner shop" {
		t.Errorf("init says %+v", made)
	}
	kept, err := os.Stat(filepath.Join(s.dir, "bank.token"))
	if err != nil || kept.Mode().Perm() != 0o600 {
		t.Errorf("the token is kept as %v, %v", kept, err)
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "config.toml"))
	if err != nil || strings.Contains(string(text), "hunter2") || !strings.Contains(string(text), `token_file = "bank.token"`) {
		t.Errorf("the configuration is %v\n%s", err, text)
	}
	s.refuses(5, "dir-taken", "init", "--bank", deadBank, "--login", "till", "--token-file", s.file(token))
}

// TestATerminalThatIsNoneIsNotMade: what was said wrongly can be said again.
func TestATerminalThatIsNoneIsNotMade(t *testing.T) {
	s := newShop(t)
	right := s.file(token)
	for _, row := range []struct {
		name   string
		code   int
		reason string
		args   []string
	}{
		{"no bank", 2, "usage", []string{"--login", "till", "--token-file", right}},
		{"no login", 2, "usage", []string{"--bank", deadBank, "--token-file", right}},
		{"no token", 2, "usage", []string{"--bank", deadBank, "--login", "till"}},
		{"a token as an argument", 2, "secret-unreadable", []string{"--bank", deadBank, "--login", "till", "--token-file", "/nowhere"}},
		{"an empty token", 2, "secret-unreadable", []string{"--bank", deadBank, "--login", "till", "--token-file", s.file("\n")}},
		{"a token that is too long", 2, "secret-unreadable", []string{"--bank", deadBank, "--login", "till", "--token-file", s.file(strings.Repeat("hunter2", 1000))}},
		{"a directory as the token", 2, "secret-unreadable", []string{"--bank", deadBank, "--login", "till", "--token-file", t.TempDir()}},
		{"nowhere to listen", 2, "address-malformed", []string{"--bank", deadBank, "--login", "till", "--token-file", right, "--listen", "here"}},
		{"a bank in clear", 5, "address-refused", []string{"--bank", "http://bank.example/", "--login", "till", "--token-file", right}},
		{"a bank at no address", 2, "address-refused", []string{"--bank", "bank", "--login", "till", "--token-file", right}},
		{"a name that no statement has", 2, "merchant-too-long", []string{"--bank", deadBank, "--login", "till", "--token-file", right, "--merchant", strings.Repeat("m", 257)}},
		{"wallets led nowhere", 2, "address-refused", []string{"--bank", deadBank, "--integration", "x", "--login", "till", "--token-file", right}},
	} {
		t.Run(row.name, func(t *testing.T) {
			was := s.t
			s.t = t
			defer func() { s.t = was }()
			s.refuses(row.code, row.reason, append([]string{"init"}, row.args...)...)
		})
	}
	s.refuses(3, "dir-empty", "operation", "list")
	s.open(deadBank)
}

// TestAMerchantWhoseNameIsTooLongIsTold when the terminal is opened, and not each customer
// whose card would have to be charged.
func TestAMerchantWhoseNameIsTooLongIsTold(t *testing.T) {
	s := newShop(t)
	s.open(deadBank)
	path := filepath.Join(s.dir, "config.toml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Replace(string(text), `merchant = "till"`, `merchant = "`+strings.Repeat("m", 257)+`"`, 1)
	if err := os.WriteFile(path, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	s.refuses(1, "config-malformed", "serve")
	if err := os.WriteFile(path, []byte(strings.Replace(long, "mm", "m", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.does(nil, "operation", "list")
}

func TestADirectoryWithoutATerminalIsTold(t *testing.T) {
	s := newShop(t)
	for _, args := range [][]string{
		{"provider", "list"},
		{"provider", "add", "x", "--url", deadBank},
		{"provider", "check", "x"},
		{"provider", "remove", "x"},
		{"serve"},
		{"withdraw", "--amount", "CHF:20", "--yes"},
		{"resume", "x", "--yes"},
		{"instrument", "list"},
		{"instrument", "add", "x"},
		{"instrument", "remove", "x"},
		{"operation", "list"},
		{"operation", "show", "x"},
	} {
		s.refuses(3, "dir-empty", args...)
	}
}

// TestATokenThatOthersCanReadIsRefused, before the bank hears of it.
func TestATokenThatOthersCanReadIsRefused(t *testing.T) {
	s := newShop(t)
	s.open(deadBank)
	if err := os.Chmod(filepath.Join(s.dir, "bank.token"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.refuses(5, "secret-refused", "operation", "list")
	if err := os.Remove(filepath.Join(s.dir, "bank.token")); err != nil {
		t.Fatal(err)
	}
	s.refuses(1, "secret-refused", "operation", "list")
}

func TestAFreshTerminalHasNothing(t *testing.T) {
	s := newShop(t)
	s.open(deadBank)
	for want, args := range map[string][]string{
		`{"providers":[]}` + "\n":                   {"provider", "list"},
		`{"instruments":[]}` + "\n":                 {"instrument", "list"},
		`{"operations":[],"withdrawals":[]}` + "\n": {"operation", "list"},
	} {
		if code, out, _ := s.says(append(args, "--json")...); code != 0 || out != want {
			t.Errorf("%s: exit %d and %s", strings.Join(args, " "), code, out)
		}
	}
	s.refuses(3, "unknown-operation", "operation", "show", "4A9EYQ0A")
	s.refuses(3, "unknown-operation", "operation", "show", "")
	s.refuses(3, "unknown-operation", "resume", "4A9EYQ0A", "--yes")
	s.in = "4A9EYQ0A\n"
	s.refuses(3, "unknown-operation", "resume", "-", "--yes")
}

type provider struct{ Name, Kind, URL string }

func TestProvidersOfATerminal(t *testing.T) {
	answers := httptest.NewServer(http.NotFoundHandler())
	defer answers.Close()
	s := newShop(t)
	s.open(deadBank)
	for _, row := range []struct {
		name   string
		code   int
		reason string
		args   []string
	}{
		{"without an address", 2, "usage", []string{"add", "cards"}},
		{"of an unknown kind", 2, "provider-kind-unknown", []string{"add", "cards", "--kind", "bank", "--url", deadBank}},
		{"in clear", 5, "address-refused", []string{"add", "cards", "--url", "http://cards.example/"}},
		{"at no address", 2, "address-refused", []string{"add", "cards", "--url", "cards"}},
		{"check of an unknown one", 3, "provider-unknown", []string{"check", "cards"}},
		{"remove of an unknown one", 3, "provider-unknown", []string{"remove", "cards"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			was := s.t
			s.t = t
			defer func() { s.t = was }()
			s.refuses(row.code, row.reason, append([]string{"provider"}, row.args...)...)
		})
	}
	var added provider
	s.does(&added, "provider", "add", "cards", "--kind", "simulator", "--url", deadBank) // it is not asked
	if added != (provider{"cards", "simulator", deadBank}) {
		t.Errorf("it is shown as %+v", added)
	}
	s.refuses(8, "provider-unreachable", "provider", "check", "cards")
	var list struct{ Providers []provider }
	if s.does(&list, "provider", "list"); len(list.Providers) != 1 || list.Providers[0] != added {
		t.Errorf("there is %+v", list)
	}
	var gone struct {
		Name    string
		Removed bool
	}
	if s.does(&gone, "provider", "remove", "cards"); gone.Name != "cards" || !gone.Removed {
		t.Errorf("remove says %+v", gone)
	}
	if s.does(&list, "provider", "list"); len(list.Providers) != 0 {
		t.Errorf("there is still %+v", list)
	}
}

// TestAWithdrawalThatCannotBeSold is refused before the bank has one, and
// without asking anybody.
func TestAWithdrawalThatCannotBeSold(t *testing.T) {
	s := newShop(t)
	s.open(deadBank)
	for _, row := range []struct {
		name   string
		code   int
		reason string
		args   []string
	}{
		{"no amount", 2, "usage", nil},
		{"nobody who accepts", 4, "input-needed", []string{"--amount", "CHF:20"}},
		{"nothing", 2, "amount-too-small", []string{"--amount", "CHF:0", "--yes"}},
		{"less than nothing", 2, "amount-malformed", []string{"--amount", "CHF:-20", "--yes"}},
		{"too much", 2, "amount-too-large", []string{"--amount", "CHF:99999999999999999", "--yes"}},
		{"too fine", 2, "amount-malformed", []string{"--amount", "CHF:0.000000001", "--yes"}},
		{"no currency", 2, "amount-malformed", []string{"--amount", "20", "--yes"}},
		{"words", 2, "amount-malformed", []string{"--amount", "twenty francs", "--yes"}},
		{"an empty amount", 2, "usage", []string{"--amount", "", "--yes"}},
		{"a bank that is away", 8, "server-unreachable", []string{"--amount", "CHF:20", "--yes"}},
		{"a bank that is away, by a plastic card", 8, "server-unreachable", []string{"--amount", "CHF:20", "--yes", "--card", "approved"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			was := s.t
			s.t = t
			defer func() { s.t = was }()
			s.refuses(row.code, row.reason, append([]string{"withdraw"}, row.args...)...)
		})
	}
	s.refuses(3, "unknown-operation", "resume", "4A9EYQ0A") // there is nothing to accept
	if _, out, _ := s.says("operation", "list", "--json"); out != `{"operations":[],"withdrawals":[]}`+"\n" {
		t.Errorf("what was refused has left %s", out)
	}
}

// TestWhatTheBankSaysIsToldOn: a currency that it does not deal in, a terminal
// that it does not know.
func TestWhatTheBankSaysIsToldOn(t *testing.T) {
	var login atomic.Value
	var setups atomic.Int32
	bank := http.NewServeMux()
	bank.HandleFunc("GET /config", func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := r.BasicAuth()
		login.Store(name)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"name":"taler-terminal","version":"0:0:0","provider_name":"cards","currency":"CHF",` +
			`"withdrawal_fees":"CHF:0.5","wire_type":"x-taler-bank","url":"","exchange":""}`))
	})
	bank.HandleFunc("POST /withdrawals", func(w http.ResponseWriter, _ *http.Request) {
		setups.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	})
	there := httptest.NewServer(bank)
	defer there.Close()
	s := newShop(t)
	s.open(there.URL)
	s.refuses(2, "currency-mismatch", "withdraw", "--amount", "EUR:20", "--yes")
	s.refuses(3, "provider-unknown", "withdraw", "--amount", "CHF:20", "--yes")
	if setups.Load() != 0 {
		t.Error("the bank has heard of a withdrawal that cannot be")
	}
	s.does(nil, "provider", "add", "cards", "--url", deadBank)
	s.refuses(5, "unauthorized", "withdraw", "--amount", "CHF:20", "--yes", "--card", "approved")
	if setups.Load() == 0 || login.Load() == nil {
		t.Error("the bank has not heard of it")
	}
	s.refuses(2, "key-malformed", "withdraw", "--amount", "CHF:20", "--yes", "--key", strings.Repeat("k", 65))
}

// TestACardThatCouldNotBeReadIsAskedForAgain: there is a chip by then, with nothing on it.
func TestACardThatCouldNotBeReadIsAskedForAgain(t *testing.T) {
	s := newShop(t)
	const door = "unix:/nowhere/reader.sock"
	s.refuses(2, "usage", "reader", door)
	s.refuses(2, "card-malformed", "reader", door, "--card", s.file("{}"))
	s.refuses(2, "usage", "reader", door)
}
