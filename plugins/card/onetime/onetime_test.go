package onetime_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
	"github.com/swaperoo/swaperoo/plugins/card/onetime"
)

const secretByte = 'K'

func card(t testing.TB) onetime.Card {
	t.Helper()
	key, err := onetime.NewKey([]byte(strings.Repeat(string(secretByte), onetime.KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	return onetime.Card{Account: "acct-1", Brand: "Sandbox Card", Last4: "4242", Key: key}
}

var amount = instrumenttest.Amount

func authorise(t testing.TB) onetime.Authorisation {
	t.Helper()
	a, err := onetime.Authorise(card(t), 7, "merchant-key", amount(t, "CHF:20.5"), "WOPID-1", "wallet-key")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestATokenReadsBackAndVerifies(t *testing.T) {
	a := authorise(t)
	token := a.Token()
	if strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
		t.Errorf("%s is not URL-safe", token)
	}
	back, err := onetime.ParseToken(token)
	if err != nil {
		t.Fatal(err)
	}
	if back != a || !back.Verify(card(t).Key) {
		t.Errorf("read back %+v, want %+v, verified", back, a)
	}
}

func TestTheMACIsOfAKnownValue(t *testing.T) {
	// Computed once with another program (Python's hmac over the length-prefixed
	// fields), so that no change of the encoding goes unnoticed.
	const want = "ota2.AAZhY2N0LTEAAAAAAAAABwAMbWVyY2hhbnQta2V5AAhDSEY6MjAuNQAHV09QSUQtMQAKd2FsbGV0LWtleZD1luPW50XRNdvoHdvxDkvQT91A0ryKwfQeQvTTT26W"
	got := authorise(t).Token()
	if got != want {
		t.Errorf("token = %s, want %s", got, want)
	}
}

func TestEveryChangedFieldIsRefused(t *testing.T) {
	other, err := onetime.NewKey(make([]byte, onetime.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*onetime.Authorisation){
		"account":   func(a *onetime.Authorisation) { a.Account = "acct-2" },
		"counter":   func(a *onetime.Authorisation) { a.Counter++ },
		"merchant":  func(a *onetime.Authorisation) { a.Merchant += "x" },
		"amount":    func(a *onetime.Authorisation) { a.Amount.Value++ },
		"currency":  func(a *onetime.Authorisation) { a.Amount.Currency = "EUR" },
		"reference": func(a *onetime.Authorisation) { a.Reference = "WOPID-2" },
		"payer":     func(a *onetime.Authorisation) { a.Payer = "other-key" },
		"MAC":       func(a *onetime.Authorisation) { a.MAC[31] ^= 1 },
		"a letter moved between two fields": func(a *onetime.Authorisation) {
			a.Account, a.Merchant = a.Account+"m", a.Merchant[1:]
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := authorise(t)
			change(&a)
			if a.Verify(card(t).Key) {
				t.Error("the changed authorisation verifies")
			}
		})
	}
	if authorise(t).Verify(other) {
		t.Error("another card's key verifies it")
	}
	if authorise(t).Verify(onetime.Key{}) {
		t.Error("no key at all verifies it")
	}
}

func TestImpossiblePartsAreNotAuthorised(t *testing.T) {
	good := card(t)
	wiped := card(t)
	wiped.Key.Wipe()
	for name, c := range map[string]struct {
		card      onetime.Card
		counter   uint64
		merchant  string
		amount    string
		reference string
		payer     string
	}{
		"counter 0":           {good, 0, "m", "CHF:1", "r", "p"},
		"no merchant":         {good, 1, "", "CHF:1", "r", "p"},
		"merchant too long":   {good, 1, strings.Repeat("m", 257), "CHF:1", "r", "p"},
		"no reference":        {good, 1, "m", "CHF:1", "", "p"},
		"reference with line": {good, 1, "m", "CHF:1", "a\nb", "p"},
		"amount of nothing":   {good, 1, "m", "CHF:0", "r", "p"},
		"no payer":            {good, 1, "m", "CHF:1", "r", ""},
		"payer too long":      {good, 1, "m", "CHF:1", "r", strings.Repeat("p", 65)},
		"card without key":    {wiped, 1, "m", "CHF:1", "r", "p"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := onetime.Authorise(c.card, c.counter, c.merchant, amount(t, c.amount), c.reference, c.payer)
			if !errors.Is(err, fault.Invalid) {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestForeignTokensAreRefused(t *testing.T) {
	good := authorise(t).Token()
	for name, text := range map[string]string{
		"empty":             "",
		"a word":            "approved",
		"prefix only":       onetime.TokenPrefix,
		"other prefix":      "ota1." + good[5:],
		"cut":               good[:len(good)-4],
		"longer":            good + "AAAA",
		"padding":           good + "=",
		"line end inside":   good[:20] + "\n" + good[20:],
		"too long":          good + strings.Repeat("A", 2000),
		"length over end":   onetime.TokenPrefix + base64.RawURLEncoding.EncodeToString([]byte{0xff, 0xff, 'a'}),
		"amount respelled":  respelled(t, "CHF:20.50"),
		"amount of nothing": respelled(t, "CHF:0"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := onetime.ParseToken(text); fault.ReasonOf(err) != onetime.ReasonAuthorisationMalformed {
				t.Errorf("err = %v", err)
			}
		})
	}
}

// respelled is a token with another text for its amount.
func respelled(t *testing.T, text string) string {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(authorise(t).Token(), onetime.TokenPrefix))
	if err != nil {
		t.Fatal(err)
	}
	old := "\x00\x08CHF:20.5"
	if !strings.Contains(string(data), old) {
		t.Fatal("the amount is not where it was")
	}
	changed := strings.Replace(string(data), old, "\x00"+string(rune(len(text)))+text, 1)
	return onetime.TokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(changed))
}

func TestACardFileSaysWhatTheCardIs(t *testing.T) {
	text, err := card(t).File()
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]string
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"account": "acct-1", "brand": "Sandbox Card", "last4": "4242", "key": base64.RawURLEncoding.EncodeToString(card(t).Key.Bytes()),
	}
	if !maps.Equal(members, want) {
		t.Errorf("the file has the members %v", members)
	}
}

func TestImpossibleCardsHaveNoFile(t *testing.T) {
	for name, change := range map[string]func(*onetime.Card){
		"no account":             func(c *onetime.Card) { c.Account = "" },
		"blank in account":       func(c *onetime.Card) { c.Account = "a b" },
		"control in account":     func(c *onetime.Card) { c.Account = "a\x1b" },
		"account too long":       func(c *onetime.Card) { c.Account = strings.Repeat("a", 65) },
		"no brand":               func(c *onetime.Card) { c.Brand = "" },
		"brand that is no UTF-8": func(c *onetime.Card) { c.Brand = "\xff" },
		"last4 too long":         func(c *onetime.Card) { c.Last4 = "41111111" },
		"last4 of letters":       func(c *onetime.Card) { c.Last4 = "abcd" },
		"no key":                 func(c *onetime.Card) { c.Key = onetime.Key{} },
	} {
		t.Run(name, func(t *testing.T) {
			c := card(t)
			change(&c)
			_, err := c.File()
			if fault.ReasonOf(err) != onetime.ReasonCardMalformed || fault.From(err).Hint == "" {
				t.Errorf("err = %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "4111") {
				t.Errorf("the error repeats the card: %v", err)
			}
		})
	}
}

func TestTheKeyDoesNotPrint(t *testing.T) {
	c := card(t)
	inside := struct{ c onetime.Card }{c}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{c, &c, c.Key, inside} {
			got := fmt.Sprintf(verb, v)
			if strings.Contains(got, "KKKK") || strings.Contains(got, "4b4b") || strings.Contains(got, "75 75") || strings.Contains(got, "0x4b") {
				t.Errorf("%s of %T prints the key: %s", verb, v, got)
			}
		}
	}
	if text, err := json.Marshal(c); err == nil {
		t.Errorf("a card is marshalled as %s", text)
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(authorise(f).Token())
	f.Add(onetime.TokenPrefix)
	f.Add("approved")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := onetime.ParseToken(text)
		if err == nil && a.Token() != text {
			t.Errorf("%q reads back as %q", text, a.Token())
		}
	})
}
