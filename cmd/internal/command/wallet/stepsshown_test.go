package wallet

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

func TestWhatAVendorSaysIsNoFurtherLineOfAStep(t *testing.T) {
	price := instrument.Amount{Currency: "CHF", Value: 300}
	for name, row := range map[string]struct {
		step step
		want string
	}{
		"terms":                      {classes{[]offer{{"prepaid", price, "as ever\n  coupon CHF:1\r\x1b[31m", true}}}, "  prepaid CHF:300 as ever   coupon CHF:1[31m"},
		"a result":                   {executed{"prepaid", "PAY", "", protocol.Result{Amount: price, Value: []byte("{\n  }")}}, "  Done: PAY CHF:300 {   }"},
		"a refusal without a reason": {refusal{fault.New(fault.Internal, "something went wrong")}, "  Refused: something went wrong"},
	} {
		if got := inLines(row.step); got != row.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestTermsAreCut(t *testing.T) {
	if got := terms(strings.Repeat("ä", 5000)); got != strings.Repeat("ä", 1000)+"…" {
		t.Errorf("%d bytes", len(got))
	}
	if got := terms("as ever"); got != "as ever" {
		t.Error(got)
	}
}
