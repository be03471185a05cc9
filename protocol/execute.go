package protocol

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Execution asks for one side of an operation.
type Execution struct {
	// ID is operation id and idempotency key; empty makes a new one.
	ID        instrument.OperationID
	Side      Side // Initiator unless set
	Protocol  string
	Principal instrument.PrincipalID // on whose behalf; owns what the operation creates
	Peer      comm.Peer              // zero for an operation without a peer
	Link      Link                   // how an initiator reaches its peer; nil: it has none
	Call      Call
	Offer     *comm.Offer // the signed offer that Call.Offer was read from
	Payer     *comm.Payer
	Ask       Asker // where a person is present
}

// Link is how an operation reaches the run at its peer.
type Link interface {
	// Execute sends the request that begins or resumes the peer's run, and waits
	// for its end. An error means that no answer came: the request is sent again.
	Execute(ctx context.Context, e comm.Execute) (comm.Executed, error)
	// Say sends messages in the middle of an operation. What is lost is sent
	// again with the next Execute.
	Say(ctx context.Context, s comm.Said) error
}

// Asker asks a person.
type Asker func(ctx context.Context, p Prompt) (string, error)

// NewOperationID makes an unguessable operation id.
func NewOperationID(random io.Reader) (instrument.OperationID, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fault.Wrap(err, fault.Internal, "no random bytes for an operation id")
	}
	return instrument.OperationID(hex.EncodeToString(b[:])), nil
}

// CheckOperationID refuses what cannot be an operation id; ids come from peers.
func CheckOperationID(id instrument.OperationID) error {
	if b, err := hex.DecodeString(string(id)); err != nil || len(b) != 16 {
		return fault.New(fault.Invalid, "an operation id is 32 hexadecimal digits").Because("operation-id-malformed")
	}
	return nil
}

// Execute runs one side of an operation to its end and returns its result: the
// paper's execute-Transaction. Repeating an id returns the first outcome; the
// same id with another call is a conflict. When ctx ends the caller is let go
// with fault.Unknown, reason "pending", and the operation goes on.
func (m *Manager) Execute(ctx context.Context, r Execution) (Result, error) {
	o, err := m.begin(ctx, r)
	if err != nil {
		return Result{}, err
	}
	select {
	case <-o.done:
		return o.result, o.failure
	case <-ctx.Done():
		return Result{}, fault.Wrap(ctx.Err(), fault.Unknown, "operation %s has not ended yet", Short(o.id)).
			Because("pending").WithHint("ask again with the same key, or look at `operation list`")
	}
}

// Serve runs the servicer's side of an operation that a peer has begun or
// resumes, and returns its end.
func (m *Manager) Serve(ctx context.Context, r Execution, e comm.Execute) comm.Executed {
	r.ID, r.Side = instrument.OperationID(e.Op), Servicer
	if err := CheckOperationID(r.ID); err != nil {
		return comm.Executed{Op: e.Op, Fault: fault.From(err)}
	}
	o, err := m.begin(ctx, r)
	if err != nil {
		return comm.Executed{Op: e.Op, Fault: fault.From(err)}
	}
	o.mail.arrived(e.Have, e.Msgs)
	o.mail.relink(r.Link)
	select {
	case <-o.done:
	case <-ctx.Done():
		return comm.Executed{Op: e.Op, Fault: fault.New(fault.Unknown, "the operation goes on").Because("pending")}
	}
	out := comm.Executed{Op: e.Op, Have: o.mail.durable(), Msgs: o.mail.unacknowledged(), Result: o.result.Value}
	if o.failure != nil {
		out.Result, out.Fault = nil, fault.From(o.failure)
	}
	return out
}

// Hear takes messages that a peer sends in the middle of an operation. Those of
// an operation that does not run here, or belongs to another peer, are dropped:
// whoever sent them sends them again when it resumes.
func (m *Manager) Hear(peer comm.Peer, s comm.Said) {
	m.mu.Lock()
	o := m.ops[instrument.OperationID(s.Op)]
	m.mu.Unlock()
	if o != nil && o.req.Peer.Key == peer.Key {
		o.mail.arrived(s.Have, s.Msgs)
	}
}

// begin starts an operation, or finds the one that runs under the id.
func (m *Manager) begin(ctx context.Context, r Execution) (*operation, error) {
	if r.Side == "" {
		r.Side = Initiator
	}
	if r.ID == "" {
		id, err := NewOperationID(m.parts.Random)
		if err != nil {
			return nil, err
		}
		r.ID = id
	}
	o, err := m.newOperation(r)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	if other := m.ops[r.ID]; other != nil {
		m.mu.Unlock()
		return other, sameCall(other, o)
	}
	if m.life.Err() != nil {
		m.mu.Unlock()
		return nil, fault.New(fault.Unavailable, "this party is shutting down").Because("shutting-down")
	}
	m.ops[r.ID] = o
	m.work.Add(1)
	m.mu.Unlock()
	go o.live(ctx)
	return o, nil
}

func sameCall(running, asked *operation) error {
	if running.digest != asked.digest || running.req.Peer.Key != asked.req.Peer.Key {
		return keyReused(running.id)
	}
	return nil
}

func keyReused(id instrument.OperationID) error {
	return fault.New(fault.Conflict, "operation %s was begun with other content", Short(id)).
		Because("key-reused").WithHint("use another --key for another operation")
}

// Short is how an operation id is shown: enough to name it, not to take it over.
func Short(id instrument.OperationID) string {
	if len(id) > 12 {
		return string(id[:12])
	}
	return string(id)
}

// digestOf is the digest of what is asked, equal for repetitions.
func digestOf(r Execution) [32]byte {
	text, err := json.Marshal(struct {
		Side     Side
		Protocol string
		Call     Call
	}{r.Side, r.Protocol, r.Call.repeatable()})
	if err != nil { // arguments that are not JSON: refused when the operation begins
		return [32]byte{}
	}
	return sha256.Sum256(text)
}

// repeatable is the call without what may differ in a repetition.
func (c Call) repeatable() Call {
	c.Deadline = time.Time{}
	return c
}
