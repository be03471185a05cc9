package wallet

import (
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

func TestWordsOfAStep(t *testing.T) {
	for step, want := range map[string][]string{
		"":                                  nil,
		"  execute prepaid\tBALANCE  shop ": {"execute", "prepaid", "BALANCE", "shop"},
		`execute prepaid BALANCE "Corner shop" key=a`: {"execute", "prepaid", "BALANCE", "Corner shop", "key=a"},
		`classes what="lunch for two" amount=CHF:5`:   {"classes", "what=lunch for two", "amount=CHF:5"},
		`classes what="" ""`:                          {"classes", "what=", ""},
		`classes what=5" a"b"`:                        {"classes", `what=5"`, `a"b"`},
		`classes what="lunch`:                         nil,
		`classes "lunch"x`:                            nil,
		`classes what="a" "b`:                         nil,
		"classes what=\"für zwei\"\u00a0amount=CHF:5": {"classes", "what=für zwei", "amount=CHF:5"},
	} {
		got, err := words(step)
		if !slices.Equal(got, want) || (fault.ReasonOf(err) == "argument-malformed") != (want == nil && step != "") {
			t.Errorf("%s: %q, %v", step, got, err)
		}
	}
}
