package exchange_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

func TestEverySignatureInKeysIsGood(t *testing.T) {
	k := newWorld(t).keys()
	m := k.MasterPublicKey
	good := func(what string, signer crypto.EddsaPublicKey, message []byte, sig crypto.EddsaSignature) {
		t.Helper()
		if !signer.Verify(message, sig) {
			t.Errorf("the signature of %s is not good", what)
		}
	}
	for _, s := range k.SignKeys {
		good("the signing key", m, crypto.SigningKey{Start: s.StampStart, Expire: s.StampExpire, End: s.StampEnd, Key: s.Key}.Message(), s.MasterSig)
	}
	for _, a := range k.Accounts {
		message, err := crypto.Account{PaytoURI: string(a.PaytoURI), DebitRestrictions: a.DebitRestrictions, CreditRestrictions: a.CreditRestrictions}.Message()
		if err != nil {
			t.Fatal(err)
		}
		good("the account", m, message, a.MasterSig)
	}
	for method, fees := range k.WireFees {
		for _, f := range fees {
			good("the wire fee", m, crypto.WireFee{Method: method, Start: f.StartDate, End: f.EndDate, Wire: f.WireFee, Closing: f.ClosingFee}.Message(), f.Sig)
		}
	}
	for _, g := range k.GlobalFees {
		good("the global fee", m, crypto.GlobalFee{
			Start: g.StartDate, End: g.EndDate, PurseTimeout: g.PurseTimeout, HistoryExpiration: g.HistoryExpiration,
			History: g.HistoryFee, Account: g.AccountFee, Purse: g.PurseFee, PurseAccountLimit: g.PurseAccountLimit,
		}.Message(), g.MasterSig)
	}
	var sigs []crypto.EddsaSignature
	for _, g := range k.Denominations {
		for _, d := range g.Denoms {
			good("a denomination of "+g.Value.String(), m, crypto.Denomination{
				Master: m, Start: d.StampStart, ExpireWithdraw: d.StampExpireWithdraw, ExpireDeposit: d.StampExpireDeposit, ExpireLegal: d.StampExpireLegal,
				Value: g.Value, FeeWithdraw: g.FeeWithdraw, FeeDeposit: g.FeeDeposit, FeeRefresh: g.FeeRefresh, FeeRefund: g.FeeRefund,
				Denom: crypto.DenomHash(0, crypto.CipherRSA, d.RSAPub),
			}.Message(), d.MasterSig)
			sigs = append(sigs, d.MasterSig)
		}
	}
	good("the list", k.ExchangePub, crypto.DenominationList{Issued: k.ListIssueDate, MasterSigs: sigs}.Message(), k.ExchangeSig)
	if k.ExchangePub != k.SignKeys[0].Key || len(sigs) != 16 || len(k.Accounts) != 1 || len(k.WireFees["x-taler-bank"]) != 1 || len(k.GlobalFees) != 1 {
		t.Errorf("something is missing in %+v", k)
	}
}

func TestEachGroupListsAKeyThatIsNotValidYetBeforeTheValidOne(t *testing.T) {
	w := newWorld(t)
	now := taler.Timestamp(w.now.Load())
	for _, g := range w.keys().Denominations {
		if len(g.Denoms) != 2 || g.Denoms[0].StampStart <= now || g.Denoms[1].StampStart > now || g.Denoms[1].StampExpireWithdraw <= now {
			t.Errorf("group %s: %+v", g.Value, g.Denoms)
		}
		if g.Denoms[0].StampStart != g.Denoms[1].StampExpireWithdraw {
			t.Errorf("group %s: the keys do not follow each other", g.Value)
		}
	}
}

// shape replaces every value by its type, so that documents of other content can
// be compared. Of a list the first element stands for all.
func shape(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return shapeOf(v)
}

func shapeOf(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, x := range v {
			out[name] = shapeOf(x)
		}
		return out
	case []any:
		if len(v) == 0 {
			return []any{}
		}
		return []any{shapeOf(v[0])}
	case string:
		return "string"
	case float64:
		return "number"
	}
	return v
}

