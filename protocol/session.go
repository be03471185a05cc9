package protocol

import (
	"context"
	"log/slog"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
)

// Session is all that a protocol may do, and all that it may know (paper §2.6).
//
// Rules for the code: one goroutine; no clock, dice, files, network, globals or timeouts but
// the session's own; ctx carries values only. An operation that moves value makes an Update
// with its intent before its first Send or Fetch. Once a call has returned fault.Suspended the
// run is over: every further call returns it, and the result of DoOperation is thrown away.
type Session interface {
	// Side and Peer are fixed for the life of the operation.
	Side() Side
	Peer() comm.Peer
	// Operation is the id of the operation: a good external reference.
	Operation() instrument.OperationID

	// Send gives the peer a message: v as JSON. It rides: nil does not mean that it was sent.
	Send(ctx context.Context, v any) error
	// Recv waits for the peer's next message and reads it into v, if v is not nil. At the
	// initiator the servicer's result is the last one. If the peer ended with a fault, Recv
	// returns it. A message that cannot be read is fault.Invalid at a servicer, which has done
	// nothing for it yet, and fault.Unknown at an initiator, whose peer may have done its part.
	// When the deadline passes it is fault.Timeout at a servicer, and at an initiator whose
	// request has surely not arrived; another initiator waits on for the outcome.
	Recv(ctx context.Context, v any) error
	// Update changes instances: the leased ones, new ones, and others of the bundle's
	// classes. If somebody else changes one of them first, DoOperation runs again. It rides:
	// nil means that the change is committed before anything leaves this party. It fails with the class's
	// refusal, fault.Conflict (a key is taken), fault.Locked (another operation holds the
	// instance), or the closure's own error.
	Update(ctx context.Context, f func(instrument.Tx) error) error
	// Fetch makes one request to the origin that an instrument names. If a crash loses the
	// answer, a request with Repeat is sent again; any other fails with fault.Unknown,
	// ReasonAnswerLost.
	Fetch(ctx context.Context, r Request) (Response, error)
	// Ask asks the person in front of the initiator, and waits until the operation's deadline,
	// which is a minute after its beginning unless its caller has said otherwise. Where there
	// are choices the answer is one of them. The error is fault.Unsupported, ReasonNoPerson,
	// where nobody can be asked, as at a servicer, and fault.Timeout, ReasonQuestionOver,
	// without an answer in time. After a crash in the middle the person is asked again.
	Ask(ctx context.Context, p Prompt) (string, error)

	// Now is the time of the last answer; it stands still between answers.
	Now() time.Time
	// Random is a stream over the operation's secret seed: the same bytes when
	// the operation runs again.
	Random(n int) []byte
	// Log is silent while the operation runs again over recorded answers.
	Log() *slog.Logger
}

// Request is one request of a Fetch. The host makes the idempotency key from
// operation id and step, and sends it as the header Idempotency-Key.
type Request struct {
	Address instrument.ID     `json:"address"` // the instance whose class names its base URL
	Method  string            `json:"method"`
	Path    string            `json:"path"` // below the base URL, with query
	Header  map[string]string `json:"header,omitempty"`
	Body    []byte            `json:"body,omitempty"`
	Timeout time.Duration     `json:"timeout,omitempty"`
	Limit   int64             `json:"limit,omitempty"` // most bytes of the answer's body; 0: 256 KiB, at most 32 MiB
	// Repeat says that the request only reads, or that the far side honours the
	// key: it may be sent again after a crash.
	Repeat bool `json:"repeat,omitempty"`
}

// Response is the answer, whatever its HTTP status.
type Response = comm.Fetched

// Prompt is a question for a person.
type Prompt struct {
	Text    string   `json:"text"`
	Choices []string `json:"choices,omitempty"`
	Secret  bool     `json:"secret,omitempty"`
}
