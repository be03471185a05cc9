package taler_test

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

func TestKeysAreVerifiedAndKept(t *testing.T) {
	w := readyWallet(t)
	s := w.state()
	if w.View(t, w.exchange).Status != wire.ExchangeActive || s.Currency != "CHF" || s.MasterPub != w.mint.master.Public() {
		t.Errorf("kept %+v", s)
	}
	if len(s.Denominations) != 3 || len(s.Accounts) != 1 || s.KeysAt == 0 || s.KeysExpire <= s.KeysAt || s.URL != w.mint.URL+"/" {
		t.Errorf("kept %d denominations, %d accounts", len(s.Denominations), len(s.Accounts))
	}
	if s.Account([]string{"x-taler-bank", "iban"}, "") != exchangePayto || s.Account([]string{"void"}, "") != "" {
		t.Error("the account for a bank is not found")
	}
}

// One wrong byte anywhere refuses the whole document, says of which object it is,
// and nothing of it is kept.
func TestForgedKeysAreRefused(t *testing.T) {
	mallory := eddsaKey()
	const forged = "exchange-signature-invalid"
	for _, row := range []struct {
		name   string
		forge  func(*wire.Keys)
		reason fault.Reason
		object string // in what the person reads
	}{
		{"a denomination's value", func(k *wire.Keys) { k.Denominations[0].Value = amount("CHF:11") }, forged, "the denomination CHF:11"},
		{"a denomination's fee", func(k *wire.Keys) { k.Denominations[1].FeeWithdraw = amount("CHF:0") }, forged, "the denomination CHF:2"},
		{"a denomination's deposit fee", func(k *wire.Keys) { k.Denominations[1].FeeDeposit = amount("CHF:0") }, forged, "the denomination CHF:2"},
		{"a denomination's refresh fee", func(k *wire.Keys) { k.Denominations[1].FeeRefresh = amount("CHF:0") }, forged, "the denomination CHF:2"},
		{"a denomination's refund fee", func(k *wire.Keys) { k.Denominations[1].FeeRefund = amount("CHF:0") }, forged, "the denomination CHF:2"},
		{"a denomination's start", func(k *wire.Keys) { k.Denominations[0].Denoms[0].StampStart++ }, forged, "the denomination CHF:10"},
		{"a denomination's end", func(k *wire.Keys) { k.Denominations[0].Denoms[0].StampExpireWithdraw++ }, forged, "the denomination CHF:10"},
		{"a denomination's deposit time", func(k *wire.Keys) { k.Denominations[0].Denoms[0].StampExpireDeposit++ }, forged, "the denomination CHF:10"},
		{"a denomination's legal time", func(k *wire.Keys) { k.Denominations[0].Denoms[0].StampExpireLegal++ }, forged, "the denomination CHF:10"},
		{"a denomination's key", func(k *wire.Keys) { k.Denominations[0].Denoms[0].RSAPub = rsaKeys()[3].Public().Encode() }, forged, "the denomination CHF:10"},
		{"a denomination's signature", func(k *wire.Keys) { k.Denominations[0].Denoms[0].MasterSig[0] ^= 1 }, forged, "the list of denominations"},
		{"the order of denominations", func(k *wire.Keys) {
			k.Denominations[0], k.Denominations[1] = k.Denominations[1], k.Denominations[0]
		}, forged, "the list of denominations"},
		{"a missing denomination", func(k *wire.Keys) { k.Denominations = k.Denominations[1:] }, forged, "the list of denominations"},
		{"the time of the list", func(k *wire.Keys) { k.ListIssueDate++ }, forged, "the list of denominations"},
		{"the signature of the list", func(k *wire.Keys) { k.ExchangeSig[40] ^= 1 }, forged, "the list of denominations"},
		{"an account", func(k *wire.Keys) { k.Accounts[0].PaytoURI += "2" }, forged, "the bank account payto://"},
		{"an account's conversion", func(k *wire.Keys) { k.Accounts[0].ConversionURL = "https://mallory.example/" }, forged, "the bank account payto://"},
		{"an account's restrictions", func(k *wire.Keys) { k.Accounts[0].CreditRestrictions = json.RawMessage(`[{"type":"deny"}]`) }, forged, "the bank account payto://"},
		{"a wire fee", func(k *wire.Keys) { k.WireFees["iban"][0].WireFee = amount("CHF:9") }, forged, `the wire fee of "iban"`},
		{"a closing fee", func(k *wire.Keys) { k.WireFees["iban"][0].ClosingFee = amount("CHF:9") }, forged, `the wire fee of "iban"`},
		{"a wire fee's time", func(k *wire.Keys) { k.WireFees["iban"][0].EndDate++ }, forged, `the wire fee of "iban"`},
		{"a wire fee's method", func(k *wire.Keys) { k.WireFees["void"] = k.WireFees["iban"] }, forged, `the wire fee of "void"`},
		{"a global fee", func(k *wire.Keys) { k.GlobalFees[0].HistoryFee = amount("CHF:9") }, forged, "the global fee"},
		{"a global limit", func(k *wire.Keys) { k.GlobalFees[0].PurseAccountLimit++ }, forged, "the global fee"},
		{"a global time", func(k *wire.Keys) { k.GlobalFees[0].PurseTimeout++ }, forged, "the global fee"},
		{"the extensions", func(k *wire.Keys) {
			k.Extensions = json.RawMessage(`{"age_restriction":{"critical":true,"version":"1"}}`)
		}, forged, "the extensions"},
		{"an auditor's signature", func(k *wire.Keys) { k.Auditors[0].DenominationKeys[0].AuditorSig[3] ^= 1 }, forged, "the auditor https://auditor.example/"},
		{"an auditor's address", func(k *wire.Keys) { k.Auditors[0].AuditorURL = "https://mallory.example/" }, forged, "the auditor https://mallory.example/"},
		{"an auditor's denomination", func(k *wire.Keys) {
			k.Auditors[0].DenominationKeys[0].DenomPubHash = denomHash(k.Denominations[1], k.Denominations[1].Denoms[0])
		}, forged, "the auditor"},
		{"an auditor's key", func(k *wire.Keys) { k.Auditors[0].AuditorPub = mallory.Public() }, forged, "the auditor"},
		{"a signing key's time", func(k *wire.Keys) { k.SignKeys[0].StampExpire++ }, forged, "the online signing key"},
		{"a signing key of nobody", func(k *wire.Keys) { k.ExchangePub = mallory.Public() }, forged, "that signs the list"},
		{"no signing key", func(k *wire.Keys) { k.SignKeys = nil }, forged, "that signs the list"},
		{"another master key", func(k *wire.Keys) { k.MasterPublicKey = mallory.Public() }, forged, "the online signing key"},
		{"a fee in another currency", func(k *wire.Keys) { k.Denominations[0].FeeRefund = amount("EUR:0.01") }, wire.ReasonCurrencyMismatch, "a denomination"},
		{"a wire fee in another currency", func(k *wire.Keys) { k.WireFees["iban"][0].WireFee = amount("EUR:0.01") }, wire.ReasonCurrencyMismatch, "a wire fee"},
		{"a global fee in another currency", func(k *wire.Keys) { k.GlobalFees[0].PurseFee = amount("EUR:0.01") }, wire.ReasonCurrencyMismatch, "a global fee"},
		{"a limit in another currency", func(k *wire.Keys) {
			k.HardLimits = []wire.HardLimit{{OperationType: wire.LimitWithdraw, Threshold: amount("EUR:100")}}
		}, wire.ReasonCurrencyMismatch, "a limit"},
		{"another currency", func(k *wire.Keys) { k.Currency = "EUR" }, wire.ReasonCurrencyMismatch, "currencies"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := openWallet(t)
			w.mint.with(func() { row.forge(&w.mint.keys) })
			_, err := w.do("taler.exchange", "REFRESH", w.exchange, nil)
			if fault.ReasonOf(err) != row.reason || !strings.Contains(fault.From(err).Message, row.object) {
				t.Errorf("got %v (%s), want %s about %s", err, fault.ReasonOf(err), row.reason, row.object)
			}
			if s := w.state(); w.View(t, w.exchange).Status != wire.ExchangeNew || len(s.Denominations) != 0 || !s.MasterPub.IsZero() {
				t.Error("something of it was kept")
			}
		})
	}
}

