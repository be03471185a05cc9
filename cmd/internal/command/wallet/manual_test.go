package wallet_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	maker "rsc.io/qr"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/cli/clitest"
	"github.com/swaperoo/swaperoo/cmd/internal/command/wallet"
	"github.com/swaperoo/swaperoo/crypto"
)

// event is a line of a withdrawal.
type event struct {
	Event, Reserve, Amount, Payto, Operation, Key, Fees, Remainder, Surplus string
	Coins                                                                   int
}

// running is a command that goes on while the test does something else.
type running struct {
	t     *testing.T
	lines *bufio.Scanner
	code  chan int
	stop  context.CancelFunc
}

func (u *user) begins(args ...string) *running {
	u.t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(u.t.Context())
	e := &cli.Env{LockBy: crypto.QuickPassphrase, SealWork: 1, Out: w, Err: io.Discard, Environ: func(name string) string {
		return map[string]string{"SWAPEROO_PASSPHRASE_FILE": u.word}[name]
	}}
	x := &running{u.t, bufio.NewScanner(r), make(chan int, 1), cancel}
	go func() {
		x.code <- clitest.Run(ctx, e, wallet.Command, append(append([]string{"wallet", "--dir", u.dir}, args...), "--json")...)
		_ = w.Close()
	}()
	u.t.Cleanup(cancel)
	return x
}

func (x *running) next() (e event) {
	x.t.Helper()
	if !x.lines.Scan() {
		x.t.Fatal("it says nothing more")
	}
	if err := json.Unmarshal(x.lines.Bytes(), &e); err != nil {
		x.t.Fatalf("%v: %s", err, x.lines.Text())
	}
	return e
}

func (x *running) exit() int {
	_, code := x.last()
	return code
}

// last is what it says in the end.
func (x *running) last() (line string, code int) {
	for x.lines.Scan() { // or it could not end
		line = x.lines.Text()
	}
	return line, <-x.code
}

// transfer is what the person's bank does, as the sandbox lets it be done by hand.
func (i issuer) transfer(t *testing.T, reserve, amount string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"reserve_pub": reserve, "amount": amount, "debit_account": "payto://x-taler-bank/localhost/me?receiver-name=Me"})
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(i.url+"admin/add-incoming", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatal(res.Status)
	}
}

func TestWithdrawingByAPlainBankTransfer(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	args := []string{"withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:12.34", "--key", "savings", "--yes"}
	buy := u.begins(args...)
	asked := buy.next()
	for _, want := range []string{"payto://x-taler-bank/localhost/exchange", "amount=CHF:12.34", "message=" + asked.Reserve} {
		if !strings.Contains(asked.Payto, want) {
			t.Errorf("%s is not in %s", want, asked.Payto)
		}
	}
	if asked.Event != "transfer" || len(asked.Reserve) != 52 || asked.Amount != "CHF:12.34" {
		t.Errorf("it asks for %+v", asked)
	}
	x.transfer(t, asked.Reserve, "CHF:12.34")
	done := buy.next()
	if asked.Operation == "" || asked.Operation != done.Operation || asked.Key != "savings" {
		t.Errorf("it is asked for by %q, %q", asked.Operation, asked.Key)
	}
	if code := buy.exit(); code != 0 || done.Event != "done" || done.Amount != "CHF:12.34" || done.Fees != "CHF:0" || done.Coins == 0 || done.Operation == "" {
		t.Errorf("exit %d, %+v", code, done)
	}
	var again event // the same key is the same withdrawal
	if u.does(&struct{ *event }{&again}, args...); again.Event != "done" || again.Operation != done.Operation {
		t.Errorf("again: %+v", again)
	}
	u.refuses(5, "key-reused", "withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:1", "--key", "savings", "--yes")
	u.refuses(5, "not-abandonable", "withdraw", "abort", done.Operation)

	var sums struct {
		Denominations []struct {
			Value, Exchange, Total string
			Coins                  int
		}
	}
	u.does(&sums, "coins", "--by-value")
	if len(sums.Denominations) == 0 || sums.Denominations[0].Value != "CHF:10" || sums.Denominations[0].Coins != 1 || sums.Denominations[0].Total != "CHF:10" {
		t.Errorf("the coins are %+v", sums)
	}
}

// TestOneCoinIsNotCoins in what a person reads.
func TestOneCoinIsNotCoins(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	args := []string{"withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:5", "--key", "one", "--yes"}
	buy := u.begins(args...)
	x.transfer(t, buy.next().Reserve, "CHF:5")
	if code := buy.exit(); code != 0 {
		t.Fatalf("exit %d", code)
	}
	if got := u.says(args...); !strings.Contains(got.out, "Withdrawn CHF:5 in 1 coin;") {
		t.Errorf("it says %q", got.out)
	}
	if got := u.says("exchange", "remove", x.url); !strings.Contains(got.err, "has 1 coin of") {
		t.Errorf("it says %q", got.err)
	}
}

