package bank_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/credentials"
)

func TestTheExchangesFileFollowsTheBank(t *testing.T) {
	d := newDesk(t)
	made := d.initialises()
	path := filepath.Join(d.dir, credentials.Name)
	o := d.serves()
	history := o.urls["wire-gateway"] + "history/incoming?limit=5"
	c, err := credentials.Read(path)
	if err != nil || c.URL != o.urls["wire-gateway"] || c.Password != made.Gateway.Password {
		t.Errorf("%v, %v", c, err)
	}
	if status, _ := o.asks("GET", history, c.User, c.Password, ""); status != 204 {
		t.Errorf("the history answers %d", status)
	}
	var fresh initialised
	d.does(&fresh, "gateway", "rotate")
	c, err = credentials.Read(path)
	if err != nil || c.URL != o.urls["wire-gateway"] || c.Password != fresh.Gateway.Password || fresh.Gateway.URL != c.URL {
		t.Errorf("after the change %v, %v", c, err)
	}
	for password, want := range map[string]int{made.Gateway.Password: 401, fresh.Gateway.Password: 204} {
		if status, _ := o.asks("GET", history, "exchange", password, ""); status != want {
			t.Errorf("the history answers %d, want %d", status, want)
		}
	}
	before := o.urls["wire-gateway"]
	o.stop()
	o = d.serves("--listen", "127.0.0.1:0")
	c, err = credentials.Read(path)
	if err != nil || c.URL != o.urls["wire-gateway"] || c.Password != fresh.Gateway.Password {
		t.Errorf("after a restart %v (before at %s), %v", c, before, err)
	}
	d.env["SWAPEROO_URL"] = "https://bank.example.com/c2ec"
	o.stop()
	d.serves()
	if c, err = credentials.Read(path); err != nil || c.URL != "https://bank.example.com/c2ec/taler-wire-gateway/" {
		t.Errorf("behind a proxy %v, %v", c, err)
	}
}

// The files may be sent before the bank has ever listened: whatever an operator does
// with credentials writes the address that was configured since.
func TestTheExchangesFilesSayWhatIsConfigured(t *testing.T) {
	const zurich = "payto://x-taler-bank/localhost/zurich?receiver-name=Zurich"
	for _, does := range [][]string{
		{"config", "check"},
		{"gateway", "rotate"},
		{"gateway", "rotate", "zurich"},
		{"exchange", "add", "basel", "--url", "http://127.0.0.1:9/basel", "--account", strings.ReplaceAll(zurich, "zurich", "basel")},
	} {
		t.Run(strings.Join(does[:2], " "), func(t *testing.T) {
			d := newDesk(t)
			d.initialises("--listen", "127.0.0.1:9082")
			d.does(nil, "exchange", "add", "zurich", "--url", "http://127.0.0.1:9/", "--account", zurich)
			d.env["SWAPEROO_URL"] = "https://bank.example.com/c2ec"
			var out bytes.Buffer
			d.command(t.Context(), &out, does...) // a check finds that nobody answers
			for name, want := range map[string]string{"": "/", "-zurich": "/zurich/"} {
				c, err := credentials.Read(filepath.Join(d.dir, "exchange-credentials"+name+".conf"))
				if err != nil || c.URL != "https://bank.example.com/c2ec"+want+"taler-wire-gateway/" {
					t.Errorf("%s: %v, %v", name, c, err)
				}
			}
		})
	}
}

// Further exchanges' addresses are told beside the root's, and somebody answers there.
func TestFurtherExchangesAreAnnounced(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	d.does(nil, "exchange", "add", "zurich", "--url", "http://127.0.0.1:9/", "--account", "payto://x-taler-bank/localhost/zurich?receiver-name=Zurich")
	o := d.serves()
	root := o.urls["terminal"]
	for door, path := range map[string]string{"terminal": "zurich/", "integration": "zurich/taler-integration/", "wire-gateway": "zurich/taler-wire-gateway/"} {
		if got := o.more[door]; len(got) != 1 || got["zurich"] != root+path {
			t.Errorf("%s: %v, want %s", door, got, root+path)
		}
		if status, text := o.asks("GET", o.more[door]["zurich"]+"config", "", "", ""); door != "terminal" && status != 200 || door == "terminal" && status != 401 {
			t.Errorf("%s: %d %s", door, status, text)
		}
	}
	if len(o.more["session"]) != 0 {
		t.Errorf("a session's door has %v", o.more["session"])
	}
}
