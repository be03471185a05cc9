//go:build unix

package demo_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/credentials"
)

// TestAServedDemoIsUsedByHand does what a user is told to do: by plastic card and
// by wallet, from two other terminals, and with curl.
func TestAServedDemoIsUsedByHand(t *testing.T) {
	t.Parallel()
	s := start(t, "--serve")
	all := s.until(func(l line) bool { return l.Event == "serving" })
	told := all[len(all)-1]
	for name, url := range told.URLs {
		if !strings.HasSuffix(url, "/") && name != "session" {
			t.Errorf("%s is at %s", name, url)
		}
	}
	documents(t, told)
	byHand(t, told.Commands[0].Line, told.Commands[1].Line)
	byHand(t, told.Commands[2].Line, told.Commands[3].Line)
	var held struct {
		Balances []struct{ Available string }
	}
	if err := json.Unmarshal([]byte(output(t, told.Commands[4].Line+" --json")), &held); err != nil {
		t.Fatal(err)
	}
	if len(held.Balances) != 1 || held.Balances[0].Available != "CHF:60" {
		t.Errorf("the wallet holds %+v", held)
	}
	accountAt(t, told.Commands[5].Line, told.Commands[6].Line)
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if all, exit := s.rest(); exit != 0 || len(all) > 0 {
		t.Errorf("exit %d, %+v", exit, all)
	}
	s.nothingLeft()
}

// documents reads the three /config documents and the row of the purchase.
func documents(t *testing.T, told line) {
	t.Helper()
	token, err := os.ReadFile(told.TokenFile)
	if err != nil {
		t.Fatal(err)
	}
	c, err := credentials.Read(told.Credentials)
	if err != nil {
		t.Fatal(err)
	}
	if c.URL != told.URLs["wire-gateway"] {
		t.Errorf("the exchange is told %s", c.URL)
	}
	for _, row := range []struct{ url, user, password, says string }{
		{told.URLs["terminal"] + "config", told.Login, strings.TrimSpace(string(token)), `"taler-terminal"`},
		{told.URLs["integration"] + "config", "", "", `"taler-bank-integration"`},
		{told.URLs["wire-gateway"] + "config", "", "", `"taler-wire-gateway"`},
		{told.URLs["wire-gateway"] + "history/incoming?limit=10", c.User, c.Password, `"CHF:20"`},
		{told.URLs["exchange"] + "keys", "", "", `"denominations"`},
		{told.URLs["provider"] + "payments?reference=none", "", "", `"payments"`},
	} {
		request, err := http.NewRequest(http.MethodGet, row.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if row.user != "" {
			request.SetBasicAuth(row.user, row.password)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(text), row.says) {
			t.Errorf("%s: %s %s %v", row.url, answer.Status, text, err)
		}
	}
}

// byHand types the line for the terminal and, with the URI that it shows, the one
// for the wallet, as somebody who agrees to everything.
func byHand(t *testing.T, terminal, wallet string) {
	t.Helper()
	sells := shell(terminal + " --yes --json")
	out, err := sells.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sells.Start(); err != nil {
		t.Fatal(err)
	}
	events := json.NewDecoder(out)
	var setup struct{ URI string }
	if err := events.Decode(&setup); err != nil || setup.URI == "" {
		t.Fatalf("the terminal says %+v, %v", setup, err)
	}
	got := output(t, strings.Replace(wallet, " URI ", " '"+setup.URI+"' ", 1)+" --yes --json")
	if !strings.Contains(got, `"event":"done"`) {
		t.Errorf("the wallet says %s", got)
	}
	var last struct{ Event string }
	for events.More() {
		if err := events.Decode(&last); err != nil {
			t.Fatal(err)
		}
	}
	if err := sells.Wait(); err != nil || last.Event != "confirmed" {
		t.Errorf("the terminal ends with %q, %v", last.Event, err)
	}
}

// accountAt types the line for the shop and, once it listens, goes through the steps by
// which a wallet opens an account there.
func accountAt(t *testing.T, shop, wallet string) {
	t.Helper()
	serves := shell(shop + " --json")
	out, err := serves.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serves.Start(); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(out).Decode(&struct{}{}); err != nil {
		t.Errorf("the shop says nothing: %v", err)
	}
	steps := filepath.Join(t.TempDir(), "steps")
	if err := os.WriteFile(steps, []byte("classes\nprotocols prepaid\nselect prepaid\nexecute prepaid OPEN currency=CHF\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := output(t, wallet+" --json --script "+steps); !strings.Contains(got, `"account":`) {
		t.Errorf("the wallet says %s", got)
	}
	if err := serves.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := serves.Wait(); err != nil {
		t.Errorf("the shop ends with %v", err)
	}
}

func output(t *testing.T, line string) string {
	t.Helper()
	out, err := shell(line).Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// shell types a line.
func shell(line string) *exec.Cmd {
	c := exec.Command("sh", "-c", "exec "+line)
	c.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	return c
}
