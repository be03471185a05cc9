package taler_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

func TestTheBinaryFormOfAnAmount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := instrument.Amount{
			Currency: rapid.StringMatching(`[A-Z]{1,11}`).Draw(t, "currency"),
			Value:    rapid.Uint64Max(instrument.MaxValue).Draw(t, "value"),
			Fraction: rapid.Uint32Max(instrument.FractionBase-1).Draw(t, "fraction"),
		}
		want := binary.BigEndian.AppendUint64(nil, a.Value)
		want = binary.BigEndian.AppendUint32(want, a.Fraction)
		want = append(want, a.Currency...)
		want = append(want, make([]byte, taler.AmountSize-len(want))...)
		if nbo := taler.AmountNBO(a); !bytes.Equal(nbo[:], want) {
			t.Fatalf("%s is %x, not %x", a, nbo, want)
		}
	})
}

func TestWhatIsNoAmountIsAllOnes(t *testing.T) {
	for name, a := range map[string]instrument.Amount{
		"twelve letters":  {Currency: "ABCDEFGHIJKL", Value: 1},
		"above the limit": {Currency: "CHF", Value: instrument.MaxValue + 1},
		"a whole unit":    {Currency: "CHF", Fraction: instrument.FractionBase},
	} {
		t.Run(name, func(t *testing.T) {
			if nbo := taler.AmountNBO(a); !bytes.Equal(nbo[:], bytes.Repeat([]byte{0xff}, taler.AmountSize)) {
				t.Errorf("it is %x", nbo)
			}
		})
	}
}

func TestTimesInJSON(t *testing.T) {
	for name, row := range map[string]struct {
		text string
		want taler.Timestamp
		back string
	}{
		"a moment":      {`{"t_s": 1735689600}`, 1735689600, `{"t_s":1735689600}`},
		"zero":          {`{"t_s":0}`, 0, `{"t_s":0}`},
		"never":         {`{"t_s":"never"}`, taler.Never, `{"t_s":"never"}`},
		"a member more": {`{"t_s":1,"comment":"x"}`, 1, `{"t_s":1}`},
		"the last":      {`{"t_s":18446744073709}`, 18446744073709, `{"t_s":18446744073709}`},
	} {
		t.Run(name, func(t *testing.T) {
			var got taler.Timestamp
			if err := json.Unmarshal([]byte(row.text), &got); err != nil || got != row.want {
				t.Fatalf("got %v, %v", uint64(got), err)
			}
			if back, err := json.Marshal(got); err != nil || string(back) != row.back {
				t.Errorf("written as %s, %v", back, err)
			}
		})
	}
}

func TestTimesRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing in it": `{}`, "null": `null`, "a number": `5`, "negative": `{"t_s":-1}`, "a fraction": `{"t_s":1.5}`,
		"an exponent": `{"t_s":1e3}`, "text": `{"t_s":"5"}`, "another word": `{"t_s":"forever"}`,
		"too late": `{"t_s":18446744073710}`, "null within": `{"t_s":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			at := taler.Timestamp(7)
			if err := json.Unmarshal([]byte(text), &at); !errors.Is(err, fault.Invalid) || at != 7 {
				t.Errorf("got %v, %v", at, err)
			}
		})
	}
}

func TestDurationsInJSON(t *testing.T) {
	for text, want := range map[string]taler.RelativeTime{
		`{"d_us":0}`:                0,
		`{"d_us":2419200000000}`:    2419200000000,
		`{"d_us":9007199254740991}`: 1<<53 - 1,
		`{"d_us":"forever"}`:        taler.Forever,
	} {
		var got taler.RelativeTime
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
		if back, err := json.Marshal(got); err != nil || string(back) != text {
			t.Errorf("%s is written as %s, %v", text, back, err)
		}
	}
	for _, text := range []string{`{}`, `{"d_us":"never"}`, `{"d_us":-5}`, `{"d_us":9007199254740992}`, `[]`} {
		var got taler.RelativeTime
		if err := json.Unmarshal([]byte(text), &got); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestTimesAndGo(t *testing.T) {
	moment := time.Date(2026, 11, 20, 12, 0, 0, 999, time.UTC)
	if got := taler.At(moment); !got.Time().Equal(moment.Truncate(time.Second)) {
		t.Errorf("%v became %v", moment, got)
	}
	if got := taler.At(time.Unix(-5, 0)); got != 0 {
		t.Errorf("before 1970 is %v", uint64(got))
	}
	if !taler.Never.IsNever() || !taler.Never.Time().IsZero() || taler.Never.String() != "never" || taler.Never <= taler.At(moment) {
		t.Error("never is a moment")
	}
	if got := taler.Timestamp(math.MaxUint64 / 1_000_000).NBO(); got == taler.Never.NBO() {
		t.Error("the last second is never")
	}
	if got := taler.Lasting(time.Hour); got != 3600000000 || got.Duration() != time.Hour || got.String() != "1h0m0s" {
		t.Errorf("an hour is %v", got)
	}
	if taler.Forever.Duration() != math.MaxInt64 || taler.Forever.String() != "forever" || taler.Lasting(-1) != 0 {
		t.Error("forever ends, or a negative duration lasts")
	}
}

func FuzzTimestamp(f *testing.F) {
	for _, seed := range []string{`{"t_s":5}`, `{"t_s":"never"}`, `{"d_us":"forever"}`, `{}`, `null`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var at, again taler.Timestamp
		if at.UnmarshalJSON(text) == nil {
			reads(t, &at, &again)
		}
		var lasts, lastsAgain taler.RelativeTime
		if lasts.UnmarshalJSON(text) == nil {
			reads(t, &lasts, &lastsAgain)
		}
	})
}

// reads checks that what was read is written so that it reads the same.
func reads[T comparable](t *testing.T, v, into *T) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil || *into != *v {
		t.Fatalf("%s reads as %v, %v", text, *into, err)
	}
}

func TestCanonicalJSON(t *testing.T) {
	for name, row := range map[string]struct{ in, want string }{
		"an empty array":     {` [ ] `, `[]`},
		"sorted members":     {`{"b":1, "a":{"d":[true,null,false],"c":""}}`, `{"a":{"c":"","d":[true,null,false]},"b":1}`},
		"nothing escaped":    {`"<a&b> \u2028 \/ \u00e9 ク"`, "\"<a&b> \u2028 / é ク\""},
		"everything escaped": {`"\"\\\b\t\n\f\r\u0001\u001F"`, `"\"\\\b\t\n\f\r\u0001\u001f"`},
		"minus zero":         {`-0`, `0`},
		"a large number":     {`-9223372036854775808`, `-9223372036854775808`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := taler.CanonicalJSON([]byte(row.in))
			if err != nil || string(got) != row.want {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
	for name, in := range map[string]string{
		"nothing": ``, "cut": `[1`, "two values": `[] []`, "a fraction": `1.5`, "an exponent": `1e2`,
		"a huge number": `9223372036854775808`, "not UTF-8": "\"\xff\"", "a stray bracket": `[]]`,
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := taler.HashJSON([]byte(in)); !errors.Is(err, fault.Invalid) {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

func FuzzCanonicalJSON(f *testing.F) {
	for _, seed := range []string{`[]`, `{"type":"regex","payto_regex":"payto://iban/.*","human_hint":"<\u0000>"}`, `-0`, `"\ud800"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		once, err := taler.CanonicalJSON(text)
		if err != nil {
			return
		}
		if !json.Valid(once) {
			t.Fatalf("%q became %q", text, once)
		}
		twice, err := taler.CanonicalJSON(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q, then %q, %v", once, twice, err)
		}
	})
}
