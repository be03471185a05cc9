package terminal

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

func TestSettingsThatFollowFromOthers(t *testing.T) {
	for _, row := range []struct {
		name  string
		in    settings
		allow bool
		want  settings
		kind  fault.Kind
	}{
		{
			"a bank",
			settings{Bank: "https://bank.example/c2ec", Login: "till"},
			false,
			settings{Bank: "https://bank.example/c2ec/", Integration: "https://bank.example/c2ec/taler-integration/", Login: "till", Merchant: "till"},
			0,
		},
		{
			"everything said",
			settings{Bank: "http://127.0.0.1:1/", Integration: "https://b.example/", Login: "till", Merchant: "Shop"},
			false,
			settings{Bank: "http://127.0.0.1:1/", Integration: "https://b.example/", Login: "till", Merchant: "Shop"},
			0,
		},
		{"in clear to another machine", settings{Bank: "http://bank.example/"}, false, settings{}, fault.Denied},
		{
			"in clear, allowed",
			settings{Bank: "http://bank.example/", Login: "t"},
			true,
			settings{Bank: "http://bank.example/", Integration: "http://bank.example/taler-integration/", Login: "t", Merchant: "t"},
			0,
		},
		{"no address", settings{Bank: "bank"}, false, settings{}, fault.Invalid},
		{"sessions without a key", settings{Bank: "https://bank.example/", BankSession: "wss://bank.example/"}, false, settings{}, fault.Invalid},
		{"sessions at no address", settings{Bank: "https://bank.example/", BankSession: "bank"}, false, settings{}, fault.Invalid},
		{"no address for wallets", settings{Bank: "https://bank.example/", Integration: "x"}, false, settings{}, fault.Invalid},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := row.in.complete(row.allow)
			if fault.KindOf(err) != row.kind || err == nil && !reflect.DeepEqual(row.in, row.want) {
				t.Errorf("%+v, %v", row.in, err)
			}
		})
	}
}

