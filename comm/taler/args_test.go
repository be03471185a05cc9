package taler_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/plain/plaintest"
)

func TestArgumentsAreWhatReflectionWritesAndReads(t *testing.T) {
	nothing := instrument.Amount{Currency: "CHF"}
	for name, args := range map[string]any{
		"setup":              full[taler.SetupArgs](t, "Till", "Quota"),
		"setup of nothing":   taler.SetupArgs{Request: taler.TerminalWithdrawalSetup{Amount: nothing, SuggestedAmount: nothing, TerminalFees: nothing}, WithdrawalFees: nothing},
		"an empty setup":     taler.SetupArgs{},
		"marks":              taler.SetupArgs{Terminal: `"<`, Request: taler.TerminalWithdrawalSetup{RequestUID: "\\ü&"}},
		"setup with fees":    taler.SetupArgs{Till: &taler.TillFees{Percent: 1}},
		"setup with a quota": taler.SetupArgs{Quota: &taler.QuotaRule{Within: 5}},
		"select":             full[taler.SelectArgs](t, "NoAmountToWallet"),
		"select nothing":     taler.SelectArgs{WOPID: taler.WOPID{1}.ID(), Amount: nothing, MinAmount: nothing},
		"an empty selection": taler.SelectArgs{},
		"the wallet's own":   taler.SelectArgs{NoAmountToWallet: true},
		"confirm":            full[taler.ConfirmArgs](t),
		"confirm nothing":    taler.ConfirmArgs{TerminalFees: nothing},
	} {
		t.Run(name, func(t *testing.T) {
			want, err := json.Marshal(args)
			got, unwritten := instrument.WriteJSON(args)
			if err != nil || unwritten != nil || string(got) != string(want) {
				t.Fatalf("%v %v\n%s\n%s", err, unwritten, got, want)
			}
			mine := reflect.New(reflect.TypeOf(args)).Interface()
			theirs := reflect.New(reflect.TypeOf(args)).Interface()
			read, wanted := instrument.ReadJSON(got, mine), json.Unmarshal(got, theirs)
			if (read == nil) != (wanted == nil) || wanted == nil && !reflect.DeepEqual(mine, theirs) {
				t.Errorf("%v, %v\n%+v\n%+v", read, wanted, mine, theirs)
			}
		})
	}
}

func TestArgumentsAreReadWithoutReflection(t *testing.T) {
	plaintest.Whole(t, full[taler.SetupArgs](t, "Till", "Quota"))
	plaintest.Whole(t, full[taler.SelectArgs](t, "NoAmountToWallet"))
	plaintest.Whole(t, full[taler.ConfirmArgs](t))
}

func TestAnAmountOfNoTextIsNotReadAsAbsent(t *testing.T) {
	for _, text := range []string{`{"request":{"amount":""}}`, `{"request":{"suggested_amount":""}}`} {
		if new(taler.SetupArgs).ReadJSON([]byte(text)) {
			t.Errorf("%s was read", text)
		}
	}
}

func FuzzArguments(f *testing.F) {
	for _, args := range []any{full[taler.SetupArgs](f, "Till", "Quota"), full[taler.SelectArgs](f, "NoAmountToWallet"), full[taler.ConfirmArgs](f)} {
		text, _ := json.Marshal(args)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		plaintest.Read(t, func() taler.SetupArgs { return taler.SetupArgs{Currency: "before"} }, text)
		plaintest.Read(t, func() taler.SelectArgs { return taler.SelectArgs{Amount: instrument.Amount{Currency: "CHF", Value: 1}} }, text)
		plaintest.Read(t, func() taler.ConfirmArgs { return taler.ConfirmArgs{ProviderTransactionID: "before"} }, text)
	})
}