// TestMoreMoneyThanWasToCome stays at the exchange and is named, wherever the
// withdrawal is shown.
func TestMoreMoneyThanWasToCome(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	buy := u.begins("withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:5.001", "--yes")
	x.transfer(t, buy.next().Reserve, "CHF:7.501")
	done := buy.next()
	if code := buy.exit(); code != 0 || done.Amount != "CHF:5" || done.Remainder != "CHF:0.001" || done.Surplus != "CHF:2.5" {
		t.Errorf("exit %d, %+v", code, done)
	}
	var listed struct {
		Operations, Payments []any
		Withdrawals          []struct{ Operation, Remainder, Surplus, Value string }
	}
	out := u.says("operation", "list", "--json").out
	if err := json.Unmarshal([]byte(out), &listed); err != nil || len(listed.Withdrawals) != 1 || listed.Withdrawals[0].Surplus != "CHF:2.5" || listed.Withdrawals[0].Remainder != "CHF:0.001" {
		t.Errorf("it is listed as %s", out)
	}
	if got := u.says("operation", "show", done.Operation, "--json").out; !strings.Contains(got, `"remainder":"CHF:0.001","surplus":"CHF:2.5"`) {
		t.Errorf("it is shown as %s", got)
	}
	for _, want := range []string{"value\tCHF:5\n", "remainder\tCHF:0.001\n", "surplus\tCHF:2.5\n"} {
		if got := u.says("operation", "show", done.Operation).out; !strings.Contains(got, want) {
			t.Errorf("a person does not read %q in %s", want, got)
		}
	}
}

func TestGivingUpAWithdrawalByTransfer(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	args := func(key string) []string {
		return []string{"withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:5", "--key", key, "--yes"}
	}
	begin := func(key string) (reserve, operation string) {
		buy := u.begins(args(key)...)
		asked := buy.next()
		buy.stop()
		last, code := buy.last()
		if code != 6 || !strings.Contains(last, "`wallet operation resume "+asked.Operation+"`") || strings.Contains(last, "URI") {
			t.Errorf("interrupted it ends with %d and %s", code, last)
		}
		return asked.Reserve, asked.Operation
	}
	_, first := begin("one")
	u.does(nil, "operation", "abandon", first)
	u.does(nil, "withdraw", "abort", first) // once more, by its other name, is the same
	if got := u.says(args("one")...); got.code != 5 {
		t.Errorf("what was given up goes on: exit %d", got.code)
	}
	reserve, second := begin("two")
	x.transfer(t, reserve, "CHF:5") // too late to give it up
	u.refuses(5, "not-abandonable", "withdraw", "abort", second)
	u.refuses(5, "not-abandonable", "operation", "abandon", second)
	resumed := u.begins("operation", "resume", second)
	if shown, done := resumed.next(), resumed.next(); shown.Reserve != reserve || done.Event != "done" || resumed.exit() != 0 {
		t.Errorf("resumed: %+v, %+v", shown, done)
	}
}

func TestWhereAWithdrawalComesFrom(t *testing.T) {
	u := newOwner(t)
	for _, args := range [][]string{
		{},
		{"taler://withdraw/b.example/1", "--manual"},
		{"--manual"},
		{"--manual", "--exchange", "https://x.example/"},
		{"--qr", "x.png", "--manual", "--exchange", "https://x.example/", "--amount", "CHF:1"},
		{"-", "--qr", "x.png"},
		{"--manual", "--exchange", "https://x.example/", "--amount", "CHF:1", "--pay", "till"},
	} {
		if got := u.says(append([]string{"withdraw"}, args...)...); got.code != 2 {
			t.Errorf("%v: exit %d", args, got.code)
		}
	}
	u.refuses(2, "file-unreadable", "withdraw", "--qr", u.dir+"/none.png")
	u.refuses(2, "qr-unreadable", "withdraw", "--qr", u.file("no picture"))

	uri := "taler+http://withdraw/127.0.0.1:1/taler-integration/" + strings.Repeat("0", 52)
	code, err := maker.Encode(uri, maker.M)
	if err != nil {
		t.Fatal(err)
	}
	picture := u.file("")
	if err := os.WriteFile(picture, code.PNG(), 0o600); err != nil {
		t.Fatal(err)
	}
	u.refuses(8, "server-unreachable", "withdraw", "--qr", picture)
	if got := u.says("withdraw", "--qr", picture); !strings.Contains(got.err, "http://127.0.0.1:1/taler-integration/") {
		t.Errorf("the bank is not shown before it is asked: %s", got.err)
	}
	u.in = fmt.Sprintln(uri)
	u.refuses(8, "server-unreachable", "withdraw", "-")
}

// TestAnExchangeThatMustKnowThePerson says where that stands, and what to do then.
func TestAnExchangeThatMustKnowThePerson(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	stop := x.serves(t, "127.0.0.1:0", "--misbehave", "451=1")
	args := []string{"withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:5", "--key", "one", "--yes"}
	buy := u.begins(args...)
	asked := buy.next()
	x.transfer(t, asked.Reserve, "CHF:5")
	buy.exit()
	got := u.says(args...)
	for _, want := range []string{x.url + "kyc-check/", "requirement 1", "nothing was charged", "`wallet operation resume " + asked.Operation + "`"} {
		if got.code != 5 || !strings.Contains(got.err, want) {
			t.Errorf("exit %d; %q is not in %s", got.code, want, got.err)
		}
	}
	u.refuses(5, "kyc-required", args...)
	stop()
	x.serves(t, strings.Trim(strings.TrimPrefix(x.url, "http://"), "/")) // now it knows them
	if got := u.says(args...); got.code != 0 || !strings.Contains(got.out, "Withdrawn CHF:5") {
		t.Errorf("afterwards: exit %d, %s", got.code, got.out)
	}
}
