package main

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// take takes a code once. One that was given back since may be taken again; of any
// other the unique key says that it is used.
func take(tx instrument.Tx, code string, message json.RawMessage) error {
	id, err := tx.Find("coupon", "code", code)
	if err == nil {
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		if i.Status == "returned" {
			i.Status = "taken"
			return tx.Put(i)
		}
	}
	_, err = tx.Create(instrument.Instance{Class: "coupon", Status: "taken", Keys: map[string]string{"code": code}, State: message})
	return err
}

// giveBack lets a code be taken again.
func giveBack(tx instrument.Tx, message json.RawMessage, amount instrument.Amount) (json.RawMessage, error) {
	answer := json.RawMessage(`{"taken":false}`)
	if amount.IsZero() { // it was given back before, and may have been taken again since
		return answer, nil
	}
	var s state
	if err := json.Unmarshal(message, &s); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "what was taken cannot be read")
	}
	id, err := tx.Find("coupon", "code", s.Code)
	if err != nil {
		return nil, err
	}
	i, err := tx.Get(id)
	if err != nil {
		return nil, err
	}
	i.Status = "returned"
	return answer, tx.Put(i)
}