// A document that has not changed is not sent again, and one that has is verified.
func TestKeysThatAreKnownAreNotReadAgain(t *testing.T) {
	w := readyWallet(t)
	sent := w.mint.times("/keys")
	refresh := func() error {
		_, err := w.do("taler.exchange", "REFRESH", w.exchange, nil)
		return err
	}
	w.mint.with(func() { w.mint.unchanged = 0 })
	before := w.state()
	if err := refresh(); err != nil || w.mint.unchanged != 1 || w.mint.times("/keys") != sent+1 {
		t.Errorf("asked %d times, %d of them in vain: %v", w.mint.times("/keys")-sent, w.mint.unchanged, err)
	}
	if after := w.state(); len(after.Denominations) != len(before.Denominations) || after.MasterPub != before.MasterPub || after.KeysTag == "" {
		t.Error("something was forgotten")
	}
	w.mint.with(func() { w.mint.keys.Denominations = w.mint.keys.Denominations[1:] })
	if fault.ReasonOf(refresh()) != "exchange-signature-invalid" {
		t.Error("a changed document was not verified")
	}
	w.mint.with(func() { w.mint.sign() })
	if err := refresh(); err != nil || len(w.state().Denominations) != 2 {
		t.Errorf("a changed document was not read: %v", err)
	}
}

