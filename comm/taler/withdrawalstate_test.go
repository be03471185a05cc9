package taler_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/plain/plaintest"
)

var (
	_ instrument.JSONReader = (*taler.Withdrawal)(nil)
	_ instrument.JSONWriter = taler.Withdrawal{}
)

// full has something in every member but those that are named.
func full[T any](t testing.TB, but ...string) T {
	t.Helper()
	return plaintest.Full[T](t, special, but...)
}

// special fills what not every text fits.
func special(f reflect.Value) bool {
	switch f.Interface().(type) {
	case taler.State:
		f.SetString("selected")
	case []taler.ForeignPayment:
		f.Set(reflect.ValueOf([]taler.ForeignPayment{{Payment: "tx", Explained: "a till"}, {Payment: "7"}}))
	case taler.Payto:
		f.SetString("payto://iban/CH9300762011623852957?receiver-name=Jane%20Doe")
	case taler.WOPID, taler.EddsaPublicKey:
		f.Index(5).SetUint(7)
	case taler.WithdrawalID:
		f.Set(reflect.ValueOf(taler.WOPID{1}.ID()))
	default:
		return false
	}
	return true
}

func TestStateOfAWithdrawalIsWhatReflectionWrites(t *testing.T) {
	all := full[taler.Withdrawal](t)
	for name, w := range map[string]taler.Withdrawal{
		"everything": all, "nothing": {}, "pending": {State: "pending", Currency: "CHF", Amount: all.Amount},
		"a mark in a text":      {RequestUID: `a"b`, Terminal: `a\b`},
		"less":                  {AbortReason: "<"},
		"more":                  {AbortReason: ">"},
		"and":                   {AbortReason: "&"},
		"a separator":           {Misnamed: "\u2028"},
		"what is deleted":       {Misnamed: "\x7f"},
		"another language":      {AbortReason: "Müller\n", ExchangeURL: "https://é.example/"},
		"no UTF-8":              {Foreign: "\xff"},
		"no currency":           {Currency: "", Amount: instrument.Amount{Value: 1}},
		"an odd currency":       {Paid: instrument.Amount{Currency: `"<`, Value: 1, Fraction: 10}},
		"nothing of a currency": {Paid: instrument.Amount{Currency: "CHF"}},
		"numbers below nothing": {Created: -1, Selected: -2, Searched: -1 << 63},
		"a proof with blanks":   {Proof: json.RawMessage(` { "a" : "<" } `)},
		"a proof that is none":  {Proof: json.RawMessage(`null`)},
		"odd payments":          {EarlierForeign: []taler.ForeignPayment{{Payment: "<", Explained: "\xff"}}},
		"a long one":            {AbortReason: strings.Repeat("x", 5000)},
	} {
		t.Run(name, func(t *testing.T) {
			checkState(t, plaintest.Written(t, w))
		})
	}
	if _, written := (taler.Withdrawal{Proof: json.RawMessage(`{`)}).AppendJSON(nil); written {
		t.Error("a proof that is no JSON was written")
	}
}

func TestStateOfAWithdrawalIsReadWithoutReflection(t *testing.T) {
	plaintest.Whole(t, full[taler.Withdrawal](t))
}

func checkState(t *testing.T, text []byte) (read bool) {
	t.Helper()
	return plaintest.Read(t, func() taler.Withdrawal {
		return taler.Withdrawal{Currency: "before", Created: 7, Proof: json.RawMessage(`{"before":1}`)}
	}, text)
}

func TestWhatIsOddInAStateIsLeftToReflection(t *testing.T) {
	for _, text := range []string{
		``, `{}`, `{`, `null`, `[]`, `{"created":1`, `{"created":1}x`, `{"created":1} `, ` {"created":1}`, `{"created": 1}`, `{"created":1,}`, `{,}`,
		`{"created":01}`, `{"created":-1}`, `{"created":1.0}`, `{"created":1e3}`, `{"created":}`, `{"created":1234567890123456789}`, `{"created":"1"}`, `{"created":null}`,
		`{"Created":1}`, `{"new":1}`, `{"currency":"a\u0062"}`, `{"currency":"ä"}`, `{"currency":"a` + "\n" + `"}`, `{"currency":null}`, `{"currency":5}`, `{"currency":"a}`,
		`{"state":"lost"}`, `{"wopid":"x"}`, `{"amount":"CHF"}`, `{"exchange_account":"payto"}`, `{"reserve_pub":"00"}`,
		`{"proof":1}`, `{"proof":null}`, `{"proof":{]}`, `{"proof":{"a":}}`, `{"proof":{"a":1}`, `{"proof":{"a":"}`, `{"proof":"{}"}`,
	} {
		if checkState(t, []byte(text)) {
			t.Errorf("%s was read", text)
		}
	}
	for _, text := range []string{
		`{"created":0}`, `{"created":123456789012345678}`, `{"row":5,"created":1,"created":2}`, `{"amount":""}`, `{"exchange_account":""}`,
		`{"proof":{}}`, `{"proof":{"a":"{"},"searched":1}`, `{"proof":{"a":"\\"},"searched":1}`, `{"proof": {"a":1}}`,
	} {
		if read := checkState(t, []byte(text)); read == strings.Contains(text, ": ") {
			t.Errorf("%s: %v", text, read)
		}
	}
}

func FuzzStateOfAWithdrawal(f *testing.F) {
	text, _ := full[taler.Withdrawal](f).AppendJSON(nil)
	f.Add(text)
	f.Add([]byte(`{"state":"pending","amount":"CHF:5","proof":{"a":[]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if !checkState(t, text) {
			return
		}
		var w taler.Withdrawal
		if !w.ReadJSON(text) {
			t.Fatal("it is not read again")
		}
		want, err := json.Marshal(w)
		got, written := w.AppendJSON(nil)
		if err != nil || !written || !bytes.Equal(got, want) {
			t.Errorf("%v\n%s\n%s", err, got, want)
		}
	})
}

func BenchmarkStateOfAWithdrawal(b *testing.B) {
	w := full[taler.Withdrawal](b)
	text, _ := w.AppendJSON(nil)
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var got taler.Withdrawal
			if !got.ReadJSON(text) {
				b.Fatal("not read")
			}
		}
	})
	b.Run("read by reflection", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var got taler.Withdrawal
			_ = json.Unmarshal(text, &got)
		}
	})
	b.Run("write", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = w.AppendJSON(nil)
		}
	})
	b.Run("write by reflection", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = json.Marshal(w)
		}
	})
}
