package rest_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// words splits a command line whose words may be in quotes.
var words = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)

// curl reads the few options that the page uses.
func curl(t *testing.T, line string) request {
	t.Helper()
	r := request{method: http.MethodGet, header: http.Header{}}
	args := words.FindAllString(line, -1)[1:]
	for i := 0; i < len(args); i++ {
		value := func() string { i++; return strings.Trim(args[i], `'"`) }
		switch args[i] {
		case "-u":
			name, token, _ := strings.Cut(value(), ":")
			r.login = banktest.Login{Name: name, Token: token}
		case "-H":
			name, text, _ := strings.Cut(value(), ": ")
			r.header.Set(name, text)
		case "-d":
			r.method, r.body = http.MethodPost, value()
		case "-X":
			r.method = value()
		default:
			i--
			r.path = value()
		}
	}
	return r
}

// TestThePageOfTheAPIs runs the curl lines of docs/rest.md in their order and
// compares the answers with those that are printed there: status and shape, and
// the words that are not left open.
func TestThePageOfTheAPIs(t *testing.T) {
	page, err := os.ReadFile("../../../docs/rest.md")
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, banktest.Options{Decide: func(c *bank.Config) {
		generous(c)
		c.Quotas = bank.Quotas{Amount: chf(t, "500"), Within: 24 * time.Hour}
		c.HandsOut = true // so that a transfer is still pending when it is asked for
	}})
	var id taler.WOPID
	var zurich bank.Gateway
	lines := strings.Split(string(page), "\n")
	asked, payment := map[string]bool{}, "tx-1"
	for n, line := range lines {
		if strings.Contains(line, "bank exchange add zurich ") {
			zurich = h.AddExchange(bank.Exchange{
				Name: "zurich", URL: "https://zurich.example.com/", Account: "payto://x-taler-bank/localhost/zurich?receiver-name=Zurich",
			})
		}
		if !strings.HasPrefix(line, "curl ") || strings.Contains(line, "$PROVIDER") { // those are run at the simulator
			continue
		}
		line = strings.NewReplacer(
			"$TILL", h.Terminal.Name+":"+h.Terminal.Token, "$GATEWAY", h.Gateway.User+":"+h.Gateway.Password,
			"$ZURICH", zurich.User+":"+zurich.Password, "$TOKEN", h.Gateway.Token, "$ID", id.Text(), "$BANK", "",
			"'$PAYMENT'", payment, "$PAYMENT", payment,
		).Replace(line)
		r := curl(t, line)
		if strings.HasSuffix(r.path, "/check") {
			h.Provider.Put(banktest.Payment{ID: payment, State: "paid", Amount: chf(t, "20.3"), Reference: id.Text()})
		}
		got := send(t, h, r)
		printed(t, lines[n], got, lines[n+1])
		var made taler.TerminalWithdrawalSetupResponse
		if json.Unmarshal([]byte(got.body), &made) == nil && !made.WithdrawalID.IsZero() {
			id = made.WithdrawalID
		}
		path, _, _ := strings.Cut(r.path, "?")
		asked[r.method+" "+strings.ReplaceAll(path, id.Text(), "{wopid}")] = true
	}
	for _, route := range taler.Routes() {
		template := map[taler.API]string{taler.Integration: "/taler-integration", taler.WireGateway: "/taler-wire-gateway"}[route.API] + route.Template
		template = strings.NewReplacer("{user}", "anna", "{lock}", "visit-1", "{row}", "1").Replace(template)
		if !asked[route.Method+" "+template] && !strings.Contains(string(page), template) && route.Name != taler.RouteTerminalAbort {
			t.Errorf("the page says nothing of %s %s", route.Method, template)
		}
	}
}

// printed compares an answer with the line that is printed below its request.
func printed(t *testing.T, line string, got response, want string) {
	t.Helper()
	if want == "204" {
		got.want(t, 204, 0)
		return
	}
	sameShape(t, line, []byte(got.body), []byte(want))
	var ours, theirs map[string]any
	if err := json.Unmarshal([]byte(got.body), &ours); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &theirs); err != nil {
		t.Fatal(err)
	}
	for name, value := range theirs {
		switch value.(type) {
		case string, float64, bool:
			if value != "…" && ours[name] != value {
				t.Errorf("%s: %s is %v, and the page says %v", line, name, ours[name], value)
			}
		}
	}
	if (got.status >= 400) != (theirs["code"] != nil) {
		t.Errorf("%s: %d %s", line, got.status, got.body)
	}
}
