package rest_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

func basic(login, token string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(login+":"+token))
}

func TestCredentials(t *testing.T) {
	h := open(t, banktest.Options{})
	ctx := context.Background()
	off := h.AddTerminal("off")
	if err := h.Bank.DisableTerminal(ctx, off.Name); err != nil {
		t.Fatal(err)
	}
	old := h.AddTerminal("old")
	_, fresh, err := h.Bank.RotateTerminal(ctx, old.Name)
	if err != nil {
		t.Fatal(err)
	}
	till, user, password := h.Terminal, h.Gateway.User, h.Gateway.Password
	const terminal, gateway = "/config", "/taler-wire-gateway/history/incoming"
	for name, c := range map[string]struct {
		path   string
		header []string
		status int
		code   taler.Code
	}{
		"terminal: right":                         {terminal, []string{basic(till.Name, till.Token)}, 200, 0},
		"terminal: scheme in lower case":          {terminal, []string{"basic" + basic(till.Name, till.Token)[5:]}, 200, 0},
		"terminal: more blanks":                   {terminal, []string{"Basic  " + basic(till.Name, till.Token)[6:]}, 200, 0},
		"terminal: none":                          {terminal, nil, 401, 40},
		"terminal: wrong token":                   {terminal, []string{basic(till.Name, till.Token+"x")}, 401, 40},
		"terminal: no token":                      {terminal, []string{basic(till.Name, "")}, 401, 40},
		"terminal: unknown":                       {terminal, []string{basic("nobody", till.Token)}, 401, 40},
		"terminal: nobody":                        {terminal, []string{basic("", "")}, 401, 40},
		"terminal: another terminal's token":      {terminal, []string{basic(old.Name, till.Token)}, 401, 40},
		"terminal: disabled":                      {terminal, []string{basic(off.Name, off.Token)}, 401, 40},
		"terminal: the old token":                 {terminal, []string{basic(old.Name, old.Token)}, 401, 40},
		"terminal: the new token":                 {terminal, []string{basic(old.Name, fresh)}, 200, 0},
		"terminal: an exchange's":                 {terminal, []string{basic(user, password)}, 401, 40},
		"terminal: bearer":                        {terminal, []string{"Bearer " + bank.Bearer(till.Name, till.Token)}, 401, 40},
		"terminal: unknown scheme":                {terminal, []string{"Digest x=y"}, 401, 40},
		"terminal: no blank":                      {terminal, []string{"Basic"}, 400, 23},
		"terminal: empty":                         {terminal, []string{""}, 400, 23},
		"terminal: not base64":                    {terminal, []string{"Basic till:token"}, 400, 23},
		"terminal: no colon":                      {terminal, []string{"Basic " + base64.StdEncoding.EncodeToString([]byte("till"))}, 400, 23},
		"terminal: twice":                         {terminal, []string{basic(till.Name, till.Token), basic(till.Name, till.Token)}, 400, 23},
		"gateway: right":                          {gateway, []string{basic(user, password)}, 204, 0},
		"gateway: bearer":                         {gateway, []string{"Bearer " + h.Gateway.Token}, 204, 0},
		"gateway: bearer in lower case":           {gateway, []string{"bearer " + h.Gateway.Token}, 204, 0},
		"gateway: none":                           {gateway, nil, 401, 25},
		"gateway: wrong password":                 {gateway, []string{basic(user, "x")}, 401, 40},
		"gateway: wrong token":                    {gateway, []string{"Bearer " + h.Gateway.Token + "x"}, 401, 41},
		"gateway: a token of another shape":       {gateway, []string{"Bearer abc123"}, 401, 41},
		"gateway: a token without an account":     {gateway, []string{"Bearer secret-token:abc123"}, 401, 41},
		"gateway: a terminal's":                   {gateway, []string{basic(till.Name, till.Token)}, 401, 40},
		"gateway: a terminal's as bearer":         {gateway, []string{"Bearer " + bank.Bearer(till.Name, till.Token)}, 401, 41},
		"gateway: unknown scheme":                 {gateway, []string{"Negotiate x"}, 401, 40},
		"gateway: no blank":                       {gateway, []string{"Bearer"}, 400, 23},
		"gateway: not base64":                     {gateway, []string{"Basic %"}, 400, 23},
		"gateway's config: none":                  {"/taler-wire-gateway/config", nil, 200, 0},
		"gateway's config: nonsense":              {"/taler-wire-gateway/config", []string{"x"}, 200, 0},
		"integration: nonsense":                   {"/taler-integration/config", []string{"x"}, 200, 0},
		"terminal: none, and a malformed id":      {"/withdrawals/nonsense", nil, 401, 40},
		"gateway: none, and malformed parameters": {gateway + "?limit=x", nil, 401, 25},
	} {
		t.Run(name, func(t *testing.T) {
			r := request{method: "GET", path: c.path, header: http.Header{}}
			if c.header != nil {
				r.header["Authorization"] = c.header
			}
			got := send(t, h, r)
			got.want(t, c.status, c.code)
			challenges := strings.Join(got.header.Values("Www-Authenticate"), ", ")
			switch {
			case c.status != 401 && challenges != "":
				t.Errorf("%d with a challenge: %s", c.status, challenges)
			case c.status == 401 && !strings.HasPrefix(challenges, `Basic realm="taler-`):
				t.Errorf("401 with the challenge %q", challenges)
			case c.status == 401 && strings.Contains(challenges, "Bearer") != strings.Contains(c.path, "gateway"):
				t.Errorf("401 with the challenge %q", challenges)
			}
		})
	}
}