func TestAMasterKeyIsPinned(t *testing.T) {
	w := readyWallet(t)
	before := w.state()
	w.mint.with(func() { // everything else is in order
		w.mint.master = eddsaKey()
		w.mint.keys.MasterPublicKey = w.mint.master.Public()
		w.mint.sign()
	})
	_, err := w.do("taler.exchange", "REFRESH", w.exchange, nil)
	wantFault(t, err, fault.Denied, "master-key-changed")
	if w.state().MasterPub != before.MasterPub {
		t.Error("the pin is gone")
	}
	if s := w.state(); w.View(t, w.exchange).Status != wire.ExchangeAlarm || s.Shown != w.mint.master.Public() || len(s.Denominations) != len(before.Denominations) || s.Denominations[0].DenomPubHash != before.Denominations[0].DenomPubHash {
		t.Errorf("the alarm is %s about %s", w.View(t, w.exchange).Status, s.Shown)
	}
	_, err = w.batch("PREPARE", "", wire.PrepareArgs{Exchange: w.exchange, Amount: amount("CHF:5"), Account: exchangePayto})
	wantFault(t, err, fault.Conflict, "exchange-not-ready")
	err = w.Instruments.Update(t.Context(), func(d *instrument.Draft) error {
		i, err := d.Get(w.exchange)
		if err != nil {
			return err
		}
		s := before
		s.MasterPub = w.mint.master.Public()
		if err := i.Encode(s); err != nil {
			return err
		}
		return d.Put(i)
	})
	wantFault(t, err, fault.Denied, "master-key-changed")
}

