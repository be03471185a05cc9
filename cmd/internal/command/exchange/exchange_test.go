package exchange_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/cli/clitest"
	"github.com/swaperoo/swaperoo/cmd/internal/command/exchange"
	"github.com/swaperoo/swaperoo/cmd/internal/credentials"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange/exchangetest"
	"github.com/swaperoo/swaperoo/comm/taler"
)

func command(ctx context.Context, out io.Writer, args ...string) int {
	return clitest.Run(ctx, &cli.Env{DenomKeys: exchangetest.Keys, Out: out, Err: io.Discard}, exchange.Command, append([]string{"exchange"}, append(args, "--json")...)...)
}

// made makes an exchange and gives its directory.
func made(t *testing.T, more ...string) (dir string, said map[string]any) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "exchange")
	var out bytes.Buffer
	if code := command(t.Context(), &out, append([]string{"init", "--dir", dir, "--currency", "CHF"}, more...)...); code != 0 {
		t.Fatalf("exit %d: %s", code, out.String())
	}
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	return dir, said
}

// serves runs `exchange serve` until the returned function is called.
func serves(t *testing.T, dir string, args ...string) (url string, stop func()) {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		code := command(ctx, w, append([]string{"serve", "--dir", dir}, args...)...)
		_ = w.Close()
		ended <- code
	}()
	lines := bufio.NewScanner(r)
	if !lines.Scan() {
		t.Fatalf("it says nothing and ends with %d", <-ended)
	}
	var said struct{ Event, Name, URL string }
	if err := json.Unmarshal(lines.Bytes(), &said); err != nil || said.Event != "listening" || said.Name != "exchange" {
		t.Fatalf("%s: %v", lines.Text(), err)
	}
	return said.URL, func() {
		t.Helper()
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("exit %d", code)
		}
	}
}

func TestInitShowsWhatABankNeeds(t *testing.T) {
	dir, said := made(t)
	master, _ := said["master_pub"].(string)
	want := map[string]any{
		"dir": dir, "currency": "CHF", "url": "", "account": "payto://x-taler-bank/localhost/exchange?receiver-name=Sandbox", "master_pub": master,
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
	if len(master) != 52 {
		t.Errorf("the master key is %q", master)
	}
	url, stop := serves(t, dir)
	defer stop()
	var keys taler.Keys
	answer, err := http.Get(url + "keys")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(&keys); err != nil {
		t.Fatal(err)
	}
	if keys.BaseURL != url || keys.MasterPublicKey.String() != master || keys.Currency != "CHF" {
		t.Errorf("its /keys say %s, %s, %s", keys.BaseURL, keys.MasterPublicKey, keys.Currency)
	}
}

func TestInitShowsWhereItWillListen(t *testing.T) {
	for url, args := range map[string][]string{
		"":                       {"--listen", "127.0.0.1:0"},
		"http://127.0.0.1:8081/": {"--listen", "127.0.0.1:8081"},
		"http://[::1]:8081/":     {"--listen", "[::1]:8081"},
		"http://127.0.0.1:8082/": {"--listen", "0.0.0.0:8082"},
		"http://127.0.0.1:8083/": {"--listen", "127.0.0.1:8083", "--withdraw-fee", "CHF:0"},
		"https://x.example.com/": {"--listen", "127.0.0.1:8081", "--url", "https://x.example.com/"},
	} {
		dir, said := made(t, args...)
		if said["url"] != url {
			t.Errorf("%v: its URL is %q", args, said["url"])
		}
		if args[1] != "127.0.0.1:8081" || len(args) > 2 {
			continue
		}
		other, stop := serves(t, dir, "--listen", "127.0.0.1:0") // then that is where it is
		answer, err := http.Get(other + "keys")
		if err != nil {
			t.Fatal(err)
		}
		var keys taler.Keys
		if err := json.NewDecoder(answer.Body).Decode(&keys); err != nil || keys.BaseURL != other {
			t.Errorf("listening at %s its /keys say %s, %v", other, keys.BaseURL, err)
		}
		_ = answer.Body.Close()
		stop()
	}
}

func TestRefusals(t *testing.T) {
	dir, _ := made(t, "--url", "https://exchange.example.com")
	fresh := filepath.Join(t.TempDir(), "fresh")
	empty := filepath.Join(t.TempDir(), "empty")
	for _, row := range []struct {
		name   string
		args   []string
		code   int
		reason string
	}{
		{"twice", []string{"init", "--dir", dir, "--currency", "CHF"}, 5, "already-initialised"},
		{"no currency", []string{"init", "--dir", fresh}, 2, "usage"},
		{"a currency in small letters", []string{"init", "--dir", fresh, "--currency", "chf"}, 2, "amount-malformed"},
		{"an account that is none", []string{"init", "--dir", fresh, "--currency", "CHF", "--account", "me"}, 2, "payto-malformed"},
		{"a protocol of the future", []string{"init", "--dir", fresh, "--currency", "CHF", "--protocol", "99"}, 1, "protocol-unsupported"},
		{"none there", []string{"serve", "--dir", empty}, 3, "not-initialised"},
		{"half a login", []string{"serve", "--dir", dir, "--bank", "http://127.0.0.1:9/"}, 2, "usage"},
		{"two logins", []string{"serve", "--dir", dir, "--bank", "http://127.0.0.1:9/", "--user", "u", "--password-file", "f", "--bank-credentials", "c"}, 2, "usage"},
		{"a bank in clear elsewhere", []string{"serve", "--dir", dir, "--bank", "http://bank.example.com/", "--user", "u", "--password-file", "f"}, 5, "address-refused"},
		{"a password that is not there", []string{"serve", "--dir", dir, "--bank", "http://127.0.0.1:9/", "--user", "u", "--password-file", empty}, 1, "secret-unreadable"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out bytes.Buffer
			code := command(t.Context(), &out, row.args...)
			if code != row.code || !strings.Contains(out.String(), `"`+row.reason+`"`) {
				t.Errorf("exit %d: %s", code, out.String())
			}
		})
	}
}

