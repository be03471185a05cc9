// Command coupon is a wallet plugin for one-shot shop coupons.
package main

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

func main() {
	redeem := sdk.Simple{
		Name: "coupon.redeem", Title: "Redeem a coupon", Class: "coupon", Operation: protocol.Pay, Replay: 1,
		Present: present, Accepted: "redeemed", Accept: accept, GiveBack: once.GiveBack, Returned: "ready",
	}
	sdk.Main(sdk.Bundle{
		Name: "coupon", Version: "1.0.0",
		Classes:   func(r comm.Role) []instrument.Class { return sdk.Refundable(r, coupon) },
		Protocols: func(comm.Role) []protocol.Protocol { return []protocol.Protocol{redeem} },
	})
}

// coupon is the class; by its unique key a vendor takes each code once.
var coupon, once = sdk.Class{Rule: valid, About: instrument.Info{
	ID: "coupon", Title: "Shop coupon", Keys: []string{"code"},
	Fields: []instrument.Field{{Name: "code", Title: "Code", Secret: true}, {Name: "worth", Title: "Worth"}},
	Moves: sdk.Moves(
		"> ready > presented > presented > ready > removed", "presented > redeemed > ready > ready", // in a wallet
		"> taken > returned > taken", // at a vendor
	),
}}, sdk.Once{Class: "coupon", Key: "code"}

type state struct {
	Code  string            `json:"code"`
	Worth instrument.Amount `json:"worth"`
}

func valid(_, coupon *instrument.Instance) error {
	var s state
	if err := coupon.Decode(&s); err != nil || s.Code == "" || s.Worth.IsZero() {
		return fault.New(fault.Invalid, "a coupon has a code, and is worth an amount").Because("coupon-malformed").WithHint("such as worth=CHF:5")
	}
	return nil
}

func present(_ protocol.Session, _ protocol.Call, i *instrument.Instance) (protocol.Result, error) {
	var s state
	err := i.Decode(&s)
	i.Status = "presented"
	return protocol.Result{Value: json.RawMessage(i.State), Amount: s.Worth}, err
}

func accept(_ protocol.Session, _ protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error) {
	var s state
	err := once.Take(tx, message, &s)
	return protocol.Result{Value: json.RawMessage(`{"taken":true}`), Amount: s.Worth}, err
}
