package wallet_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/cli/clitest"
	"github.com/swaperoo/swaperoo/cmd/internal/command/exchange"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange/exchangetest"
)

// issuer is an exchange of the sandbox that runs in this process.
type issuer struct{ url, master, dir string }

func exchangeCommand(ctx context.Context, out io.Writer, args ...string) int {
	return clitest.Run(ctx, &cli.Env{DenomKeys: exchangetest.Keys, Out: out, Err: io.Discard}, exchange.Command, append([]string{"exchange"}, append(args, "--json")...)...)
}

// issuers are two exchanges that each test gets a copy of: their keys take a
// second.
var issuers = [2]func() (issuer, error){sync.OnceValues(makeIssuer), sync.OnceValues(makeIssuer)}

func makeIssuer() (i issuer, err error) {
	if i.dir, err = os.MkdirTemp(templates, "exchange"); err != nil {
		return i, err
	}
	var out bytes.Buffer
	if code := exchangeCommand(context.Background(), &out, "init", "--dir", i.dir, "--currency", "CHF"); code != 0 {
		return i, fmt.Errorf("exit %d: %s", code, out.String())
	}
	var made struct {
		Master string `json:"master_pub"`
	}
	err = json.Unmarshal(out.Bytes(), &made)
	i.master = made.Master
	return i, err
}

// newIssuer is an exchange that is not there so far.
func newIssuer(t *testing.T) issuer { return copied(t, issuers[0]) }

// anotherIssuer has other keys.
func anotherIssuer(t *testing.T) issuer { return copied(t, issuers[1]) }

func copied(t *testing.T, of func() (issuer, error)) issuer {
	t.Helper()
	i, err := of()
	if err != nil {
		t.Fatal(err)
	}
	from := os.DirFS(i.dir)
	i.dir = filepath.Join(t.TempDir(), "exchange")
	if err := os.CopyFS(i.dir, from); err != nil {
		t.Fatal(err)
	}
	return i
}

// serves lets it be there, at an address or at any, until the returned function
// is called or the test ends.
func (i *issuer) serves(t *testing.T, listen string, more ...string) (stop func()) {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		code := exchangeCommand(ctx, w, append([]string{"serve", "--dir", i.dir, "--listen", listen}, more...)...)
		_ = w.Close()
		ended <- code
		close(ended)
	}()
	lines := bufio.NewScanner(r)
	if !lines.Scan() {
		cancel()
		t.Fatalf("it says nothing and ends with %d", <-ended)
	}
	var said struct{ URL string }
	if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	i.url = said.URL
	go func() { _, _ = io.Copy(io.Discard, r) }()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return stop
}

type known struct {
	URL, Status, Currency, Version string
	Own                            string   `json:"own_url"`
	Master                         string   `json:"master_pub"`
	Shown                          string   `json:"shown_pub"`
	Former                         []string `json:"former_pubs"`
	Denominations                  int
	Terms                          json.RawMessage
}

func (u *user) knows() []known {
	u.t.Helper()
	var list struct{ Exchanges []known }
	u.does(&list, "exchange", "list")
	return list.Exchanges
}

func TestAnExchangeIsKnownByItsMasterKey(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	stop := x.serves(t, "127.0.0.1:0")
	if got := u.knows(); len(got) != 0 {
		t.Fatalf("a fresh wallet knows %+v", got)
	}
	var added known
	u.does(&added, "exchange", "add", strings.TrimSuffix(x.url, "/"))
	if added.URL != x.url || added.Status != "active" || added.Currency != "CHF" || added.Master != x.master || added.Denominations == 0 {
		t.Errorf("it is shown as %+v, its key is %s", added, x.master)
	}
	u.does(nil, "exchange", "add", x.url) // once more is the same
	u.does(nil, "exchange", "trust", x.url, x.master)
	u.refuses(5, "master-key-changed", "exchange", "trust", x.url, keyB)
	if got := u.knows(); len(got) != 1 || got[0].Master != x.master || got[0].Status != "active" {
		t.Errorf("it knows %+v", got)
	}
	stop()
	u.refuses(8, "server-unreachable", "exchange", "add", x.url)
	if got := u.knows(); len(got) != 1 || got[0].Master != x.master {
		t.Errorf("while the exchange is away it knows %+v", got)
	}

	// Somebody else at its address, or the exchange after a theft of its key.
	imposter := anotherIssuer(t)
	imposter.serves(t, strings.Trim(strings.TrimPrefix(x.url, "http://"), "/"))
	u.refuses(5, "master-key-changed", "exchange", "add", x.url)
	if got := u.knows(); len(got) != 1 || got[0].Master != x.master || got[0].Status != "alarm" || got[0].Shown != imposter.master {
		t.Errorf("beside an imposter it knows %+v", got)
	}
	if got := u.says("exchange", "list"); !strings.Contains(got.out, "alarm") || !strings.Contains(got.err, "ALARM") || !strings.Contains(got.err, imposter.master) {
		t.Errorf("a person reads %+v", got)
	}
	u.refuses(5, "master-key-changed", "withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:5", "--yes")
}