// TestAnAlarmEnds when the exchange shows the trusted key again, in a document that
// is read and verified; or when a person trusts the other one.
func TestAnAlarmEnds(t *testing.T) {
	w := readyWallet(t)
	refresh := func(args any) error {
		_, err := w.do("taler.exchange", "REFRESH", w.exchange, args)
		return err
	}
	r := w.prepare("CHF:12", "CHF:12")
	first, second := w.mint.master, eddsaKey()
	becomes := func(key crypto.EddsaPrivateKey) {
		w.mint.with(func() {
			w.mint.master, w.mint.keys.MasterPublicKey = key, key.Public()
			w.mint.sign()
		})
	}
	becomes(second)
	wantFault(t, refresh(nil), fault.Denied, "master-key-changed")
	w.mint.with(func() { // who only says that nothing has changed ends no alarm
		w.mint.intercept = func(rw http.ResponseWriter, r *http.Request) bool {
			lies := r.URL.Path == "/keys" && r.Header.Get("If-None-Match") != ""
			if lies {
				rw.WriteHeader(http.StatusNotModified)
			}
			return lies
		}
	})
	wantFault(t, refresh(nil), fault.Denied, "master-key-changed")
	becomes(first)
	if err := refresh(nil); err != nil || w.View(t, w.exchange).Status != wire.ExchangeActive || !w.state().Shown.IsZero() {
		t.Fatalf("the trusted key is back: %v, %s", err, w.View(t, w.exchange).Status)
	}
	if _, err := w.do("taler.exchange", "ACCEPT", w.exchange, wire.AcceptArgs{Version: "1"}); err != nil {
		t.Fatal(err)
	}

	wantFault(t, refresh(wire.RefreshArgs{MasterPub: second.Public()}), fault.Denied, "master-key-differs")
	if s := w.state(); w.View(t, w.exchange).Status != wire.ExchangeActive || s.MasterPub != first.Public() {
		t.Errorf("a key that the exchange does not show was taken: %s", s.MasterPub)
	}
	becomes(second)
	if err := refresh(wire.RefreshArgs{MasterPub: second.Public()}); err != nil {
		t.Fatal(err)
	}
	if s := w.state(); w.View(t, w.exchange).Status != wire.ExchangeActive || s.MasterPub != second.Public() || len(s.Former) != 1 || s.Former[0] != first.Public() || s.Terms.AcceptedVersion != "" {
		t.Errorf("it is %+v", s)
	}
	result, err := w.batch("WITHDRAW", r.Reserve, nil) // of a reserve from before
	if valueOf[wire.WithdrawResult](t, result, err); w.coins()[0].MasterPub != second.Public() {
		t.Errorf("a coin says that it was made under %s", w.coins()[0].MasterPub)
	}
}

func TestExchangesThatCannotBeDealtWith(t *testing.T) {
	for _, row := range []struct {
		name   string
		config func(*wire.ExchangeConfig)
		kind   fault.Kind
		reason fault.Reason
	}{
		{"too new", func(c *wire.ExchangeConfig) { c.Version = wire.Version{Current: 40, Age: 3} }, fault.Unsupported, wire.ReasonVersionIncompatible},
		{"too old", func(c *wire.ExchangeConfig) { c.Version = wire.Version{Current: 14} }, fault.Unsupported, wire.ReasonVersionIncompatible},
		{"a bank", func(c *wire.ExchangeConfig) { c.Name = wire.WireGatewayName }, fault.Invalid, wire.ReasonAnswerMalformed},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := openWallet(t)
			w.mint.with(func() { row.config(&w.mint.config) })
			_, err := w.do("taler.exchange", "REFRESH", w.exchange, nil)
			wantFault(t, err, row.kind, row.reason)
		})
	}
	for name, body := range map[string]string{"nothing": "", "null": "null", "a page": "<html>", "a list": "[]", "an old version": `{"version":"x"}`} {
		t.Run("answers "+name, func(t *testing.T) {
			w := openWallet(t)
			w.mint.always(http.MethodGet, 200, body)
			_, err := w.do("taler.exchange", "REFRESH", w.exchange, nil)
			wantFault(t, err, fault.Invalid, wire.ReasonAnswerMalformed)
		})
	}
	t.Run("is not there", func(t *testing.T) {
		w := openWallet(t)
		w.mint.Close()
		if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("got %v", err)
		}
	})
}

