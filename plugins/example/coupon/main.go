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
		Name: "coupon.redeem", Title: "Redeem a coupon", Class: "coupon", Operation: protocol.Pay,
		Accepted: "redeemed", Present: present, Accept: accept, Returned: "ready", GiveBack: giveBack, Replay: 1,
	}
	sdk.Main(sdk.Bundle{
		Name: "coupon", Version: "1.0.0",
		Classes:   func(r comm.Role) []instrument.Class { return sdk.Refundable(r, coupon()) },
		Protocols: func(comm.Role) []protocol.Protocol { return []protocol.Protocol{redeem} },
	})
}

type state struct {
	Code  string            `json:"code"`
	Worth instrument.Amount `json:"worth"`
}

// coupon is the class; its unique key makes a vendor take each code once.
func coupon() sdk.Class {
	return sdk.Class{Rule: valid, About: instrument.Info{
		ID: "coupon", Title: "Shop coupon", Keys: []string{"code"},
		Fields: []instrument.Field{{Name: "code", Title: "Code", Secret: true}, {Name: "worth", Title: "Worth"}},
		Moves: []instrument.Move{
			{To: "ready"},
			{From: "ready", To: "presented"},
			{From: "presented", To: "presented"},
			{From: "presented", To: "ready"},
			{From: "presented", To: "redeemed"},
			{From: "redeemed", To: "ready"},
			{From: "ready", To: "removed"},
			{To: "taken"},
			{From: "taken", To: "returned"},
			{From: "returned", To: "taken"},
		},
	}}
}

func (s state) pays(c protocol.Call) bool { return c.Offer != nil && s.Worth == c.Offer.Terms.Price }

var refused = fault.New(fault.Declined, "this coupon does not pay this price").Because("coupon-refused").
	WithHint("pay with one that is worth exactly the price")

func valid(_, coupon *instrument.Instance) error {
	var s state
	if err := coupon.Decode(&s); err != nil || s.Code == "" || s.Worth.IsZero() {
		return fault.New(fault.Invalid, "a coupon has a code, and is worth an amount").Because("coupon-malformed").WithHint("such as worth=CHF:5")
	}
	return nil
}

// present refuses first: a code that was shown can be taken, whatever the price was.
func present(_ protocol.Session, c protocol.Call, i *instrument.Instance) (protocol.Result, error) {
	var s state
	if err := i.Decode(&s); err != nil || !s.pays(c) {
		return protocol.Result{}, refused
	}
	i.Status = "presented"
	return protocol.Result{Value: json.RawMessage(i.State), Amount: s.Worth}, nil
}

func accept(_ protocol.Session, c protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error) {
	var s state
	if err := json.Unmarshal(message, &s); err != nil || s.Code == "" || !s.pays(c) {
		return protocol.Result{}, refused
	}
	return protocol.Result{Value: json.RawMessage(`{"taken":true}`), Amount: s.Worth}, take(tx, s.Code, message)
}
