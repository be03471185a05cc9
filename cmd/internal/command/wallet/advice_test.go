package wallet_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestWhatAPersonIsAdvisedToDo can be done.
func TestWhatAPersonIsAdvisedToDo(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	buy := u.begins("withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:5", "--yes")
	x.transfer(t, buy.next().Reserve, "CHF:5")
	done := buy.next()
	buy.exit()
	for _, row := range []struct {
		name   string
		code   int
		reason string
		hint   string
		not    string
		args   []string
	}{
		{"an exchange at a wrong path", 3, "endpoint-unknown", "address of a Taler exchange", "list commands", []string{"exchange", "add", x.url + "nowhere/"}},
		{"giving up what is done", 5, "not-abandonable", "`wallet coins`", "resume", []string{"withdraw", "abort", done.Operation}},
		{"too small an amount", 2, "amount-too-small", "smallest coin", "goes back", []string{"withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:0.001", "--yes"}},
		{"too long a key", 2, "key-malformed", "", "", []string{"withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:5", "--yes", "--key", strings.Repeat("k", 65)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := u.says(append(row.args, "--json")...)
			var told struct{ Error struct{ Reason, Hint string } }
			if err := json.Unmarshal([]byte(got.out), &told); err != nil {
				t.Fatalf("%v: %s", err, got.out)
			}
			if e := told.Error; got.code != row.code || e.Reason != row.reason || !strings.Contains(e.Hint, row.hint) || row.not != "" && strings.Contains(e.Hint, row.not) {
				t.Errorf("exit %d, %+v", got.code, e)
			}
		})
	}
}

// TestAnotherPartysDirectory is named as that, whatever its settings are.
func TestAnotherPartysDirectory(t *testing.T) {
	u := newOwner(t)
	for name, text := range map[string]string{"config.toml": "currency = \"CHF\"\n", "node.key": ""} {
		if err := os.WriteFile(filepath.Join(u.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	u.refuses(2, "party-differs", "balance")
}

// TestAnExchangeThatIsElsewhereByItsOwnWord is added, for what stands before it may be anything, and the
// person reads by which address others know its cash.
func TestAnExchangeThatIsElsewhereByItsOwnWord(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	to, err := url.Parse(x.url)
	if err != nil {
		t.Fatal(err)
	}
	alias := httptest.NewServer(httputil.NewSingleHostReverseProxy(to))
	t.Cleanup(alias.Close)
	for address, told := range map[string]bool{alias.URL: true, strings.ToUpper(x.url[:4]) + x.url[4:len(x.url)-1]: false} {
		got := u.says("exchange", "add", address)
		if got.code != 0 || strings.Contains(got.err, "its address is "+x.url) != told {
			t.Errorf("%s: exit %d: %s%s", address, got.code, got.out, got.err)
		}
	}
	for _, known := range u.knows() {
		if want := map[string]string{alias.URL + "/": x.url, x.url: ""}; known.Own != want[known.URL] {
			t.Errorf("known is %+v", known)
		}
	}
}

// TestKeysAreNotReadAgainBeforeTheirTime, however often somebody withdraws at an
// exchange that they name.
func TestKeysAreNotReadAgainBeforeTheirTime(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	to, err := url.Parse(x.url)
	if err != nil {
		t.Fatal(err)
	}
	var reads atomic.Int32
	pass := httputil.NewSingleHostReverseProxy(to)
	seen := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			reads.Add(1)
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(seen.Close)
	for range 2 { // nobody agrees
		if got := u.says("withdraw", "--manual", "--exchange", seen.URL, "--amount", "CHF:5"); got.code != 4 {
			t.Fatalf("exit %d: %s", got.code, got.err)
		}
	}
	if reads.Load() != 1 {
		t.Errorf("its keys were read %d times", reads.Load())
	}
}
