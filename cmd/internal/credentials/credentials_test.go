package credentials_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/credentials"
	"github.com/swaperoo/swaperoo/comm/fault"
)

var whole = credentials.Credentials{Account: "exchange", URL: "http://127.0.0.1:1/taler-wire-gateway/", User: "exchange", Password: "S3CRET"}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), credentials.Name)
	for _, url := range []string{"", whole.URL} {
		c := whole
		c.URL = url
		if err := credentials.Write(path, c); err != nil {
			t.Fatal(err)
		}
		got, err := credentials.Read(path)
		if err != nil || got != c {
			t.Errorf("with the address %q: %v, %v", url, got, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// The exchange itself reads this text; it is not ours to change.
func TestTheFormIsTheExchanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), credentials.Name)
	if err := credentials.Write(path, whole); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = "[exchange-accountcredentials-exchange]\nWIRE_GATEWAY_URL = http://127.0.0.1:1/taler-wire-gateway/\n" +
		"WIRE_GATEWAY_AUTH_METHOD = basic\nUSERNAME = exchange\nPASSWORD = S3CRET\n"
	if _, after, _ := strings.Cut(string(text), "\n"); after != want {
		t.Errorf("wrote\n%s", text)
	}
}

func TestWhatAnOperatorMayHaveDoneToTheFile(t *testing.T) {
	const section = "[exchange-accountcredentials-a]\n"
	for _, row := range []struct {
		name, text string
		says       string // empty: it is read
	}{
		{"more sections", "[exchange]\nUSERNAME = other\n" + section + "WIRE_GATEWAY_AUTH_METHOD=BASIC\nUSERNAME=u\nPASSWORD=p\n[x]\nPASSWORD = q\n", ""},
		{"lower case, quotes and comments", "# c\n% c\n\n[Exchange-AccountCredentials-a]\nwire_gateway_auth_method = \"basic\"\n  username = u\npassword = \"p\"\n", ""},
		{"nothing", "", "no section"},
		{"another section", "[bank]\nUSERNAME = u\n", "no section"},
		{"a section without a name", "[exchange-accountcredentials-]\n", "no section"},
		{"no password", section + "WIRE_GATEWAY_AUTH_METHOD = basic\nUSERNAME = u\n", "PASSWORD"},
		{"another method", section + "WIRE_GATEWAY_AUTH_METHOD = bearer\nTOKEN = p\n", "WIRE_GATEWAY_AUTH_METHOD"},
		{"two accounts", section + "[exchange-accountcredentials-b]\n", "two accounts"},
		{"a line without end", section + strings.Repeat("p", 1<<17), "too long"},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), credentials.Name)
			if err := os.WriteFile(path, []byte(row.text), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := credentials.Read(path)
			if row.says == "" {
				if err != nil || c.User != "u" || c.Password != "p" || c.Account != "a" {
					t.Errorf("%v, %v", c, err)
				}
				return
			}
			if !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("err = %v", err)
			}
		})
	}
	if _, err := credentials.Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fault.NotFound) {
		t.Errorf("err = %v", err)
	}
}

func TestNoValueBreaksTheForm(t *testing.T) {
	for _, bad := range []credentials.Credentials{
		{Account: "a\n[b]"}, {URL: "http://x\nPASSWORD = q"}, {User: `"`}, {Password: "p\r\nq"},
	} {
		path := filepath.Join(t.TempDir(), credentials.Name)
		if err := credentials.Write(path, bad); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad.User, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("it was written")
		}
	}
}

func TestThePasswordDoesNotPrint(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(verb, whole); strings.Contains(text, whole.Password) {
			t.Errorf("%s prints %s", verb, text)
		}
	}
	if text, err := json.Marshal(whole); err == nil {
		t.Errorf("marshalled to %s", text)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("[exchange-accountcredentials-a]\nWIRE_GATEWAY_AUTH_METHOD = basic\nUSERNAME = u\nPASSWORD = p\n")
	f.Add("[exchange-accountcredentials-]\n[")
	f.Add("=\n[exchange-accountcredentials-a\n=\n")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), credentials.Name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := credentials.Read(path)
		if err != nil {
			return
		}
		if err := credentials.Write(path, c); err != nil {
			return // a value that we would not write
		}
		if again, err := credentials.Read(path); err != nil || again != c {
			t.Errorf("%v became %v, %v", c, again, err)
		}
	})
}