// TestSettingsByHandAreCompletedAsThoseOfInit are, or refused where the terminal is opened: a
// customer would read that the code is none.
func TestSettingsByHandAreCompletedAsThoseOfInit(t *testing.T) {
	for text, want := range map[string]string{
		`bank = "https://b.example"`: "https://b.example/taler-integration/",
		"bank = \"https://b.example/\"\nintegration = \"https://b.example/i/?\"": "https://b.example/i/",
		"bank = \"http://b.example/\"":                                           "http://b.example/taler-integration/", // asked only with --allow-http
		"bank = \"https://b.example/\"\nintegration = \"b.example\"":             "config.toml: integration: ",
		`bank = "b.example"`:                                                 "config.toml: bank: ",
		`bank = "https://b.example/?"`:                                       "https://b.example/taler-integration/",
		`bank = "https://b.example/a%20b/"`:                                  "config.toml: integration: ", // no code for wallets has such a path
		"bank = \"https://b.example/\"\nbank_session = \"wss://b.example/\"": "config.toml: bank_session: ",
	} {
		f := house.Files{Dir: t.TempDir()}
		if err := os.WriteFile(f.Config(), []byte(text+"\nlogin = \"till\"\ntoken_file = \"token\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := readSettings(&cli.Env{Environ: func(string) string { return "" }}, f)
		if err == nil && !strings.Contains(strings.ReplaceAll(text, "?", ""), `bank = "`+s.Bank+`"`) {
			t.Errorf("%s: the bank is %q, by which no operation knows it", text, s.Bank)
		}
		if err != nil && !strings.Contains(err.Error(), want) || err == nil && s.Integration != want {
			t.Errorf("%s: %q, %v", text, s.Integration, err)
		}
	}
}

// TestTheTerminalShowsTheWalletsGroups compares the two ways to write them.
func TestTheTerminalShowsTheWalletsGroups(t *testing.T) {
	key := taler.EddsaPublicKey{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	if got := groups(key.String()); got != taler.KeyGroups(key) {
		t.Errorf("%s is shown as %s", taler.KeyGroups(key), got)
	}
}

func TestEveryEventIsASentence(t *testing.T) {
	a := instrument.Amount{Currency: "CHF", Value: 20}
	for _, event := range []string{
		vendor.EventSetup, vendor.EventSelected, vendor.EventPay, vendor.EventPaid, vendor.EventUnknown, vendor.EventConfirmed, vendor.EventAborted,
	} {
		if got := sentence(vendor.Event{Event: event, Amount: &a, Fees: &a, Total: &a}); got == event || got == "" {
			t.Errorf("%s is shown as %q", event, got)
		}
	}
}

// TestNoGroupsAreMadeUp where the bank does not say whose wallet it is.
func TestNoGroupsAreMadeUp(t *testing.T) {
	var out bytes.Buffer
	e := cli.New()
	e.Err = &out
	same, err := (&screen{env: e, yes: true}).SameWallet(t.Context(), "")
	if err != nil || !same || !strings.Contains(out.String(), "does not say which") {
		t.Errorf("%v, %v: %q", same, err, out.String())
	}
	if got := sentence(vendor.Event{Event: vendor.EventSelected}); !strings.Contains(got, "does not say which") {
		t.Errorf("it is shown as %q", got)
	}
}

// TestAReceiptSaysWhatWasPaid, to people: scripts end with the event that they
// wait for.
func TestAReceiptSaysWhatWasPaid(t *testing.T) {
	w := vendor.Withdrawal{Status: taler.TerminalConfirmed, TerminalWithdrawal: taler.TerminalWithdrawal{
		WOPID: taler.WOPID{1, 2, 3}, Amount: instrument.Amount{Currency: "CHF", Value: 20}, Fees: instrument.Amount{Currency: "CHF", Fraction: 50_000_000},
		Total: instrument.Amount{Currency: "CHF", Value: 20, Fraction: 50_000_000}, Exchange: "https://exchange.example/", Transaction: "pay-7",
		Progress: taler.TerminalProgress{Ended: 1_700_000_000},
	}}
	var out bytes.Buffer
	e := cli.New()
	e.Out = &out
	if err := handReceipt(e, "Corner shop", w); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"Corner shop", "CHF:20\n", "CHF:0.5\n", "CHF:20.5\n", "2023-11-14T22:13:20Z", w.WOPID.Text()[:8] + "\n", "pay-7", "https://exchange.example/"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is not on it:\n%s", part, out.String())
		}
	}
	if strings.Contains(out.String(), w.WOPID.Text()) {
		t.Error("the whole WOPID is on it")
	}
	out.Reset()
	free := w
	free.Fees = instrument.Amount{} // as a record keeps no fees
	if err := handReceipt(e, "Corner shop", free); err != nil || !strings.Contains(out.String(), "CHF:0\n") {
		t.Errorf("without fees: %v\n%s", err, out.String())
	}
	out.Reset()
	e.JSON = true
	if err := handReceipt(e, "Corner shop", w); err != nil || out.Len() != 0 {
		t.Errorf("for a script: %q, %v", out.String(), err)
	}
}

// TestTheCodeIsShownToWhoHasAccepted: nobody is to scan before they know what it
// costs; a withdrawal that is taken up again after that shows its code at once.
func TestTheCodeIsShownToWhoHasAccepted(t *testing.T) {
	const uri = "taler://withdraw/bank.example/taler-integration/WOPID"
	a := instrument.Amount{Currency: "CHF", Value: 20}
	setup := vendor.Event{Event: vendor.EventSetup, URI: uri, Amount: &a, Fees: &a, Total: &a}
	show := func(yes, json bool, setup vendor.Event) (before, after string) {
		t.Helper()
		var out, messages bytes.Buffer
		e := cli.New()
		e.In, e.Out, e.Err, e.JSON, e.NoInput = nil, &out, &messages, json, true
		s := &screen{env: e, yes: yes}
		s.Show(setup)
		before = out.String()
		if accepted, err := s.Accept(t.Context(), vendor.Quote{Amount: a, Fees: a, Total: a}); accepted != yes || (err == nil) != yes {
			t.Errorf("accepted: %t, %v", accepted, err)
		}
		return before, out.String()[len(before):]
	}
	if before, after := show(true, false, setup); strings.Contains(before, uri) || !strings.Contains(after, uri) {
		t.Errorf("accepted: %q, then %q", before, after)
	}
	if before, after := show(false, false, setup); strings.Contains(before+after, uri) {
		t.Errorf("not accepted: %q, then %q", before, after)
	}
	if before, after := show(true, true, setup); !strings.Contains(before, uri) || after != "" {
		t.Errorf("JSON: %q, then %q", before, after)
	}
	setup.Accepted = true
	if before, _ := show(true, false, setup); !strings.Contains(before, uri) {
		t.Errorf("taken up again: %q", before)
	}
}

// Whoever connects to the till's API has shown no token yet: there are so many places
// and no more.
func TestTheTillHasSoManyPlaces(t *testing.T) {
	port, err := tillPort(t.Context(), "127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = port.Close() })
	go func() {
		for {
			if _, err := port.Accept(); err != nil {
				return
			}
		}
	}()
	var last net.Conn
	for range tillPlaces + 1 {
		c, err := net.Dial("tcp", port.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		last = c
	}
	if _, err := last.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("one too many was not closed: %v", err)
	}
}
