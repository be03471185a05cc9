package taler_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

var (
	_ instrument.JSONReader = (*taler.Withdrawal)(nil)
	_ instrument.JSONWriter = taler.Withdrawal{}
)

// full has something in every member but those that are named, so that one that is added later and that is read or
// written by reflection only is found.
func full[T any](t testing.TB, but ...string) T {
	t.Helper()
	var w T
	fill(t, reflect.ValueOf(&w).Elem(), but)
	return w
}

func fill(t testing.TB, v reflect.Value, but []string) {
	t.Helper()
	for n := range v.NumField() {
		name := v.Type().Field(n).Name
		if slices.Contains(but, name) {
			continue
		}
		switch f := v.Field(n); f.Interface().(type) {
		case taler.State:
			f.SetString("selected")
		case taler.Payto:
			f.SetString("payto://iban/CH9300762011623852957?receiver-name=Jane%20Doe")
		case taler.WOPID, taler.EddsaPublicKey:
			f.Index(n).SetUint(uint64(n) + 1)
		case taler.WithdrawalID:
			f.Set(reflect.ValueOf(taler.WOPID{1}.ID()))
		case taler.Amount:
			f.Set(reflect.ValueOf(instrument.Amount{Currency: "CHF", Value: uint64(n), Fraction: 50_000_000}))
		case taler.TerminalWithdrawalSetup:
			fill(t, f, but)
		case json.RawMessage:
			f.SetBytes([]byte(`{"a":["}\"",{"b":1}],"c":"d"}`))
		case string:
			f.SetString(name)
		case int64:
			f.SetInt(int64(n) * 1e8)
		case uint64:
			f.SetUint(uint64(n))
		default:
			t.Fatalf("a member of a new kind: %s", name)
		}
		if v.Field(n).IsZero() {
			t.Fatalf("%s was left empty", name)
		}
	}
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
		"a long one":            {AbortReason: strings.Repeat("x", 5000)},
	} {
		t.Run(name, func(t *testing.T) {
			want, err := json.Marshal(w)
			got, written := w.AppendJSON([]byte("before"))
			if err != nil || !written || string(got) != "before"+string(want) {
				t.Fatalf("%v %v\n%s\n%s", err, written, got, want)
			}
			checkState(t, want)
		})
	}
	if _, written := (taler.Withdrawal{Proof: json.RawMessage(`{`)}).AppendJSON(nil); written {
		t.Error("a proof that is no JSON was written")
	}
}

func TestStateOfAWithdrawalIsReadWithoutReflection(t *testing.T) {
	w := full[taler.Withdrawal](t)
	text, _ := w.AppendJSON(nil)
	var got taler.Withdrawal
	if !got.ReadJSON(text) || !reflect.DeepEqual(got, w) {
		t.Fatalf("%+v", got)
	}
	for n := range text { // what was read is nobody else's
		text[n] = 'x'
	}
	if !reflect.DeepEqual(got, w) {
		t.Error("what was read has changed with the text")
	}
}

// checkState compares with encoding/json. Whatever is not read must leave the state as it was.
func checkState(t *testing.T, text []byte) (read bool) {
	t.Helper()
	return checkRead(t, taler.Withdrawal{Currency: "before", Created: 7, Proof: json.RawMessage(`{"before":1}`)}, text)
}

func checkRead[T any](t *testing.T, before T, text []byte) (read bool) {
	t.Helper()
	got := before
	if !any(&got).(instrument.JSONReader).ReadJSON(text) {
		if !reflect.DeepEqual(got, before) {
			t.Errorf("%s was not read and has changed what there was", text)
		}
		return false
	}
	want := before
	if w, ok := any(&want).(*taler.Withdrawal); ok {
		w.Proof = bytes.Clone(w.Proof)
	}
	if err := json.Unmarshal(text, &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s\nerror %v\n%+v\n%+v", text, err, got, want)
	}
	return true
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