// bank is a wire gateway that only tells who comes.
type bank struct {
	*httptest.Server
	came chan string
}

func newBank(t *testing.T) bank {
	b := bank{came: make(chan string, 100)}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		b.came <- user + ":" + password
		<-r.Context().Done() // it holds the request, as asked
	}))
	t.Cleanup(b.Close)
	return b
}

func TestTheBankIsRememberedAfterTheFirstTime(t *testing.T) {
	dir, _ := made(t)
	b := newBank(t)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("p\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stop := serves(t, dir, "--bank", b.URL+"/", "--user", "u", "--password-file", password)
	if who := <-b.came; who != "u:p" {
		t.Errorf("the bank is asked by %s", who)
	}
	stop()
	_, stop = serves(t, dir)
	if who := <-b.came; who != "u:p" {
		t.Errorf("the second time the bank is asked by %s", who)
	}
	stop()
}

func TestItWaitsForTheBanksAddress(t *testing.T) {
	dir, _ := made(t)
	b := newBank(t)
	file := filepath.Join(t.TempDir(), credentials.Name)
	_, stop := serves(t, dir, "--bank-credentials", file)
	defer stop()
	c := credentials.Credentials{Account: "exchange", User: "u", Password: "p"}
	if err := credentials.Write(file, c); err != nil {
		t.Fatal(err)
	}
	c.URL = b.URL + "/"
	if err := credentials.Write(file, c); err != nil {
		t.Fatal(err)
	}
	if who := <-b.came; who != "u:p" {
		t.Errorf("the bank is asked by %s", who)
	}
}

func TestItEndsWhileItWaits(t *testing.T) {
	dir, _ := made(t)
	_, stop := serves(t, dir, "--bank-credentials", filepath.Join(t.TempDir(), "never"))
	stop()
}

// A directory is served by one process: another one would follow the same bank and close the same
// reserves. The commands beside it work.
func TestASecondExchangeOnOneDirectoryIsRefused(t *testing.T) {
	dir, _ := made(t)
	_, stop := serves(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var out bytes.Buffer
	if code := command(ctx, &out, "serve", "--dir", dir); code == 0 || !strings.Contains(out.String(), "dir-in-use") {
		t.Errorf("exit %d, %s", code, out.String())
	}
	stop()
	_, stop = serves(t, dir)
	stop()
}
