package taler_test

import (
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

func TestInWhichFormAnExchangeLetsWithdraw(t *testing.T) {
	const batch, unified = taler.ProtocolBatchWithdraw, taler.ProtocolWithdraw26
	for version, want := range map[string][]string{
		"12:0:0": nil, "14:9:14": nil, "15:0:0": {batch}, "17:0:5": {batch}, "23:0:6": {batch}, "25:0:25": {batch},
		"26:0:0": {unified}, "26:0:1": {unified, batch}, "31:2:5": {unified}, "32:0:17": {unified, batch}, "40:0:8": {unified}, "40:0:7": nil,
	} {
		v, err := taler.ParseVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		got, err := taler.WithdrawProtocols(v)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%s: %v, %v", version, got, err)
		}
		if err != nil && (fault.ReasonOf(err) != taler.ReasonVersionIncompatible || fault.From(err).Hint == "") {
			t.Errorf("%s is refused without saying why: %v", version, err)
		}
		if err == nil && !taler.Compatible(taler.ExchangeClient, v) {
			t.Errorf("%s is taken and not compatible", version)
		}
	}
}

func TestFromWhomAnAccountTakesMoney(t *testing.T) {
	const me = taler.Payto("payto://iban/CH9300762011623852957?receiver-name=Me")
	for rules, want := range map[string][2]bool{ // from me, from somebody unknown
		``:                   {true, true},
		`[]`:                 {true, true},
		`[{"type":"deny"}]`:  {false, false},
		`[{"type":"later"}]`: {false, false},
		`{"type":"deny"}`:    {false, false},
		`[{"type":"regex","payto_regex":"payto://iban/CH.*"}]`:  {true, true},
		`[{"type":"regex","payto_regex":"payto://iban/DE.*"}]`:  {false, true},
		`[{"type":"regex","payto_regex":"("}]`:                  {false, true},
		`[{"type":"regex","payto_regex":"CH"},{"type":"deny"}]`: {false, false},
	} {
		a := taler.ExchangeAccount{CreditRestrictions: []byte(rules)}
		if a.Takes(me) != want[0] || a.Takes("") != want[1] {
			t.Errorf("%s: from me %v, from somebody %v", rules, a.Takes(me), a.Takes(""))
		}
	}
}