// TestAMasterKeyIsReplacedByAPersonsWord, and by nothing less. What was made under
// the former one is kept apart.
func TestAMasterKeyIsReplacedByAPersonsWord(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	stop := x.serves(t, "127.0.0.1:0")
	withdraws := func() {
		t.Helper()
		buy := u.begins("withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:5", "--yes")
		x.transfer(t, buy.next().Reserve, "CHF:5")
		if done := buy.next(); buy.exit() != 0 || done.Amount != "CHF:5" {
			t.Fatalf("withdrawn: %+v", done)
		}
	}
	withdraws()
	stop()
	next := anotherIssuer(t)
	next.serves(t, strings.Trim(strings.TrimPrefix(x.url, "http://"), "/"))
	u.refuses(5, "master-key-changed", "exchange", "add", x.url)
	u.refuses(5, "master-key-changed", "exchange", "trust", x.url, next.master)
	u.refuses(5, "master-key-differs", "exchange", "trust", x.url, keyB, "--replace") // nor to one that it does not show
	u.refuses(5, "exchange-in-use", "exchange", "remove", x.url)
	file := filepath.Join(t.TempDir(), "bot.key")
	u.does(nil, "profile", "add", "agent", "bot", "--new-key-file", file)
	bot := &user{t: t, dir: u.dir}
	bot.refuses(5, "kind-differs", "exchange", "trust", x.url, next.master, "--replace", "--user", "bot", "--key-file", file)
	var is known
	if u.does(&is, "exchange", "trust", x.url, next.master, "--replace"); is.Master != next.master || is.Status != "active" || is.Shown != "" || len(is.Former) != 1 || is.Former[0] != x.master {
		t.Errorf("it is known as %+v", is)
	}
	if !strings.Contains(string(is.Terms), "{}") {
		t.Errorf("the terms of the new one are accepted: %s", is.Terms)
	}
	withdraws()
	var sums struct {
		Balances []struct {
			Currency, Exchange, Available, Pending string
			Coins                                  int
			Master                                 string `json:"master_pub"`
		}
	}
	u.does(&sums, "balance")
	if len(sums.Balances) != 2 || sums.Balances[0].Master != "" || sums.Balances[1].Master != x.master || sums.Balances[0].Available != "CHF:5" || sums.Balances[1].Available != "CHF:5" {
		t.Errorf("the balance is %+v", sums)
	}
	if got := u.says("balance").out; !strings.Contains(got, x.url+" under its former key "+x.master) {
		t.Errorf("a person reads %s", got)
	}
	if got := u.says("coins", "--json").out; strings.Count(got, `"master_pub":"`+x.master) != 1 || strings.Contains(got, `"verified":false`) || strings.Count(got, `"verified":true`) != 2 {
		t.Errorf("the coins are %s", got)
	}
}

// TestAnExchangeIsGivenUp when nothing of it is here.
func TestAnExchangeIsGivenUp(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	u.does(nil, "exchange", "add", x.url)
	buy := u.begins("withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:5", "--key", "one", "--yes")
	buy.next()
	buy.stop()
	buy.exit()
	u.refuses(5, "exchange-in-use", "exchange", "remove", x.url)
	u.refuses(5, "exchange-in-use", "instrument", "remove", x.url) // by its other name
	var list struct {
		Operations, Payments []any
		Withdrawals          []struct{ Operation string }
	}
	if err := json.Unmarshal([]byte(u.says("operation", "list", "--json").out), &list); err != nil || len(list.Withdrawals) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	u.does(nil, "withdraw", "abort", list.Withdrawals[0].Operation)
	file := filepath.Join(t.TempDir(), "bot.key")
	u.does(nil, "profile", "add", "agent", "bot", "--new-key-file", file)
	bot := &user{t: t, dir: u.dir} // who would add it again with another master key
	bot.refuses(5, "kind-differs", "exchange", "remove", x.url, "--user", "bot", "--key-file", file)
	bot.refuses(5, "kind-differs", "instrument", "remove", x.url, "--user", "bot", "--key-file", file)
	u.does(nil, "exchange", "remove", x.url)
	if got := u.knows(); len(got) != 0 {
		t.Errorf("it still knows %+v", got)
	}
	u.refuses(3, "instrument-unknown", "exchange", "remove", x.url)
	u.refuses(3, "instrument-unknown", "exchange", "terms", x.url)
	u.does(nil, "exchange", "add", x.url) // and it can be known again
	u.does(nil, "instrument", "remove", x.url)
	u.does(nil, "exchange", "trust", x.url, x.master)
	if got := u.knows(); len(got) != 1 || got[0].Status != "active" {
		t.Errorf("added again it knows %+v", got)
	}
}

// TestTheKeyThatAPersonNamesCounts, also for an exchange that could not be asked
// when it was added: another one at its address is not trusted.
func TestTheKeyThatAPersonNamesCounts(t *testing.T) {
	x := newIssuer(t)
	x.serves(t, "127.0.0.1:0")() // now it has an address, and is not there
	early, wrong := newOwner(t), newOwner(t)
	early.refuses(2, "key-malformed", "exchange", "trust", x.url, strings.Repeat("0", 52)) // nobody's key is no wish for any
	early.refuses(2, "key-malformed", "exchange", "add", x.url, "--trust", "abc")
	for _, u := range []*user{early, wrong} {
		u.refuses(8, "server-unreachable", "exchange", "add", x.url)
		if got := u.knows(); len(got) != 0 { // there is nothing to know
			t.Errorf("of an exchange that is not there it knows %+v", got)
		}
	}
	x.serves(t, strings.Trim(strings.TrimPrefix(x.url, "http://"), "/"))
	for name, u := range map[string]*user{"at once": newOwner(t), "after it was not there": early} {
		var got known
		if u.does(&got, "exchange", "trust", x.url, x.master); got.Master != x.master || got.Status != "active" {
			t.Errorf("%s, by the right key: it knows %+v", name, got)
		}
	}
	for name, u := range map[string]*user{"at once": newOwner(t), "after it was not there": wrong} {
		u.refuses(5, "master-key-changed", "exchange", "add", x.url, "--trust", keyB)
		if got := u.knows(); len(got) != 1 || got[0].Status != "alarm" || got[0].Master != keyB || got[0].Shown != x.master {
			t.Errorf("%s, by another key: it knows %+v", name, got)
		}
	}
}
