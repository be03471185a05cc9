package protocol

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Transactions is the topic of the paper's EXECUTE_TRANSACTION events (§5.5). An operation adds
// one entry, in the commit that ends it. No entry is made for read-only and Keyed operations,
// for those that failed before anything was durable, and for those that their operator has
// ended (Abandon, ForgoStopped).
const Transactions instrument.Topic = "transactions"

// Transacted is the body of an entry of Transactions.
type Transacted struct {
	Operation instrument.OperationID `json:"operation"`
	Side      Side                   `json:"side"`
	Protocol  string                 `json:"protocol"`
	Name      string                 `json:"name"`            // of the operation: PAY
	Class     instrument.ClassID     `json:"class,omitempty"` // with which it was called; at either side the same
	Principal instrument.PrincipalID `json:"principal,omitempty"`
	Peer      string                 `json:"peer,omitempty"` // its key
	Amount    instrument.Amount      `json:"amount,omitzero"`
	Invoice   instrument.Invoice     `json:"invoice,omitempty"` // of the signed offer
	Result    json.RawMessage        `json:"result,omitempty"`
	Fault     *fault.Fault           `json:"fault,omitempty"` // it has failed
}

// journalEnd adds the entry of the end to the draft that the last flush writes, once.
func (o *operation) journalEnd(end *outcome) error {
	if o.noted || o.spec.ReadOnly || !o.row && (o.spec.Keyed || end.Fault != nil && len(o.draft.Written()) == 0) {
		return nil
	}
	e := Transacted{
		Operation: o.id, Side: o.req.Side, Protocol: o.in.info.ID, Name: o.spec.Name, Class: o.req.Call.Class, Principal: o.req.Principal, Peer: o.req.Peer.Key, Fault: end.Fault,
	}
	if end.Result != nil {
		e.Amount, e.Result = end.Result.Amount, end.Result.Value
	}
	if offer := o.req.Call.Offer; offer != nil {
		e.Invoice = offer.Invoice
	}
	o.noted = true
	return o.draft.Append(Transactions, o.req.Call.Main(), transacted{e})
}
