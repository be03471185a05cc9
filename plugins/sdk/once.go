package sdk

import (
	"encoding/json"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Once is a servicer's side of instruments that it takes a single time, such as coupons.
// For each it keeps an instance of its Class, with the status StatusTaken. Key is a unique
// key of the class and names the member of the shown message that tells one instrument
// from another: so the same one is not taken twice, however many show it at once. One that
// was given back has the status StatusReturned and may be taken again. The class permits
// these moves:
//
//	{To: "taken"}, {From: "taken", To: "returned"}, {From: "returned", To: "taken"}
type Once struct {
	Class instrument.ClassID
	Key   string
}

// Statuses of an instance of Once.
const (
	StatusTaken    = "taken"
	StatusReturned = "returned"
)

// Take is for Simple.Accept: it takes the instrument that a message shows, and reads the
// message into state. The message also becomes the state of the kept instance, so the rule
// of the class is applied to it. It is fault.Invalid without a member called Key,
// fault.Conflict if the instrument was taken before, or an error of instrument.Tx.
func (o Once) Take(tx instrument.Tx, message json.RawMessage, state any) error {
	key, err := o.key(message)
	if err == nil {
		err = json.Unmarshal(message, state)
	}
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "this is no %s", o.Class).Because("message-malformed")
	}
	i, err := o.find(tx, key)
	if err == nil && i.Status == StatusReturned {
		i.Status, i.State = StatusTaken, message
		return tx.Put(i)
	}
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	_, err = tx.Create(instrument.Instance{Class: o.Class, Status: StatusTaken, Keys: map[string]string{o.Key: key}, State: message})
	return err
}

// GiveBack is a Simple.GiveBack for what Take has taken. If the instrument came back before
// and was taken again since, it belongs to another payment by now. The error says so
// (fault.Conflict, "taken-again"): the initiator must not take its instrument for a free one.
func (o Once) GiveBack(tx instrument.Tx, message json.RawMessage, amount instrument.Amount) (json.RawMessage, error) {
	answer := json.RawMessage(`{"taken":false}`)
	key, err := o.key(message)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "what was taken cannot be read")
	}
	i, err := o.find(tx, key)
	switch {
	case err != nil:
		return nil, err
	case amount.IsZero() && i.Status == StatusTaken:
		return nil, fault.New(fault.Conflict, "this came back before, and the %s has paid again since", o.Class).Because("taken-again").
			WithHint("name the payment that it has made since")
	case amount.IsZero():
		return answer, nil
	}
	i.Status = StatusReturned
	return answer, tx.Put(i)
}

// key is what tells a shown instrument from all others. It must be the one that state gets,
// so a message that has a second member of that name in other letters is refused.
func (o Once) key(message json.RawMessage) (string, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(message, &members); err != nil {
		return "", err
	}
	for name := range members { // encoding/json would read it into state as the key
		if name != o.Key && strings.EqualFold(name, o.Key) {
			return "", fault.New(fault.Invalid, "it calls its %s %q", o.Key, name)
		}
	}
	var key string
	if err := json.Unmarshal(members[o.Key], &key); err != nil || key == "" {
		return "", fault.New(fault.Invalid, "it has no %s", o.Key)
	}
	return key, nil
}

func (o Once) find(tx instrument.Tx, key string) (instrument.Instance, error) {
	id, err := tx.Find(o.Class, o.Key, key)
	if err != nil {
		return instrument.Instance{}, err
	}
	return tx.Get(id)
}
