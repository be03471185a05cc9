package protocol

import (
	"encoding/json"
	"strconv"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/plain"
)

// logPart is what one flush makes durable of a running operation, beside its instruments. In
// the next life the code runs again over the parts of its operation, in their order.
type logPart struct {
	Opening *opening   `json:"opening,omitempty"` // in the first part
	Steps   []loggedAt `json:"steps,omitempty"`
	Open    *loggedAt  `json:"open,omitempty"`   // the question that goes to a server or a person right after this flush
	Heard   uint64     `json:"heard,omitempty"`  // number of the last of our messages that the peer has acknowledged
	Posted  bool       `json:"posted,omitempty"` // our request may have left
	Over    *peerEnd   `json:"over,omitempty"`   // how the peer's run has ended, once our code knows
	Last    *lastWords `json:"last,omitempty"`   // the operation has ended; this is the only part then
}

// lastWords are the messages that an initiator which has ended repeats until its peer has them.
type lastWords struct {
	Have uint64         `json:"have,omitempty"`
	Msgs []comm.Message `json:"msgs"`
}

// opening is what an operation has begun with, beside the call in its row.
type opening struct {
	Peer   comm.Peer             `json:"peer"`
	Linked bool                  `json:"linked,omitempty"` // there is a peer to talk to
	Offer  *comm.Offer           `json:"offer,omitempty"`
	Payer  *comm.Payer           `json:"payer,omitempty"`
	Replay int                   `json:"replay"`
	Seed   []byte                `json:"seed"`
	Leased []instrument.Instance `json:"leased,omitempty"` // as seen when the leases were taken
}

// loggedAt is one step. Of a riding step only the digest is kept, and the body of a message,
// which may have to be sent again.
type loggedAt struct {
	N       int             `json:"n"`
	Kind    StepKind        `json:"kind"`
	Digest  []byte          `json:"digest"`
	Answer  *Answer         `json:"answer,omitempty"` // of a step that asks
	Refused *fault.Fault    `json:"refused,omitempty"`
	Body    json.RawMessage `json:"body,omitempty"`
	Mail    int             `json:"mail,omitempty"`  // messages read up to this step
	Reads   bool            `json:"reads,omitempty"` // the question changes nothing at whoever gets it
}

// peerEnd is how the peer's run has ended.
type peerEnd struct {
	Fault *fault.Fault `json:"fault,omitempty"` // nil: with a result, which was the last message
}

// part is what the coming flush adds to the log.
func (o *operation) part(l leaving) logPart {
	p := logPart{Heard: o.mail.acknowledged(), Posted: l.posts, Over: o.mail.over()}
	if o.parts == 0 {
		p.Opening = o.opening()
	}
	for _, r := range o.steps[o.flushed:] {
		p.Steps = append(p.Steps, o.logged(r))
	}
	if l.asks != nil {
		digest := l.asks.digest()
		p.Open = &loggedAt{N: l.asks.N, Kind: l.asks.Kind, Digest: digest[:], Reads: l.asks.reads()}
	}
	return p
}

func (o *operation) opening() *opening {
	return &opening{
		Peer: o.req.Peer, Linked: o.mail.linked, Offer: o.req.Offer, Payer: o.req.Payer,
		Replay: o.in.info.Replay, Seed: o.seed, Leased: o.leased,
	}
}

// farewell is the one part that is left of the log when an initiator ends before its peer has
// acknowledged all of its messages.
func (o *operation) farewell() logPart {
	have, msgs := o.mail.closing()
	p := logPart{Opening: o.opening(), Last: &lastWords{Have: have, Msgs: msgs}}
	p.Opening.Seed, p.Opening.Leased = nil, nil // its code does not run any more
	return p
}

func (o *operation) logged(r recorded) loggedAt {
	digest := r.digest()
	l := loggedAt{N: r.step.N, Kind: r.step.Kind, Digest: digest[:], Mail: r.mail}
	if r.step.Kind > StepResult {
		answer := r.answer
		l.Answer = &answer
	}
	if told, ok := o.outcomes[r.step.N]; ok {
		l.Refused = told.fault
	} else if r.step.Kind == StepSend {
		l.Body = r.step.Body
	}
	return l
}

// restored is the reverse of logged.
func (l loggedAt) restored() recorded {
	r := recorded{step: Step{N: l.N, Kind: l.Kind, Body: l.Body}, mail: l.Mail, earlier: l.Digest}
	if l.Answer != nil {
		r.answer = *l.Answer
		r.answer.outside = l.Kind == StepFetch || l.Kind == StepAsk
	}
	return r
}

func (m *Manager) sealPart(id instrument.OperationID, n int, p logPart) ([]byte, error) {
	w := plain.Begin(nil, p.room())
	p.spell(&w)
	text, err := textOf(&w, &p)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the log of operation %s cannot be written as JSON", Short(id))
	}
	if len(text) > maxLogPart {
		return nil, fault.New(fault.Internal, "one step of operation %s keeps %d bytes; %d are allowed", Short(id), len(text), maxLogPart).Because("log-too-large")
	}
	sealed, err := m.parts.Sealer.Seal(text, partSeal(id, n))
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the log of operation %s cannot be sealed", Short(id))
	}
	return sealed, nil
}

func (m *Manager) openPart(id instrument.OperationID, n int, sealed []byte) (logPart, error) {
	var p logPart
	text, err := m.parts.Sealer.Open(sealed, partSeal(id, n))
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return p, fault.Wrap(err, fault.Internal, "part %d of the log of operation %s cannot be opened: its seal is broken", n, Short(id)).Because("seal-broken")
	}
	return p, nil
}

// partSeal is the associated data of a part of a log.
func partSeal(id instrument.OperationID, n int) []byte {
	return []byte("operation_log\x00" + string(id) + "\x00" + strconv.Itoa(n))
}

// maxLogPart bounds one part of a log, in bytes. A server's answer that is larger is fetched
// in an operation of its own, which keeps it in an instrument instead.
const maxLogPart = 36 << 20