func recorded(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestDocumentsHaveTheMembersOfTheRealOnes(t *testing.T) {
	w := newWorld(t)
	for path, file := range map[string]string{"/keys": "exchange-keys.json", "/config": "exchange-config.json"} {
		t.Run(path, func(t *testing.T) {
			if diff := cmp.Diff(shape(t, recorded(t, file)), shape(t, w.get(path).body)); diff != "" {
				t.Errorf("real and ours differ:\n%s", diff)
			}
		})
	}
}

func TestConfigSaysThatItIsASandbox(t *testing.T) {
	a := newWorld(t).get("/config")
	var c taler.ExchangeConfig
	a.into(t, &c)
	if c.Name != "taler-exchange" || c.Version.String() != "23:0:6" || c.Currency != "CHF" || !strings.Contains(c.Implementation, "sandbox") {
		t.Errorf("config %+v", c)
	}
	if a.header.Get("Cache-Control") == "" || a.header.Get("Expires") == "" {
		t.Errorf("header %v", a.header)
	}
}

func TestKeysAreCached(t *testing.T) {
	w := newWorld(t)
	a := w.get("/keys")
	etag := a.header.Get("ETag")
	if want := crypto.H(a.body).String(); etag != want {
		t.Fatalf("ETag %s, want %s without quotes", etag, want)
	}
	expires, err := http.ParseTime(a.header.Get("Expires"))
	if err != nil || expires.Unix() != w.now.Load()+3600 {
		t.Errorf("Expires %v, %v", expires, err)
	}
	for name, c := range map[string]struct {
		tag    string
		status int
		length int
	}{
		"bare":   {etag, 304, 0},
		"quoted": {`"` + etag + `"`, 200, len(a.body)}, // as the real one
		"other":  {"X", 200, len(a.body)},
	} {
		t.Run(name, func(t *testing.T) {
			b := w.do(http.MethodGet, "/keys", http.Header{"If-None-Match": {c.tag}}, nil)
			if b.status != c.status || len(b.body) != c.length || b.header.Get("ETag") != etag {
				t.Errorf("%d with %d bytes, %v", b.status, len(b.body), b.header)
			}
		})
	}
}

func TestTheBaseURLIsTheOneOfInitOrWhereItListens(t *testing.T) {
	w := newWorld(t)
	before := w.keys()
	if want := w.server.URL + "/"; before.BaseURL != want {
		t.Errorf("base URL %s, want %s", before.BaseURL, want)
	}
	w.down()
	w.up()
	after := w.keys()
	if want := w.server.URL + "/"; after.BaseURL != want {
		t.Errorf("after a restart the base URL is %s, want %s", after.BaseURL, want)
	}
	after.BaseURL = before.BaseURL
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("after a restart more than the address is another:\n%s", diff)
	}
}

func TestInitRefusesWhatCannotBe(t *testing.T) {
	clock := func() time.Time { return born }
	for name, c := range map[string]struct {
		o    exchange.InitOptions
		want string
	}{
		"no currency":         {exchange.InitOptions{Clock: clock}, "amount-malformed"},
		"account malformed":   {exchange.InitOptions{Clock: clock, Currency: "CHF", Account: "CH93"}, "payto-malformed"},
		"account of nobody":   {exchange.InitOptions{Clock: clock, Currency: "CHF", Account: "payto://x-taler-bank/localhost/x"}, "payto-malformed"},
		"url malformed":       {exchange.InitOptions{Clock: clock, Currency: "CHF", URL: "exchange"}, "address-refused"},
		"protocol of others":  {exchange.InitOptions{Clock: clock, Currency: "CHF", Protocol: 24}, "protocol-unsupported"},
		"closed before":       {exchange.InitOptions{Clock: clock, Currency: "CHF", CloseAfter: -time.Hour}, "duration-malformed"},
		"fee in foreign coin": {exchange.InitOptions{Clock: clock, Currency: "CHF", WithdrawFee: amount(t, "EUR:1")}, "currency-differs"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := exchange.Init(t.Context(), dir, c.o)
			if reasonOf(err) != c.want {
				t.Errorf("err = %v", err)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("it left %v", left)
			}
		})
	}
}

func TestAnExchangeIsMadeOnce(t *testing.T) {
	w := newWorld(t)
	w.down()
	_, err := exchange.Init(t.Context(), w.dir, exchange.InitOptions{Currency: "CHF", Clock: func() time.Time { return born }})
	if reasonOf(err) != "already-initialised" {
		t.Errorf("err = %v", err)
	}
	if _, err := exchange.Open(t.TempDir(), exchange.Options{Clock: func() time.Time { return born }}); reasonOf(err) != "not-initialised" {
		t.Errorf("of an empty folder: %v", err)
	}
}

func TestInitTakesAURLAndAnAccount(t *testing.T) {
	dir := t.TempDir()
	clock := func() time.Time { return born }
	account := taler.Payto("payto://iban/CH9300762011623852957?receiver-name=Sandbox%20Exchange")
	info, err := exchange.Init(t.Context(), dir, exchange.InitOptions{
		Currency: "KUDOS", URL: "https://exchange.example/x", Account: account, Clock: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, dir: dir, waits: make(chan time.Duration, 10), fire: make(chan time.Time)}
	w.now.Store(born.Unix())
	w.up()
	k := w.keys()
	if k.BaseURL != "https://exchange.example/x/" || k.Accounts[0].PaytoURI != account || len(k.WireFees["iban"]) != 1 || k.Currency != "KUDOS" {
		t.Errorf("keys %+v", k)
	}
	if info.MasterPub != k.MasterPublicKey || info.URL != k.BaseURL || info.Protocol != 23 {
		t.Errorf("info %+v", info)
	}
	var of []string
	for _, g := range k.Denominations {
		of = append(of, g.Value.String())
		if !g.FeeWithdraw.IsZero() {
			t.Errorf("%s costs %s", g.Value, g.FeeWithdraw)
		}
	}
	if !slices.Contains(of, "KUDOS:0.01") || !slices.Contains(of, "KUDOS:10") {
		t.Errorf("values %v", of)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if stat, err := f.Info(); err != nil || stat.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), stat.Mode(), err)
		}
	}
}
