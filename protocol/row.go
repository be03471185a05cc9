package protocol

import (
	"encoding/binary"
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// rowBody is the sealed part of an operation row, as JSON.
type rowBody struct {
	Call json.RawMessage `json:"call"`
	End  *outcome        `json:"end,omitempty"`
}

// toRow is the row of the operation in state s, with its outcome if it has one.
func (o *operation) toRow(s State, end *outcome) (Row, error) {
	digest, err := o.digest()
	if err != nil {
		return Row{}, err
	}
	r := Row{
		ID: o.id, Side: o.req.Side, State: s, Protocol: o.in.info.ID, Operation: o.spec.Name, Class: o.req.Call.Class,
		Principal: o.req.Principal, Peer: o.req.Peer.Key, Runner: o.m.parts.Runner, Digest: digest[:], Begun: o.begun,
	}
	if s == Ended {
		r.Ended = o.m.parts.Clock()
	}
	if end != nil && o.req.Side == Servicer {
		e := *end
		e.Have, e.Msgs = o.mail.closing()
		end = &e
	}
	text, err := rowText(&o.req.Call, end)
	return o.m.sealText(r, text, err)
}

func (m *Manager) seal(r Row, body rowBody) (Row, error) {
	text, err := json.Marshal(body)
	return m.sealText(r, text, err)
}

// sealText is a row with its body, which is text; err is the error of making the text.
func (m *Manager) sealText(r Row, text []byte, err error) (Row, error) {
	if err != nil {
		return Row{}, fault.Wrap(err, fault.Internal, "operation %s cannot be written as JSON", Short(r.ID))
	}
	r.Sealed, err = m.parts.Sealer.Seal(text, rowSeal(r))
	if err != nil {
		return Row{}, fault.Wrap(err, fault.Internal, "operation %s cannot be sealed", Short(r.ID))
	}
	return r, nil
}

func (m *Manager) unseal(r Row) (rowBody, error) {
	text, err := m.parts.Sealer.Open(r.Sealed, rowSeal(r))
	if err != nil {
		var earlier error
		if text, earlier = m.parts.Sealer.Open(r.Sealed, earlierRowSeal(r)); earlier == nil {
			err = nil
		}
	}
	if err != nil {
		return rowBody{}, fault.Wrap(err, fault.Internal, "operation %s cannot be opened: its seal is broken", Short(r.ID)).Because("seal-broken")
	}
	var body rowBody
	if err := json.Unmarshal(text, &body); err != nil {
		return rowBody{}, fault.Wrap(err, fault.Internal, "operation %s cannot be read", Short(r.ID))
	}
	return body, nil
}

// openOutcome reads how the operation of a row has ended. The error is ReasonPending if
// it has not, and of kind fault.Stuck if it was stopped.
func (m *Manager) openOutcome(r Row) (outcome, error) {
	if r.State == Running {
		return outcome{}, fault.New(fault.Unknown, "operation %s runs in another process, or was interrupted", Short(r.ID)).Because(ReasonPending)
	}
	body, err := m.unseal(r)
	switch {
	case err != nil && r.State == Stuck:
		return outcome{}, stoppedBy(r.ID, err)
	case err != nil:
		return outcome{}, err
	case body.End == nil || body.End.Fault == nil && (body.End.Result == nil || r.State == Stuck):
		return outcome{}, fault.New(fault.Internal, "operation %s has ended without an outcome", Short(r.ID))
	case r.State == Stuck:
		return outcome{}, body.End.Fault
	}
	return *body.End, nil
}

// rowSeal is the associated data of an operation row. It covers all that decides how the row
// is found, how its peer is answered and how the operation goes on. It does not cover what
// changes without a new seal: the runner, the times, and whether the peer has heard the end.
func rowSeal(r Row) []byte {
	ad := append(make([]byte, 0, 384), "operation\x00"...)
	for _, part := range [...]string{
		string(r.ID), string(r.Side), string(r.State), r.Protocol, r.Operation, string(r.Class), string(r.Principal), r.Peer, string(r.Digest),
	} {
		ad = append(binary.AppendUvarint(ad, uint64(len(part))), part...)
	}
	return ad
}

// earlierRowSeal is the associated data of older rows, which did not cover principal and
// peer.
func earlierRowSeal(r Row) []byte {
	ad := []byte("operations\x00" + string(r.ID) + "\x00" + string(r.Side) + "\x00" + string(r.State) + "\x00")
	return append(ad, r.Digest...)
}

// Short is how an operation id is shown: enough to name it, not to take it over.
func Short(id instrument.OperationID) string {
	if len(id) > 12 {
		return string(id[:12])
	}
	return string(id)
}
