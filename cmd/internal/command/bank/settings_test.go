package bank

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

func TestWhichAddressesCanBeCalled(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:8080": true, "[::1]:8080": true, "bank.example.com:80": true,
		"127.0.0.1:0": false, ":8080": false, "0.0.0.0:8080": false, "[::]:8080": false, "8080": false, "": false,
	} {
		if got := fixed(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

// good are settings of which nothing is to be said.
func good() settings {
	s := fresh()
	s.Currency, s.ExchangeURL, s.ExchangeAccount = "CHF", "http://127.0.0.1:9/", "payto://x-taler-bank/localhost/exchange?receiver-name=E"
	return s
}

// TestBoundsUnderWhichNothingCouldBeSold are told when the settings are read, and not
// by every customer's refusal.
func TestBoundsUnderWhichNothingCouldBeSold(t *testing.T) {
	for _, row := range []struct {
		name              string
		least, most, user string
		says              string // empty: good
	}{
		{"no bounds", "", "", "", ""},
		{"all of them", "CHF:5", "CHF:50", "CHF:500", ""},
		{"one sum alone", "CHF:5", "CHF:5", "CHF:5", ""},
		{"a least of nothing", "CHF:0", "CHF:5", "CHF:5", ""},
		{"a quota below the most", "CHF:5", "CHF:500", "CHF:50", ""},
		{"a most of nothing", "", "CHF:0", "", "max_amount is CHF:0: nothing could be sold"},
		{"a quota of nothing", "", "", "CHF:0", "quota is CHF:0: no user could withdraw anything"},
		{"a least above the most", "CHF:50", "CHF:5", "", "min_amount CHF:50 is more than max_amount CHF:5"},
		{"a least above the quota", "CHF:50", "", "CHF:49.99", "min_amount CHF:50 is more than quota CHF:49.99"},
		{"a quota of another currency", "", "", "EUR:5", "quota is EUR:5, which is not in CHF"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := good()
			for text, amount := range map[*string]*instrument.Amount{&row.least: &s.MinAmount, &row.most: &s.MaxAmount, &row.user: &s.Quota} {
				if err := amount.UnmarshalText([]byte(*text)); err != nil {
					t.Fatal(err)
				}
			}
			err := s.check(&cli.Env{})
			if (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
				t.Errorf("said %v", err)
			}
		})
	}
}

func TestTimesThatAreTooShort(t *testing.T) {
	for name, change := range map[string]func(*settings){
		"":               func(*settings) {},
		"asking_first":   func(s *settings) { s.AskingFirst = 0 },
		"asking_longest": func(s *settings) { s.AskingLongest = s.AskingFirst - 1 },
		"pending_for":    func(s *settings) { s.PendingFor = -1 },
		"selected_for":   func(s *settings) { s.SelectedFor = time.Second - 1 },
		"searched_for":   func(s *settings) { s.SearchedFor = 0 },
		"request_within": func(s *settings) { s.Edge.RequestWithin = time.Millisecond },
	} {
		s := good()
		change(&s)
		err := s.check(&cli.Env{})
		if name == "" && err != nil || name != "" && (fault.ReasonOf(err) != "duration-malformed" || !strings.Contains(err.Error(), name)) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "asking_longest" && !strings.Contains(err.Error(), "shorter than asking_first, which is 1s") {
			t.Errorf("too short for what? %v", err)
		}
	}
}

// TestARefusedSettingIsNamed: an operator has to find it among thirty.
func TestARefusedSettingIsNamed(t *testing.T) {
	for key, change := range map[string]func(*settings){
		"currency":             func(s *settings) { s.Currency = "chf" },
		"withdrawal_fees":      func(s *settings) { s.WithdrawalFees = instrument.ZeroOf("EUR") },
		"exchange_account":     func(s *settings) { s.ExchangeAccount = "" },
		"exchange_url":         func(s *settings) { s.ExchangeURL = "" },
		"url":                  func(s *settings) { s.URL = "bank.example" },
		"listen":               func(s *settings) { s.Listen = "" },
		"session_listen":       func(s *settings) { s.SessionListen = "unix:s" },
		"tls_certificate_file": func(s *settings) { s.Edge.Key = "key.pem" },
		"proxies":              func(s *settings) { s.Edge.Proxies = []string{""} },
	} {
		s := good()
		change(&s)
		if err := s.check(&cli.Env{}); err == nil || !strings.HasPrefix(err.Error(), key+": ") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// TestAnAddressOfTheExchangeEndsWithASlash, behind its path.
func TestAnAddressOfTheExchangeEndsWithASlash(t *testing.T) {
	for text, want := range map[string]string{
		"https://ex.example/?": "https://ex.example/", "https://ex.example/a%2Fb": "https://ex.example/a%2Fb/", "https://[::1]": "https://[::1]/",
	} {
		if got, err := base(&cli.Env{}, text); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}

// TestWhereABankWillServeIsLookedAt before it does: with what would keep it from
// serving, or peers from coming.
func TestWhereABankWillServeIsLookedAt(t *testing.T) {
	secured := edge{Certificate: "no.pem", Key: "no.key"}
	for name, c := range map[string]struct {
		s       settings
		allow   bool
		what    string
		refused bool
		host    string
	}{
		"plain, here":                {settings{Listen: "127.0.0.1:80"}, false, "", false, ""},
		"plain, for all":             {settings{Listen: "0.0.0.0:80"}, false, "address 0.0.0.0:80", true, ""},
		"plain, for all, as is said": {settings{Listen: "0.0.0.0:80"}, true, "", false, ""},
		"a certificate":              {settings{Listen: "0.0.0.0:443", URL: "https://bank.example.com/x/", Edge: secured}, false, "certificate no.pem", true, "bank.example.com"},
		"one behind a proxy": {
			settings{Listen: "0.0.0.0:443", URL: "https://bank.example.com/", Edge: edge{Certificate: "no.pem", Key: "no.key", Proxies: []string{"10.0.0.7"}}},
			false, "certificate no.pem", true, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			what, err := door(&cli.Env{AllowHTTP: c.allow}, c.s)
			if what != c.what || (err != nil) != c.refused || c.s.certified() != c.host {
				t.Errorf("%q, %v, for %q", what, err, c.s.certified())
			}
		})
	}
}

func TestTheExchangeMustTakeWhatIsPaid(t *testing.T) {
	const account = "payto://x-taler-bank/localhost/exchange?receiver-name=Sandbox"
	keys := func(currency string, accounts ...string) string {
		return `{"version":"23:0:6","currency":"` + currency + `","accounts":[{"payto_uri":"payto://iban/CH9300762011623852957?receiver-name=O"},` + strings.Join(accounts, ",") + `]}`
	}
	of := func(account string) string { return `{"payto_uri":"` + account + `"}` }
	const other = "payto://x-taler-bank/localhost/other?receiver-name=O"
	for _, row := range []struct {
		name   string
		status int
		body   string
		reason fault.Reason // empty: good
	}{
		{"the same account", 200, keys("CHF", of(account)), ""},
		{"another spelling of it", 200, keys("CHF", of("payto://x-taler-bank/LOCALHOST/exchange?receiver-name=Other")), ""},
		{"another account", 200, keys("CHF", of("payto://x-taler-bank/localhost/nobody?receiver-name=N")), "exchange-differs"},
		{"another account of its kind behind it", 200, keys("CHF", of(account), of(other)), ""},
		{"another account of its kind before it", 200, keys("CHF", of(other), of(account)), "exchange-differs"},
		{"one before it that takes no money", 200, keys("CHF", `{"payto_uri":"`+other+`","credit_restrictions":[{"type":"deny"}]}`, of(account)), ""},
		{"another currency", 200, keys("EUR", of(account)), "exchange-differs"},
		{"its own address", 200, strings.Replace(keys("CHF", of(account)), "{", `{"base_url":"HERE",`, 1), ""},
		{"its own address elsewhere", 200, strings.Replace(keys("CHF", of(account)), "{", `{"base_url":"https://exchange.example.com/",`, 1), "exchange-differs"},
		{"a web page", 200, "<html>", "exchange-differs"},
		{"not ready", 503, "", "exchange-unreachable"},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/keys" {
					t.Errorf("asked for %s", r.URL.Path)
				}
				w.WriteHeader(row.status)
				_, _ = w.Write([]byte(strings.Replace(row.body, "HERE", "HTTP://"+r.Host, 1)))
			}))
			defer server.Close()
			err := checkExchange(t.Context(), bank.Exchange{URL: server.URL + "/", Account: taler.Payto(account)}, "CHF")
			if fault.ReasonOf(err) != row.reason {
				t.Errorf("err = %v", err)
			}
		})
	}
}
