package bank

import (
	"context"
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Outgoing is the topic of transfers that were carried out: the exchange's
// outgoing history. Its numbers are not those of Transfers, for refunds end in
// another order than they were asked for, and a reader that follows by number
// must miss none.
const Outgoing instrument.Topic = "outgoing"

// OpenTransfer is a transfer that is to be carried out.
type OpenTransfer struct {
	ID       instrument.ID
	Transfer taler.Transfer
}

// TransferReport is what a worker says of a transfer. The state may also be
// pending: then it is a remark.
type TransferReport struct {
	State   taler.TransferState
	Message string          // for the exchange's people: why it stands there
	Refund  string          // what the provider calls the refund, once it does
	Proof   json.RawMessage // the provider's raw answer
	Refused bool            // the provider has refused it
}

// ReportTransfer writes what became of an attempt. A success goes into the
// outgoing history in the same commit. The same final state again is no error;
// another one is fault.Conflict, reason "transfer-decided".
func (b *Bank) ReportTransfer(ctx context.Context, id instrument.ID, r TransferReport) error {
	var t taler.Transfer
	err := b.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		wrote := false
		err := amend(tx, id, func(i *instrument.Instance, now *taler.Transfer) (bool, error) {
			if t = *now; t.State.Final() {
				return false, alreadyEnded(t.State, r.State)
			}
			t, wrote = reported(t, r, b.Now().Unix()), true
			*now, i.Status = t, string(t.State)
			return true, nil
		})
		if err != nil || !wrote || t.State != taler.TransferSuccess {
			return err
		}
		row, err := t.Carried()
		if err != nil {
			return err
		}
		return tx.Append(topicOf(Outgoing, t.Exchange), id, row)
	})
	if err == nil {
		b.changed(ctx, t.Exchange, id)
	}
	return err
}

// alreadyEnded refuses another end than the one that there was.
func alreadyEnded(as, now taler.TransferState) error {
	if as == now {
		return nil
	}
	return fault.New(fault.Conflict, "this transfer ended as %s and cannot become %s", as, now).Because("transfer-decided")
}

// reported is t after a report, at a time in unix seconds.
func reported(t taler.Transfer, r TransferReport, at int64) taler.Transfer {
	t.State, t.Message, t.Tried = r.State, r.Message, at
	t.Attempts++
	if r.Refund != "" {
		t.Refund = r.Refund
	}
	if r.Proof != nil {
		t.Proof = r.Proof
	}
	if r.Refused && t.Refused == 0 {
		t.Refused = at
	}
	if t.State.Final() {
		t.Ended = at
	}
	return t
}
