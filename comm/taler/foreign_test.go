package taler_test

import (
	"strconv"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
)

// TestPaymentsThatAreLeftAloneAreBounded: a terminal may name many. What was explained makes room first.
func TestPaymentsThatAreLeftAloneAreBounded(t *testing.T) {
	var w taler.Withdrawal
	if w.ExplainForeign("", "nothing") || w.AllForeign() != nil {
		t.Error("a payment without a name was explained")
	}
	for n := range 16 {
		if name := strconv.Itoa(n); !w.AddForeign(name) || w.AddForeign(name) || w.Foreign != name {
			t.Fatalf("the payment %s was not added once", name)
		}
	}
	before := w
	if !w.ExplainForeign("3", "looked into") || !w.ExplainForeign("15", "looked into") || w.Explained == "" || before.EarlierForeign[3].Explained != "" {
		t.Errorf("%+v", w)
	}
	w.AddForeign("16")
	w.AddForeign("17")
	w.AddForeign("18")
	all := w.AllForeign()
	if len(all) != 16 || all[0].Payment != "1" || all[2].Payment != "4" || all[13].Payment != "16" || w.Foreign != "18" || w.Explained != "" {
		t.Errorf("%+v", all)
	}
}