// Listed is not usable: nothing is withdrawn with a denomination that is revoked,
// lost, of another cipher or weak.
func TestDenominationsThatAreNotUsed(t *testing.T) {
	for name, change := range map[string]func(*mint){
		"revoked": func(m *mint) {
			g := m.keys.Denominations[0]
			m.keys.Recoup = []wire.Recoup{{HDenomPub: denomHash(g, g.Denoms[0])}}
		},
		"lost": func(m *mint) { m.keys.Denominations[0].Denoms[0].Lost = true },
		"age restricted": func(m *mint) {
			m.keys.Denominations[0].Cipher, m.keys.Denominations[0].AgeMask = "RSA+age_restricted", 7
		},
		"Clause-Schnorr": func(m *mint) {
			m.keys.Denominations[0].Cipher = wire.CipherCS
			m.keys.Denominations[0].Denoms[0].CSPub, m.keys.Denominations[0].Denoms[0].RSAPub = make([]byte, 32), nil
		},
		"of the future": func(m *mint) { m.keys.Denominations[0].Cipher = "LATTICE" },
		"of a modulus with a small divisor": func(m *mint) {
			prime, err := rand.Prime(rand.Reader, 2046)
			if err != nil {
				panic(err)
			}
			key := binary.BigEndian.AppendUint16(nil, 256)
			key = append(binary.BigEndian.AppendUint16(key, 3), prime.Mul(prime, big.NewInt(3)).FillBytes(make([]byte, 256))...)
			m.keys.Denominations[0].Denoms[0].RSAPub = append(key, 1, 0, 1)
		},
		"of too short a modulus": func(m *mint) { m.keys.Denominations[0].Denoms[0].RSAPub = shortKey(t) },
		"of no value": func(m *mint) {
			m.keys.Denominations[0].Value, m.keys.Denominations[0].FeeWithdraw = amount("CHF:0"), amount("CHF:0")
		},
		"no key at all": func(m *mint) { m.keys.Denominations[0].Denoms[0].RSAPub = []byte{1, 2, 3} },
	} {
		t.Run(name, func(t *testing.T) {
			w := openWallet(t)
			w.mint.with(func() { change(w.mint); w.mint.sign() })
			if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
				t.Fatal(err)
			}
			if n := len(w.state().Denominations); n != 2 {
				t.Errorf("%d denominations are usable", n)
			}
		})
	}
	for name, change := range map[string]func(*wire.DenominationKey, wire.Timestamp){
		"not begun":             func(d *wire.DenominationKey, now wire.Timestamp) { d.StampStart = now + 3600 },
		"about to end":          func(d *wire.DenominationKey, now wire.Timestamp) { d.StampExpireWithdraw = now + 60 },
		"not taken any more":    func(d *wire.DenominationKey, now wire.Timestamp) { d.StampExpireDeposit = now - 60 },
		"hardly taken any more": func(d *wire.DenominationKey, now wire.Timestamp) { d.StampExpireDeposit = now + 60 },
		"ended":                 func(d *wire.DenominationKey, now wire.Timestamp) { d.StampExpireWithdraw = now - 60 },
	} {
		t.Run(name, func(t *testing.T) {
			w := openWallet(t)
			w.mint.with(func() { change(&w.mint.keys.Denominations[0].Denoms[0], w.mint.keys.ListIssueDate); w.mint.sign() })
			if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
				t.Fatal(err)
			}
			result, err := w.batch("PREVIEW", "", wire.PreviewArgs{Exchange: w.exchange, Amount: amount("CHF:10.01")})
			for _, d := range valueOf[wire.PreviewResult](t, result, err).Denominations {
				if d.Value == amount("CHF:10") {
					t.Error("the denomination is used")
				}
			}
		})
	}
}

func TestAddressesThatAreNoExchange(t *testing.T) {
	w := openWallet(t)
	for name, url := range map[string]string{
		"no slash": "https://exchange.example", "a file": "file:///etc/", "a user": "https://me@exchange.example/",
		"a query": "https://exchange.example/?x", "nothing": "", "no URL": "://",
	} {
		t.Run(name, func(t *testing.T) {
			err := w.Instruments.Update(t.Context(), func(d *instrument.Draft) error {
				_, err := d.Create(instrument.Instance{Class: "taler-exchange", Owner: "x", Status: wire.ExchangeNew, State: fmt.Appendf(nil, `{"url":%q}`, url)})
				return err
			})
			if fault.ReasonOf(err) != wire.ReasonAddressRefused {
				t.Errorf("got %v", err)
			}
		})
	}
}
