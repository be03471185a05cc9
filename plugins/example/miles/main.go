// Command miles is a wallet plugin for an airline's frequent-flyer accounts.
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
	pay := operation(protocol.Pay, redeem)
	pay.GiveBack, pay.Returned = giveBack, "ready"
	fly := sdk.Several{pay, operation("EARN", earn), operation("BALANCE", look)}
	sdk.Main(sdk.Bundle{
		Name: "miles", Version: "1.0.0",
		Classes:   func(r comm.Role) []instrument.Class { return sdk.Refundable(r, miles) },
		Protocols: func(comm.Role) []protocol.Protocol { return []protocol.Protocol{fly} },
	})
}

// miles is the class: the member's card in the wallet, the account and the flights
// at the airline. Its unique keys make each number one account, and let each
// boarding pass earn once.
var miles = sdk.Class{About: instrument.Info{
	ID: "miles", Title: "Frequent-flyer account", Keys: []string{"number", "pass"},
	Fields: []instrument.Field{{Name: "number", Title: "Number"}, {Name: "pin", Title: "PIN", Secret: true}, {Name: "balance", Title: "Balance"}},
	Moves: sdk.Moves(
		"> ready > asked > asked > ready", "ready > ready", // the second is a refund
		"> kept > kept", "> flown", // at the airline
	),
}}

// state is the card's in the wallet and the account's at the airline.
type state struct {
	Number  string            `json:"number"`
	PIN     string            `json:"pin"`
	Balance instrument.Amount `json:"balance"`
}

// What a new member and a flight are worth.
var welcome, flight = instrument.Amount{Currency: "MILES", Value: 1000}, instrument.Amount{Currency: "MILES", Value: 500}

// operation is what the three have in common: the wallet shows its card, the
// airline changes the account, and the wallet keeps the new balance.
func operation(name string, change func(protocol.Call, instrument.Tx, *state) error) sdk.Simple {
	return sdk.Simple{
		Name: "miles.fly", Replay: 1, Title: "Earn and redeem miles", Class: "miles", Operation: name, Accepted: "ready",
		Present: func(_ protocol.Session, c protocol.Call, i *instrument.Instance) (protocol.Result, error) {
			i.Status = "asked"
			return protocol.Result{Value: json.RawMessage(i.State), Amount: price(c)}, nil
		},
		Accept: func(_ protocol.Session, c protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error) {
			i, account, err := kept(tx, message)
			if err != nil {
				return protocol.Result{}, err
			}
			if err := change(c, tx, &account); err != nil {
				return protocol.Result{}, err
			}
			if err := i.Encode(account); err != nil {
				return protocol.Result{}, err
			}
			if i.Version == 0 {
				_, err = tx.Create(i)
			} else {
				err = tx.Put(i)
			}
			answer, _ := json.Marshal(account.Balance)
			return protocol.Result{Value: answer, Amount: price(c)}, err
		},
		Settle: func(i *instrument.Instance, answer json.RawMessage) error {
			var s state
			if err := i.Decode(&s); err != nil {
				return err
			}
			if err := json.Unmarshal(answer, &s.Balance); err != nil {
				return err
			}
			return i.Encode(s)
		},
	}
}

// kept finds the account of a card; a number that nobody has is a new member.
func kept(tx instrument.Tx, card json.RawMessage) (i instrument.Instance, account state, err error) {
	var shown state
	if err := json.Unmarshal(card, &shown); err != nil || shown.Number == "" || shown.PIN == "" {
		return i, account, fault.New(fault.Invalid, "a card has a number and a PIN").Because("card-malformed")
	}
	id, err := tx.Find("miles", "number", shown.Number)
	if fault.KindOf(err) == fault.NotFound {
		joins := instrument.Instance{Class: "miles", Status: "kept", Keys: map[string]string{"number": shown.Number}}
		return joins, state{shown.Number, shown.PIN, welcome}, nil
	}
	if err != nil {
		return i, account, err
	}
	if i, err = tx.Get(id); err == nil {
		err = i.Decode(&account)
	}
	if err == nil && account.PIN != shown.PIN {
		err = fault.New(fault.Denied, "the PIN is not this account's").Because("pin-wrong")
	}
	return i, account, err
}

// redeem pays an offer whose price is in miles.
func redeem(c protocol.Call, _ instrument.Tx, account *state) (err error) {
	left, err := account.Balance.Sub(price(c))
	if err != nil || price(c).IsZero() {
		return fault.New(fault.Declined, "there are %s in this account, and the price is %s", account.Balance, price(c)).Because("miles-too-few")
	}
	account.Balance = left
	return nil
}

// giveBack credits what was redeemed.
func giveBack(tx instrument.Tx, card json.RawMessage, amount instrument.Amount) (json.RawMessage, error) {
	i, account, err := kept(tx, card)
	if err != nil {
		return nil, err
	}
	if account.Balance, err = account.Balance.Add(amount); err != nil {
		return nil, err
	}
	if err := i.Encode(account); err != nil {
		return nil, err
	}
	answer, _ := json.Marshal(account.Balance)
	return answer, tx.Put(i)
}

// earn credits a flight, once for each boarding pass.
func earn(c protocol.Call, tx instrument.Tx, account *state) (err error) {
	var flown struct {
		Pass string `json:"pass"`
	}
	if err := c.Arguments(&flown); err != nil || flown.Pass == "" {
		return fault.New(fault.Invalid, "which boarding pass?").Because("pass-missing")
	}
	i := instrument.Instance{Class: "miles", Status: "flown", Keys: map[string]string{"pass": flown.Pass}, State: json.RawMessage(c.Args)}
	if _, err := tx.Create(i); err != nil {
		return err
	}
	account.Balance, err = account.Balance.Add(flight)
	return err
}

func look(protocol.Call, instrument.Tx, *state) error { return nil }

func price(c protocol.Call) instrument.Amount {
	if c.Offer == nil || c.Operation != protocol.Pay {
		return instrument.Amount{}
	}
	return c.Offer.Terms.Price
}
