package wallee_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/card/wallee"
)

// The value was made with OpenSSL's HMAC of the service's own example of data.
func TestTheMACOfTheExample(t *testing.T) {
	got := wallee.Sign([]byte("0123456789abcdef0123456789abcdef"), 12345, time.Unix(1700000000, 0), "get", "/api/transaction/read?spaceId=405&id=7")
	want := map[string]string{
		"x-mac-version": "1", "x-mac-userid": "12345", "x-mac-timestamp": "1700000000",
		"x-mac-value": "qq8x5ZcjDaVSldL95MDHovwC+m+De+2zePeJg9NlZmhPSeTlQ1s6oZEJHaPwtEY+v2Dz/MI4lwgVv14OcaEXuw==",
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the headers are %v", got)
	}
}

func TestAmountsAreExact(t *testing.T) {
	for _, row := range []struct{ number, want string }{
		{"0", "CHF:0"},
		{"0.0", "CHF:0"},
		{"20", "CHF:20"},
		{"20.5", "CHF:20.5"},
		{"20.50", "CHF:20.5"},
		{"0.1", "CHF:0.1"},
		{"20.10000000000000", "CHF:20.1"},
		{"0.00000001", "CHF:0.00000001"},
		{"4503599627370496", "CHF:4503599627370496"},
		{"2E+1", "CHF:20"},
		{"2.05e1", "CHF:20.5"},
		{"2050E-2", "CHF:20.5"},
		{"5e-1", "CHF:0.5"},
		{"123.456e2", "CHF:12345.6"},

		{"-1", ""},
		{"-0", ""},
		{"0.000000001", ""},
		{"4503599627370497", ""},
		{"1e400", ""},
		{"0e33", ""},
		{"0e-33", ""}, // room for whose zeros anybody could ask
		{"1e99999999999999999999", ""},
		{"", ""},
		{".5", ""},
		{"NaN", ""},
		{"1,5", ""},
		{"0x10", ""},
		{strings.Repeat("0", 100), ""},
	} {
		got, err := wallee.Amount("CHF", json.Number(row.number))
		if row.want == "" {
			if err == nil {
				t.Errorf("%s was read as %s", row.number, got)
			}
			continue
		}
		if err != nil || got.String() != row.want {
			t.Errorf("%s was read as %s, %v; want %s", row.number, got, err, row.want)
			continue
		}
		if again, err := wallee.Amount("CHF", wallee.Number(got)); err != nil || again != got {
			t.Errorf("%s is written as %s", got, wallee.Number(got))
		}
	}
	if a, err := wallee.Amount("chf", "1"); err == nil {
		t.Errorf("a currency that is none gave %s", a)
	}
}

// Every state that the service has, and one that it may have one day.
func TestWhatIsFinal(t *testing.T) {
	for state, want := range map[wallee.State]wallee.Finality{
		wallee.Create: wallee.Running, wallee.Pending: wallee.Running, wallee.Confirmed: wallee.Running, wallee.Processing: wallee.Running,
		wallee.Authorized: wallee.Running, wallee.Completed: wallee.Running, wallee.Fulfill: wallee.Good,
		wallee.Failed: wallee.Bad, wallee.Voided: wallee.Bad, wallee.Decline: wallee.Withheld, "SETTLED": wallee.Unknown, "": wallee.Unknown,
	} {
		if got := state.Finality(); got != want {
			t.Errorf("%s is %d, want %d", state, got, want)
		}
	}
	for state, want := range map[wallee.RefundState]wallee.Finality{
		wallee.RefundCreated: wallee.Running, wallee.RefundScheduled: wallee.Running, wallee.RefundPending: wallee.Running,
		wallee.RefundManualCheck: wallee.Running, wallee.RefundSuccessful: wallee.Good, wallee.RefundFailed: wallee.Bad, "DONE": wallee.Unknown,
	} {
		if got := state.Finality(); got != want {
			t.Errorf("a refund in %s is %d, want %d", state, got, want)
		}
	}
}

func FuzzAmount(f *testing.F) {
	for _, seed := range []string{"20.50", "2E+1", "1e-8", "0.00000001", "00", "9.99e31"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, number string) {
		a, err := wallee.Amount("CHF", json.Number(number))
		if err != nil {
			return
		}
		if canonical, err := instrument.ParseAmount(a.String()); err != nil || canonical != a {
			t.Errorf("%q became %+v", number, a)
		}
	})
}

func TestARefundSaysWhatItIsOf(t *testing.T) {
	for text, want := range map[string]wallee.TransactionID{
		`{"transaction":7}`: 7, `{"transaction":{"id":7,"state":"FULFILL"}}`: 7, `{"transaction":null}`: 0, `{}`: 0, `{"transaction":"seven"}`: 0,
	} {
		var e wallee.RefundEntity
		if err := json.Unmarshal([]byte(text), &e); err != nil || e.Transaction != want {
			t.Errorf("%s is of %d, %v", text, e.Transaction, err)
		}
	}
}