// TestNothingIsDoneWithoutCredentials: credentials are asked for before the body
// is read.
//
// Rows: credentials first.
func TestNothingIsDoneWithoutCredentials(t *testing.T) {
	h := open(t, banktest.Options{})
	id := selected(t, h, "u", key(1))
	for _, r := range []request{
		{method: "POST", path: "/withdrawals", body: `{"request_uid":"v","amount":"CHF:1"}`},
		{method: "POST", path: "/withdrawals", body: `{`},
		{method: "GET", path: "/withdrawals/" + id.Text()},
		{method: "POST", path: "/withdrawals/" + id.Text() + "/check", body: `{"provider_transaction_id":"7"}`},
		{method: "POST", path: "/withdrawals/" + id.Text() + "/abort"},
		{method: "DELETE", path: "/withdrawals/" + id.Text()},
	} {
		send(t, h, r).want(t, 401, 40)
	}
	if s, err := h.Wallet().Operation(withTimeout(t), id, taler.LongPoll{}); err != nil || s.Status != taler.StateSelected {
		t.Errorf("the withdrawal is %s, %v", s.Status, err)
	}
}

// TestGuessing: wrong credentials slow down only the address that they come from, unless that is
// this machine, and never the right ones.
func TestGuessing(t *testing.T) {
	h := open(t, banktest.Options{})
	ask := func(from, authorization string) response {
		r := httptest.NewRequest(http.MethodGet, "/config", nil)
		r.RemoteAddr = from
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		h.API.ServeHTTP(w, r)
		return response{w.Code, w.Header(), w.Body.String()}
	}
	const here, there, elsewhere = "127.0.0.1:1234", "192.0.2.7:1234", "198.51.100.7:1234"
	wrong, right := basic("till", "x"), basic(h.Terminal.Name, h.Terminal.Token)
	for _, from := range []string{here, there} {
		for n := range 100 {
			if got := ask(from, wrong); got.status != 401 {
				t.Fatalf("guess %d from %s: %d", n+1, from, got.status)
			}
		}
	}
	for name, c := range map[string]struct {
		from, authorization string
		status              int
		code                taler.Code
	}{
		"from this machine":            {here, wrong, 401, 40},
		"from another one":             {there, wrong, 429, 9999},
		"from one that guessed little": {elsewhere, wrong, 401, 40},
		"the right ones":               {there, right, 200, 0},
		"none":                         {there, "", 401, 40}, // no guess
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(c.from, c.authorization)
			got.want(t, c.status, c.code)
			if c.status != 429 {
				return
			}
			if s, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || s < 1 || s > 61 {
				t.Errorf("Retry-After: %q", got.header.Get("Retry-After"))
			}
		})
	}
}
