package till

import (
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

const class instrument.ClassID = "till-withdrawal"

// topic is the event stream.
const topic instrument.Topic = "till"

const (
	keyRequest  = "request_uid"
	statusOpen  = "open"  // it goes on when the terminal is started
	statusEnded = "ended" // and its end was told
)

// Records are the till's own class, which no plugin brings.
func Records() protocol.Bundle {
	return protocol.Bundle{Name: "till", Classes: []instrument.Class{controller.Kept{Rule: checkRecord, About: instrument.Info{
		ID: class, Title: "Withdrawal that till software sells", Keys: []string{keyRequest}, Shareable: true,
		Moves: []instrument.Move{
			{From: "", To: statusOpen},
			{From: statusOpen, To: statusOpen},
			{From: statusOpen, To: statusEnded},
			{From: statusEnded, To: statusOpen}, // one that the bank never had is begun again
		},
	}}}}
}

// record is what the till keeps of a withdrawal beside the terminal's own record.
type record struct {
	RequestUID string            `json:"request_uid"`
	Amount     instrument.Amount `json:"amount"`
	Exchange   string            `json:"exchange,omitempty"` // that was asked for
	Peer       bool              `json:"peer,omitempty"`     // a native peer pays
	Told       []string          `json:"told,omitempty"`     // events that are told once
	Latest     string            `json:"latest,omitempty"`   // peer or reason of the last event that may come again
}

// order is what the terminal is asked to sell.
func (r record) order() vendor.Order {
	return vendor.Order{RequestUID: r.RequestUID, Amount: r.Amount, Exchange: r.Exchange}
}

func checkRecord(before, after *instrument.Instance) error {
	var is, was record
	if err := after.Decode(&is); err != nil || after.Keys[keyRequest] != is.RequestUID {
		return fault.New(fault.Invalid, "this is not the state of a till's withdrawal").Because("record-malformed")
	}
	if before == nil {
		return nil
	}
	if err := before.Decode(&was); err != nil {
		return err
	}
	if is.RequestUID != was.RequestUID || is.Amount != was.Amount || is.Exchange != was.Exchange {
		return fault.New(fault.Invalid, "a withdrawal cannot become another one").Because("record-changed")
	}
	return nil
}

// says is the pure rule of the stream: whether an event is news, and what is noted of it. An
// event that happens once is told once, over all lives; one that may come again is told when
// it says something new.
func (r *record) says(e vendor.Event) bool {
	switch e.Event {
	case vendor.EventPay, vendor.EventUnknown:
		if news := e.Event + " " + e.Peer + e.Reason; news != r.Latest {
			r.Latest = news
			return true
		}
		return false
	}
	if slices.Contains(r.Told, e.Event) {
		return false
	}
	r.Told = append(r.Told, e.Event)
	return true
}

// keep makes the record of a withdrawal that begins, or finds it.
func (t *Till) keep(ctx context.Context, r record) (id instrument.ID, err error) {
	own, err := t.terminal.Own(ctx)
	if err != nil {
		return "", err
	}
	i := instrument.Instance{Class: class, Owner: own.ID, Status: statusOpen, Keys: map[string]string{keyRequest: r.RequestUID}}
	if err := i.Encode(r); err != nil {
		return "", err
	}
	err = t.terminal.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		id, err = tx.Find(class, keyRequest, r.RequestUID)
		if fault.KindOf(err) == fault.NotFound {
			id, err = tx.Create(i)
			return err
		}
		if err != nil {
			return err
		}
		found, err := tx.Get(id)
		if err != nil {
			return err
		}
		var was record
		if err := found.Decode(&was); err != nil {
			return err
		}
		if was.Amount != r.Amount || was.Exchange != r.Exchange {
			return fault.New(fault.Conflict, "this key belongs to another withdrawal").Because(protocol.ReasonKeyReused).WithHint("use another key for another withdrawal")
		}
		if found.Status == statusOpen || len(was.Told) > 0 {
			return nil
		}
		found.Status = statusOpen
		return tx.Put(found)
	})
	return id, err
}

// change changes the record of a withdrawal, and adds the events that f returns to the stream,
// in one commit.
func (t *Till) change(ctx context.Context, id instrument.ID, f func(status *string, r *record) []Told) error {
	return t.terminal.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		var r record
		if err := i.Decode(&r); err != nil {
			return err
		}
		before, was := i.Status, string(i.State)
		told := f(&i.Status, &r)
		if err := i.Encode(r); err != nil {
			return err
		}
		if before == i.Status && was == string(i.State) {
			return nil
		}
		if err := tx.Put(i); err != nil {
			return err
		}
		for _, e := range told {
			if err := tx.Append(topic, id, e); err != nil {
				return err
			}
		}
		return nil
	})
}
