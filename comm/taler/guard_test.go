package taler

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

func TestAddressesThatMayBeCalled(t *testing.T) {
	for name, row := range map[string]struct {
		url       string
		allowHTTP bool
		want      fault.Kind
	}{
		"https":                  {"https://bank.example/x/", false, 0},
		"http":                   {"http://bank.example/", false, fault.Denied},
		"http when allowed":      {"http://bank.example/", true, 0},
		"http at home":           {"http://localhost:8080/", false, 0},
		"http at home by number": {"http://127.1.2.3/", false, 0},
		"http at home by IPv6":   {"http://[::1]:80/", false, 0},
		"home in an IPv6 coat":   {"http://[::ffff:127.0.0.1]/", false, 0},
		"a name that looks home": {"http://localhost.evil.example/", false, fault.Denied},
		"private is not home":    {"http://192.168.0.1/", false, fault.Denied},
		"another scheme":         {"ftp://bank.example/", true, fault.Invalid},
		"a file":                 {"file:///etc/passwd", true, fault.Invalid},
		"no host":                {"https:///x", true, fault.Invalid},
		"no scheme":              {"bank.example", true, fault.Invalid},
		"a user":                 {"https://me@bank.example/", true, fault.Invalid},
		"a query":                {"https://bank.example/?x=1", true, fault.Invalid},
		"a fragment":             {"https://bank.example/#x", true, fault.Invalid},
		"a control character":    {"https://bank.example/\x00", true, fault.Invalid},
		"a letter that looks so": {"https://b\u0430nk.example/", true, fault.Invalid},
		"a dot that looks so":    {"https://bank\u2024example/", true, fault.Invalid},
		"nothing between two":    {"https://bank.ex\u200bample/", true, fault.Invalid},
		"as it is in the net":    {"https://xn--bnk-5cd.example/", true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := CheckURL(row.url, row.allowHTTP)
			if fault.KindOf(err) != row.want || err == nil && u == nil || err != nil && fault.From(err).Hint == "" {
				t.Errorf("%v, %v", u, err)
			}
		})
	}
}

func TestAddressesThatAPublicBankMayName(t *testing.T) {
	for address, public := range map[string]bool{
		"8.8.8.8:443": true, "[2606:4700::1111]:443": true,
		"127.0.0.1:80": false, "10.0.0.1:80": false, "172.16.0.1:80": false, "192.168.1.1:80": false, "169.254.169.254:80": false,
		"0.0.0.0:80": false, "100.64.0.1:80": false, "224.0.0.1:80": false, "255.255.255.255:80": false, "198.18.0.1:80": false,
		"[::1]:80": false, "[::]:80": false, "[fe80::1%eth0]:80": false, "[fc00::1]:80": false, "[ff02::1]:80": false,
		"[::ffff:10.0.0.1]:80": false, "[64:ff9b::a00:1]:80": false, "[2002:a00:1::]:80": false, "[::10.0.0.1]:80": false,
		"[fec0::1]:80": false, "[100::1]:80": false, "[3fff::1]:80": false, "[5f00::1]:80": false, "[2001:2::1]:80": false,
		"localhost:80": false, "nonsense": false,
	} {
		err := DialControl("tcp", address, nil)
		if (err == nil) != public || err != nil && (!errors.Is(err, fault.Denied) || fault.From(err).Hint == "") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestTheGuardLooksAtTheAddressNotAtTheName(t *testing.T) {
	arrived := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived = true }))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: GuardedDialer().DialContext}
	defer transport.CloseIdleConnections()
	client, err := NewClient("http://localhost:"+port, &http.Client{Transport: transport}, Anonymous())
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.IntegrationConfig(t.Context())
	if fault.KindOf(err) != fault.Denied || fault.ReasonOf(err) != ReasonAddressRefused || arrived {
		t.Errorf("arrived: %v, error %v", arrived, err)
	}
}

func TestIsPublic(t *testing.T) {
	for host, want := range map[string]bool{"8.8.8.8": true, "127.0.0.1": false, "[::1]": false, "localhost": false} {
		if got, err := IsPublic(t.Context(), host); err != nil || got != want {
			t.Errorf("%s: %v, %v", host, got, err)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := IsPublic(over, strings.Repeat("x", 70)+".invalid")
	if f := fault.From(err); err == nil || f.Kind != fault.Unavailable || f.Reason != "server-unreachable" || f.Hint == "" {
		t.Errorf("of a name that does not resolve: %+v", f)
	}
}

// FuzzCheckURL: what is accepted goes where it says, and in clear only to this machine.
func FuzzCheckURL(f *testing.F) {
	for _, seed := range []string{
		"https://bank.example/", "http://localhost:80/a", "http://[::ffff:127.0.0.1]/", "http://127.1/", "http://localhost./", "https://a@b/", "https:/b", "https://b\\@c/", "https://[::1%25lo]/", "HTTPS://B", "http://127.0.0.1@b/", "http://128.0.0.1/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := CheckURL(raw, false)
		if err != nil {
			if f := fault.From(err); f.Reason != ReasonAddressRefused || strings.ContainsAny(f.Message, "\x1b\r\n") {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		again, err := CheckURL(u.String(), false)
		if err != nil || again.Host != u.Host || again.Scheme != u.Scheme {
			t.Errorf("%q is %s, which is %v, %v", raw, u, again, err)
		}
		req, err := http.NewRequest(http.MethodGet, u.String(), nil)
		if err != nil || req.URL.Host != u.Host || req.URL.User != nil {
			t.Errorf("%q cannot be asked: %v", raw, err)
		}
		if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && ip != nil && !ip.IsLoopback() {
			t.Errorf("%q would be asked in clear", raw)
		}
	})
}
