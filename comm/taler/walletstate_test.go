package taler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/crypto/masked"
)

// A secret in the state of an instance must not come out by an accident.
func TestAStoredSecretIsShownNowhere(t *testing.T) {
	secret := StoredSecret(bytes.Repeat([]byte{0xA5}, 32))
	text, err := secret.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	holder := struct{ Priv StoredSecret }{secret}
	var log bytes.Buffer
	timeless := slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { // a time may have any digits
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	slog.New(slog.NewJSONHandler(&log, &timeless)).Info("made", "secret", secret, "in", fmt.Sprint(holder))
	shown := map[string]string{"the log": log.String(), "String": secret.String(), "GoString": secret.GoString()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10v"} {
		shown[verb] = fmt.Sprintf(verb, secret) + fmt.Sprintf(verb, holder) + fmt.Sprintf(verb, &holder)
	}
	for how, out := range shown {
		for _, leak := range []string{string(text), "a5a5", "A5A5", "165", "\xa5"} {
			if strings.Contains(out, leak) {
				t.Errorf("%s shows %q", how, out)
			}
		}
		if !strings.Contains(out, masked.Shown) {
			t.Errorf("%s shows %q instead of a mask", how, out)
		}
	}
}

func TestAStoredSecretIsReadBack(t *testing.T) {
	secret := StoredSecret(bytes.Repeat([]byte{7}, 32))
	text, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	var back StoredSecret
	if err := json.Unmarshal(text, &back); err != nil || back != secret || back.IsZero() || !(StoredSecret{}).IsZero() {
		t.Errorf("%v", err)
	}
	if _, err := back.Seed(); err != nil {
		t.Error(err)
	}
	priv, err := back.EddsaPrivateKey()
	if err != nil || priv.Public().IsZero() {
		t.Error(err)
	}
	for name, bad := range map[string]string{"too short": `"00"`, "too long": `"` + zeros(54) + `"`, "another alphabet": `"` + strings.Repeat("!", 52) + `"`, "empty": `""`} {
		s := secret
		if err := json.Unmarshal([]byte(bad), &s); err == nil || s != secret || len(bad) > 4 && strings.Contains(err.Error(), strings.Trim(bad, `"`)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What terminal and wallet show must be the same, and differ for another wallet.
func TestKeyGroupsAreWhatPeopleCompare(t *testing.T) {
	key := mustKey(t, someKey)
	got := KeyGroups(key)
	if strings.ReplaceAll(got, "-", "") != someKey[:16] || len(strings.Split(got, "-")) != 4 {
		t.Errorf("%q of %q", got, someKey)
	}
	for n := range 10 { // the bits that are shown
		other := key
		other[n] ^= 0x80
		if KeyGroups(other) == got {
			t.Errorf("a key that differs in byte %d looks alike", n)
		}
	}
}

func TestTheAccountOfAnExchange(t *testing.T) {
	iban, other, xtb := Payto("payto://iban/CH9300762011623852957?receiver-name=Exchange"), Payto("payto://iban/DE89370400440532013000?receiver-name=Exchange"), Payto("payto://x-taler-bank/localhost/exchange")
	e := ExchangeState{Accounts: []ExchangeAccount{{PaytoURI: xtb}, {PaytoURI: iban}, {PaytoURI: other}}}
	for _, row := range []struct {
		name  string
		wires []string
		want  Payto
	}{
		{"the only kind", []string{"iban"}, iban},
		{"the bank's order counts", []string{"iban", "x-taler-bank"}, iban},
		{"the other order", []string{"x-taler-bank", "iban"}, xtb},
		{"the second choice", []string{"bitcoin", "x-taler-bank"}, xtb},
		{"nothing in common", []string{"bitcoin"}, ""},
		{"a bank that pays nowhere", nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := e.Account(row.wires, ""); got != row.want {
				t.Errorf("%q", got)
			}
		})
	}
	for name, row := range map[string]struct {
		account Payto
		has     bool
	}{
		"its own":                    {iban, true},
		"its own under another name": {"payto://iban/CH9300762011623852957?receiver-name=Else", true},
		"its own in groups":          {"payto://iban/ch9300762011623852957", true},
		"somebody else's":            {"payto://iban/CH5604835012345678009?receiver-name=Exchange", false},
		"none":                       {"", false},
	} {
		if got := e.HasAccount(row.account); got != row.has {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A terminal takes a payment only from the wallet whose reserve was selected.
func TestAProofIsOfThisReserveForThisMessage(t *testing.T) {
	mine, err := StoredSecret(bytes.Repeat([]byte{1}, 32)).EddsaPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	other, err := StoredSecret(bytes.Repeat([]byte{2}, 32)).EddsaPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("pay CHF:20")
	good := mine.Sign(ReserveProof(message))
	bare := mine.Sign(message)
	foreign := other.Sign(ReserveProof(message))
	for _, row := range []struct {
		name      string
		message   []byte
		signature []byte
		want      bool
	}{
		{"its own", message, good[:], true},
		{"another message", []byte("pay CHF:21"), good[:], false},
		{"another wallet's", message, foreign[:], false},
		{"signed as something else", message, bare[:], false},
		{"cut short", message, good[:63], false},
		{"too long", message, append(good[:], 0), false},
		{"none", message, nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := VerifyReserveProof(mine.Public(), row.message, row.signature); got != row.want {
				t.Errorf("taken: %v", got)
			}
		})
	}
}

// The bank's controller adds to the arguments what must not come from a peer.
func TestWhatCrossesTheWireIsTheRequestAlone(t *testing.T) {
	a := SelectArgs{WOPID: someWOPID(t).ID(), ReservePub: mustKey(t, someKey), SelectedExchange: somePayto, MinAmount: mustAmount(t, "CHF:1"), NoAmountToWallet: true}
	for name, v := range map[string]any{
		"selection": a.Request(), "notice": ConfirmArgs{WOPID: someWOPID(t), ProviderTransactionID: "7"}.Request(),
	} {
		text, err := json.Marshal(v)
		if err != nil || strings.Contains(string(text), "wopid") || strings.Contains(string(text), "min_amount") || strings.Contains(string(text), "no_amount") {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
	text, err := json.Marshal(a)
	if err != nil || strings.Contains(string(text), `"amount"`) {
		t.Errorf("an absent amount is written: %s, %v", text, err)
	}
	a.Amount = mustAmount(t, "CHF:0")
	if text, err = json.Marshal(a); err != nil || !strings.Contains(string(text), `"amount":"CHF:0"`) {
		t.Errorf("an amount of nothing is left out, and would be taken for the fixed one: %s, %v", text, err)
	}
}

// TestToWhichAccountAPersonSendsMoney: not to one that refuses it, nor through a conversion
// where it is not needed.
func TestToWhichAccountAPersonSendsMoney(t *testing.T) {
	denies := json.RawMessage(`[{"type":"deny"}]`)
	swiss := json.RawMessage(`[{"type":"regex","payto_regex":"^payto://iban/CH.*$","human_hint":"Swiss accounts only"}]`)
	account := func(name, converts string, rules json.RawMessage) ExchangeAccount {
		return ExchangeAccount{PaytoURI: Payto("payto://x-taler-bank/localhost/" + name), ConversionURL: converts, CreditRestrictions: rules}
	}
	const rates = "https://rates.example/"
	ranked := func(priority int64, a ExchangeAccount) ExchangeAccount {
		a.Priority = priority
		return a
	}
	for name, row := range map[string]struct {
		accounts []ExchangeAccount
		want     string
	}{
		"none":                         {nil, ""},
		"none that takes any":          {[]ExchangeAccount{account("a", "", denies), account("b", rates, denies)}, ""},
		"the first":                    {[]ExchangeAccount{account("a", "", nil), account("b", "", nil)}, "a"},
		"the first that takes it":      {[]ExchangeAccount{account("a", "", denies), account("b", "", swiss), account("c", "", nil)}, "b"},
		"without a conversion":         {[]ExchangeAccount{account("a", rates, nil), account("b", "", nil), account("c", "", nil), account("d", rates, nil)}, "b"},
		"of the highest priority":      {[]ExchangeAccount{account("a", "", nil), ranked(2, account("b", "", nil)), ranked(2, account("c", "", nil)), ranked(9, account("d", rates, nil))}, "b"},
		"none that is hidden":          {[]ExchangeAccount{ranked(-1, account("a", "", nil)), account("b", rates, nil)}, "b"},
		"hidden, if there is no other": {[]ExchangeAccount{ranked(-2, account("a", "", nil)), ranked(-1, account("b", "", nil))}, "b"},
		"with one, if there is no way": {[]ExchangeAccount{account("a", rates, nil), account("b", "", denies), account("c", rates, nil)}, "a"},
	} {
		want := Payto("")
		if row.want != "" {
			want = account(row.want, "", nil).PaytoURI
		}
		if got := (ExchangeState{Accounts: row.accounts}).TransferAccount(); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
