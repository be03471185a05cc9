package taler

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Rows: withdraw uri.
func TestWithdrawURIs(t *testing.T) {
	for name, row := range map[string]struct{ text, base string }{
		"real fakebank":          {"taler+http://withdraw/localhost:8182/taler-integration/" + someID, "http://localhost:8182/taler-integration/"},
		"no path":                {"taler://withdraw/bank.example/" + someID, "https://bank.example/"},
		"scheme and action case": {"TALER://WithDraw/bank.example/" + someID, "https://bank.example/"},
		"plus scheme case":       {"Taler+HTTP://withdraw/bank.example/" + someID, "http://bank.example/"},
		"host case":              {"taler://withdraw/Bank.EXAMPLE:8080/" + someID, "https://bank.example:8080/"},
		"path keeps its case":    {"taler://withdraw/bank.example/A/b/" + someID, "https://bank.example/A/b/"},
		"id in lower case":       {"taler://withdraw/bank.example/" + strings.ToLower(someID), "https://bank.example/"},
		"IPv6":                   {"taler+http://withdraw/[::1]:80/" + someID, "http://[::1]:80/"},
		"all in capitals":        {"TALER://WITHDRAW/BANK.EXAMPLE:8443/" + someID, "https://bank.example:8443/"},
		"blanks around it":       {" \t taler://withdraw/bank.example/" + someID + " \r\n", "https://bank.example/"},
		"what nobody sees":       {"\ufeff\u00a0taler://withdraw/bank.example/" + someID + "\u200b", "https://bank.example/"},
		"for a browser":          {"ext+taler://withdraw/bank.example/" + someID, "https://bank.example/"},
		"for a browser, capital": {"EXT+TALER://WITHDRAW/BANK.EXAMPLE/" + someID, "https://bank.example/"},
		"a machine's Wi-Fi":      {"taler://withdraw/bank.example/" + someID + "#WIFI:T:nopass;S:cash/till?;;", "https://bank.example/"},
		"any query":              {"taler://withdraw/bank.example/" + someID + "?foo=/bar/", "https://bank.example/"},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := ParseWithdrawURI(row.text)
			if err != nil {
				t.Fatal(err)
			}
			if u.BaseURL() != row.base || u.ID != someWOPID(t).ID() || u.External {
				t.Errorf("base %s, id %s, external %v", u.BaseURL(), u.ID.Text(), u.External)
			}
			if u.Insecure() != strings.HasPrefix(row.base, "http:") {
				t.Errorf("insecure: %v", u.Insecure())
			}
			made, err := NewWithdrawURI(u.BaseURL(), u.ID)
			if err != nil || made != u {
				t.Errorf("made again it is %s, %v", made, err)
			}
		})
	}
}

func TestExternalConfirmationGoesAlong(t *testing.T) {
	u, err := NewWithdrawURI("https://c2ec.example/taler-integration", someWOPID(t).ID())
	if err != nil {
		t.Fatal(err)
	}
	u.External = true
	const want = "taler://withdraw/c2ec.example/taler-integration/" + someID + "?external-confirmation=1"
	if u.Text() != want {
		t.Errorf("text %s", u.Text())
	}
	if again, err := ParseWithdrawURI(want); err != nil || again != u {
		t.Errorf("reads back as %v, %v", again, err)
	}
}

// Rows: withdraw uri.
func TestWithdrawURIsThatAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"trailing slash":     "taler://withdraw/bank.example/" + someID + "/",
		"slash before query": "taler://withdraw/bank.example/" + someID + "/?external-confirmation=1",
		"no id":              "taler://withdraw/bank.example/",
		"no bank":            "taler://withdraw/" + someID,
		"empty bank":         "taler://withdraw//" + someID,
		"double slash":       "taler://withdraw/bank.example//" + someID,
		"dot dot":            "taler://withdraw/bank.example/../" + someID,
		"encoded slash":      "taler://withdraw/bank.example/a%2fb/" + someID,
		"a user":             "taler://withdraw/me@bank.example/" + someID,
		"a letter alike":     "taler://withdraw/bаnk.example/" + someID, // Cyrillic
		"a sign in the host": "taler://withdraw/bank,example/" + someID,
		"a word for a port":  "taler://withdraw/bank.example:http/" + someID,
		"no port":            "taler://withdraw/bank.example:/" + someID,
		"only a fragment":    "taler://withdraw/bank.example/#" + someID,
		"a fragment's bank":  "taler://withdraw/#bank.example/" + someID,
		"web in a browser":   "ext+https://withdraw/bank.example/" + someID,
		"a browser twice":    "ext+ext+taler://withdraw/bank.example/" + someID,
		"a line in it":       "taler://withdraw/bank.example/\n" + someID,
		"a blank":            "taler://withdraw/bank .example/" + someID,
		"another action":     "taler://pay/bank.example/" + someID,
		"another scheme":     "https://bank.example/" + someID,
		"short id":           "taler://withdraw/bank.example/" + someID[1:],
		"nearly a UUID":      "taler://withdraw/bank.example/00000000-0000-0000-0000-00000000000",
		"nothing":            "",
		"only a scheme":      "taler://",
	} {
		t.Run(name, func(t *testing.T) {
			u, err := ParseWithdrawURI(text)
			if !errors.Is(err, fault.Invalid) || fault.ReasonOf(err) != ReasonWithdrawURIMalformed {
				t.Fatalf("read as %v, %v", u, err)
			}
			if strings.Contains(err.Error(), someID[10:]) {
				t.Errorf("the error tells the id: %v", err)
			}
		})
	}
}

func TestBasesThatNoURIHas(t *testing.T) {
	for _, base := range []string{"", "bank.example", "ftp://bank.example/", "https://u:p@bank.example/", "https://bank.example/?q=1", "https://bank.example/#f", "https://bank.example//x/", "https:///x"} {
		if u, err := NewWithdrawURI(base, someWOPID(t).ID()); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q became %v, %v", base, u, err)
		}
	}
}

func TestAWithdrawURIPrintsShortened(t *testing.T) {
	u, err := ParseWithdrawURI("taler://withdraw/bank.example/" + someID)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%s", "%v", "%+v", "%#v", "%q", "%x"} {
		if text := fmt.Sprintf(format, u); strings.Contains(text, someID[8:]) {
			t.Errorf("%s tells the id: %s", format, text)
		}
	}
}

func FuzzWithdrawURI(f *testing.F) {
	for _, seed := range []string{
		"taler://withdraw/bank.example/" + someID, "taler+http://withdraw/[::1]:80/p/" + someID + "?external-confirmation=1",
		"taler://withdraw//" + someID, "taler://withdraw/a%00b/" + someID, "taler://withdraw/[::1%25eth0]/" + someID,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := ParseWithdrawURI(text)
		if err != nil {
			return
		}
		again, err := ParseWithdrawURI(u.Text())
		if err != nil || again != u {
			t.Fatalf("%q reads as %q, which reads as %v, %v", text, u.Text(), again, err)
		}
		if _, err := CheckURL(u.BaseURL(), true); err != nil {
			t.Errorf("%q has a base that cannot be called: %v", text, err)
		}
	})
}
