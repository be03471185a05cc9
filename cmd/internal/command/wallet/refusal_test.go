package wallet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	nowhere = "wss://127.0.0.1:9/"
	keyA    = "0000000000000000000000000000000000000000000000000000"
	wopid   = "4A9EYQ0AWCQ9J8QWPBE1RDZR8P8W4XQBVZ0ZK8B6B8M1V5F1C9D0"
)

// TestWhatAFreshWalletRefuses is what a user sees who asks for what is not
// there, or says it wrongly. Nobody is ever asked: a script would hang.
func TestWhatAFreshWalletRefuses(t *testing.T) {
	u := newOwner(t)
	for _, row := range []struct {
		name   string
		code   int
		reason string
		args   []string
	}{
		{"a wallet twice", 5, "dir-taken", []string{"init"}},
		{"another user", 3, "user-unknown", []string{"balance", "--user", "nobody"}},
		{"no lines of history", 2, "usage", []string{"history", "-n", "0"}},
		{"less than no lines", 2, "usage", []string{"history", "-n", "-3"}},

		{"an instrument that is not there", 3, "instrument-unknown", []string{"instrument", "show", "visa"}},
		{"giving up what is not there", 3, "instrument-unknown", []string{"instrument", "remove", "visa"}},
		{"a class that is not installed", 1, "class-unknown", []string{"instrument", "add", "beads"}},
		{"a coin made by hand", 1, "class-not-addable", []string{"instrument", "add", "taler-coin"}},
		{"a card without members", 4, "input-needed", []string{"instrument", "add", "payment-card"}},
		{"a card's key as an argument", 2, "secret-argument", []string{"instrument", "add", "payment-card", "key=AAAA"}},
		{"a member without a value", 2, "usage", []string{"instrument", "add", "payment-card", "brand"}},
		{"a member that no card has", 2, "field-unknown", []string{"instrument", "add", "payment-card", "colour=red"}},
		{"a card from a file that is not there", 2, "file-unreadable", []string{"instrument", "add", "payment-card", "--file", "/nowhere/card.json"}},

		{"trusting an unknown peer", 3, "peer-unknown", []string{"peer", "trust", "shop"}},
		{"forgetting an unknown peer", 3, "peer-unknown", []string{"peer", "remove", "shop"}},
		{"name and address the wrong way round", 2, "usage", []string{"peer", "add", nowhere, "shop"}},
		{"a peer of no name", 2, "usage", []string{"peer", "add", "", nowhere + "#" + keyA}},
		{"a peer at no address", 2, "address-malformed", []string{"peer", "add", "shop", "around the corner"}},
		{"a peer by no key", 2, "key-malformed", []string{"peer", "add", "shop", nowhere, "--trust", "nonsense"}},
		{"a peer by no key in its address", 2, "key-malformed", []string{"peer", "add", "shop", nowhere + "#nonsense"}},
		{"a peer that is not there to show its key", 8, "peer-unreachable", []string{"peer", "add", "shop", nowhere}},

		{"terms of an unknown exchange", 3, "instrument-unknown", []string{"exchange", "terms", "http://127.0.0.1:9/"}},
		{"an exchange that is not there", 8, "server-unreachable", []string{"exchange", "add", "http://127.0.0.1:9/"}},
		{"an exchange in clear", 5, "address-refused", []string{"exchange", "add", "http://exchange.example/"}},
		{"an exchange at no address", 2, "address-refused", []string{"exchange", "add", "exchange"}},
		{"an exchange with a password in its address", 2, "address-refused", []string{"exchange", "add", "https://u:p@exchange.example/"}},
		{"an exchange by no key", 2, "key-malformed", []string{"exchange", "trust", "http://127.0.0.1:9/", "nonsense"}},

		{"paying somebody unknown", 3, "peer-unknown", []string{"pay", "shop", "--amount", "CHF:1", "--yes"}},
		{"paying nothing", 2, "amount-too-small", []string{"pay", nowhere + "#" + keyA, "--amount", "CHF:0"}},
		{"paying less than nothing", 2, "amount-malformed", []string{"pay", nowhere + "#" + keyA, "--amount", "CHF:-1"}},
		{"paying too much", 2, "amount-too-large", []string{"pay", nowhere + "#" + keyA, "--amount", "CHF:9007199254740993"}},
		{"paying without a currency", 2, "amount-malformed", []string{"pay", nowhere + "#" + keyA, "--amount", "20"}},
		{"paying with what is not there", 3, "instrument-unknown", []string{"pay", nowhere + "#" + keyA, "--instrument", "visa"}},
		{"paying under a long key", 2, "key-malformed", []string{"pay", nowhere + "#" + keyA, "--amount", "CHF:1", "--key", strings.Repeat("k", 65)}},
		{"paying somebody who is not there", 8, "peer-unreachable", []string{"pay", nowhere + "#" + keyA, "--amount", "CHF:1", "--yes"}},

		{"withdrawing from no code", 2, "withdraw-uri-malformed", []string{"withdraw", "hello"}},
		{"withdrawing from another kind of code", 2, "withdraw-uri-malformed", []string{"withdraw", "taler://pay/shop.example/order"}},
		{"withdrawing from half a code", 2, "withdraw-uri-malformed", []string{"withdraw", "taler://withdraw/bank.example/" + wopid[:20]}},
		{"withdrawing in clear", 5, "address-refused", []string{"withdraw", "taler+http://withdraw/bank.example/" + wopid}},
		{"withdrawing nothing", 2, "amount-too-small", []string{"withdraw", "taler+http://withdraw/127.0.0.1:9/" + wopid, "--amount", "CHF:0"}},
		{"withdrawing at no exchange", 2, "address-refused", []string{"withdraw", "taler+http://withdraw/127.0.0.1:9/" + wopid, "--exchange", "exchange"}},
		{"withdrawing and paying somebody unknown", 3, "peer-unknown", []string{"withdraw", "taler+http://withdraw/127.0.0.1:9/" + wopid, "--pay", "shop"}},
		{"withdrawing with a card that is not there", 3, "instrument-unknown", []string{"withdraw", "taler+http://withdraw/127.0.0.1:9/" + wopid, "--instrument", "visa"}},
		{"withdrawing from a bank that is not there", 8, "server-unreachable", []string{"withdraw", "taler+http://withdraw/127.0.0.1:9/" + wopid, "--yes"}},

		{"an operation that never was", 3, "operation-unknown", []string{"operation", "show", "0123456789ab"}},
		{"an operation by too little", 3, "operation-unknown", []string{"operation", "show", "01"}},
		{"going on with what never was", 3, "operation-unknown", []string{"operation", "resume", "0123456789ab"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			was := u.t
			u.t = t
			defer func() { u.t = was }()
			u.refuses(row.code, row.reason, row.args...)
		})
	}
	var is struct {
		Dir, User   string
		Balances    []any
		Instruments map[string]int
		Peers       int
		Running     int
		Waiting     int
		Classes     []string
	}
	u.does(&is, "status")
	if len(is.Balances) != 0 || len(is.Instruments) != 0 || is.Peers != 0 || is.Running != 0 || is.Waiting != 0 {
		t.Errorf("what was refused has left %+v", is)
	}
}

// TestADirectoryWithoutAWalletIsToldFirst: before anybody is asked for a
// passphrase, by every command that needs a wallet.
func TestADirectoryWithoutAWalletIsToldFirst(t *testing.T) {
	u := newUser(t)
	u.word = "" // none at hand
	for _, args := range [][]string{
		{"status"},
		{"passwd"},
		{"balance"},
		{"coins"},
		{"history"},
		{"pay", "shop"},
		{"withdraw", "-"},
		{"instrument", "list"},
		{"instrument", "show", "x"},
		{"instrument", "add", "x"},
		{"instrument", "remove", "x"},
		{"peer", "list"},
		{"peer", "add", "x", nowhere},
		{"peer", "trust", "x"},
		{"peer", "remove", "x"},
		{"exchange", "list"},
		{"exchange", "add", "x"},
		{"exchange", "trust", "x", "y"},
		{"exchange", "terms", "x"},
		{"exchange", "remove", "x"},
		{"operation", "list"},
		{"operation", "show", "x"},
		{"operation", "resume", "x"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			was := u.t
			u.t = t
			defer func() { u.t = was }()
			u.refuses(3, "dir-empty", args...)
		})
	}
	if _, err := os.Stat(u.dir); err == nil {
		t.Error("a command that found no wallet has made a directory")
	}
}

func TestWhatAPassphraseOpens(t *testing.T) {
	u := newUser(t)
	empty, other, fresh := u.file("\n"), u.file("another\n"), u.file("a new one\n")
	long := u.file(strings.Repeat("hunter2 ", 1000))
	u.refuses(2, "passphrase-empty", "init", "--passphrase-file", empty)
	if _, err := os.Stat(filepath.Join(u.dir, "vault")); err == nil {
		t.Error("there is a vault without a passphrase")
	}
	var made struct{ Dir, User string }
	u.does(&made, "init", "--name", "gary")
	if made.Dir != u.dir || made.User != "gary" {
		t.Errorf("init says %+v", made)
	}
	u.does(nil, "balance", "--user", "gary")
	u.refuses(5, "wrong-passphrase", "balance", "--passphrase-file", other)
	u.refuses(5, "wrong-passphrase", "balance", "--passphrase-file", empty)
	if got := u.says("balance", "--passphrase-file", long); got.code == 0 || strings.Contains(got.err, "hunter2") {
		t.Errorf("a passphrase that is too long: %+v", got)
	}

	var changed struct{ Changed bool }
	u.refuses(4, "input-needed", "passwd")
	u.refuses(2, "passphrase-empty", "passwd", "--new-passphrase-file", empty)
	u.refuses(5, "wrong-passphrase", "passwd", "--passphrase-file", other, "--new-passphrase-file", fresh)
	u.does(nil, "balance") // nothing of this has changed it
	u.does(&changed, "passwd", "--new-passphrase-file", fresh)
	if !changed.Changed {
		t.Error("the passphrase is not said to be changed")
	}
	u.refuses(5, "wrong-passphrase", "balance")
	u.word = fresh
	u.does(nil, "balance")
	u.word = ""
	u.refuses(4, "input-needed", "balance")
}
