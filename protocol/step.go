package protocol

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/plain"
)

// StepKind says what a step does.
type StepKind uint8

// The steps. Send and Update ride: they are held back and go with the next asking step, or with
// the result, which ends the run. The numbers are stored in logs and cross the plugin's door.
const (
	StepSend   StepKind = 1
	StepUpdate StepKind = 2
	StepResult StepKind = 3
	StepRecv   StepKind = 4
	StepFetch  StepKind = 5
	StepAsk    StepKind = 7 // 6 is unused
	StepGet    StepKind = 8 // read of an instance that is not leased
	StepFind   StepKind = 9
)

// String is the step as Session calls it.
func (k StepKind) String() string {
	names := []string{
		StepSend: "Send", StepUpdate: "Update", StepResult: "the result", StepRecv: "Recv", StepFetch: "Fetch",
		StepAsk: "Ask", StepGet: "Get", StepFind: "Find",
	}
	if int(k) < len(names) && names[k] != "" {
		return names[k]
	}
	return "an unknown step"
}

// Step is one numbered step of an operation, from 1 in the order of the code.
type Step struct {
	N    int      `json:"n"`
	Kind StepKind `json:"kind"`

	Body   json.RawMessage       `json:"body,omitempty"`   // Send
	Writes []instrument.Instance `json:"writes,omitempty"` // Update: Version 0 creates, else the version that was seen
	Result *Result               `json:"result,omitempty"` // Result, unless Fault
	Fault  *fault.Fault          `json:"fault,omitempty"`  // Result: the operation failed
	Fetch  *Request              `json:"fetch,omitempty"`
	Prompt *Prompt               `json:"prompt,omitempty"`
	Get    instrument.ID         `json:"get,omitempty"`
	Find   *Lookup               `json:"find,omitempty"`
}

// Lookup is the body of a Find step.
type Lookup struct {
	Class instrument.ClassID `json:"class"`
	Key   string             `json:"key"`
	Value string             `json:"value"`
}

// reads reports whether what is asked changes nothing.
func (st Step) reads() bool {
	return st.Fetch == nil || st.Fetch.Method == "GET" || st.Fetch.Method == "HEAD"
}

// digest is equal for equal steps: the same code over the same answers takes equal steps.
func (st Step) digest() [32]byte {
	w := plain.Begin(nil, st.room())
	st.spell(&w)
	text, err := textOf(&w, &st)
	if err != nil { // a body that is not JSON; it is refused when it is taken
		return [32]byte{}
	}
	return sha256.Sum256(text)
}

// Begin starts one run of an operation's code. After a rewind or a crash the
// code gets another Begin and runs again from the top.
type Begin struct {
	Op       instrument.OperationID `json:"op"`
	Protocol string                 `json:"protocol"`
	Side     Side                   `json:"side"`
	Peer     comm.Peer              `json:"peer"`
	Call     Call                   `json:"call"`
	Leased   []instrument.Instance  `json:"leased,omitempty"` // as seen when the lease was taken
	Seed     []byte                 `json:"seed"`             // 32 bytes; a secret
	Now      time.Time              `json:"now"`
	Outcomes map[int]*fault.Fault   `json:"outcomes,omitempty"` // refusals of riding steps, by number
	Recorded int                    `json:"recorded,omitempty"` // steps up to this number are answered from the record
	Ahead    *Ahead                 `json:"-"`                  // the answer to the first step, if it is that one
}

// Answer is what the host says to an exchange.
type Answer struct {
	Now time.Time `json:"now"`

	Message  json.RawMessage      `json:"message,omitempty"`  // Recv
	Response *Response            `json:"response,omitempty"` // Fetch
	Text     string               `json:"text,omitempty"`     // Ask
	Instance *instrument.Instance `json:"instance,omitempty"` // Get
	Found    instrument.ID        `json:"found,omitempty"`    // Find
	Fault    *fault.Fault         `json:"fault,omitempty"`    // the asking step failed

	// One of these ends the run.
	Rewind    *Begin `json:"rewind,omitempty"`    // run again from the top
	Done      bool   `json:"done,omitempty"`      // the result is final
	Suspended bool   `json:"suspended,omitempty"` // the host goes away; forget the run

	Ahead *Ahead `json:"-"` // the answer to the step after this one, if it is that one

	outside bool // of a server or a person: a rewind does not undo what they did
}

// Door is the host as the code of one operation reaches it.
type Door interface {
	// Exchange hands over steps, the last of which is an asking one or the result, and returns
	// the host's answer to that one. There is one exchange at a time. From then on nobody
	// changes what the steps point to. An error means that the host is gone.
	Exchange(ctx context.Context, steps []Step) (Answer, error)
}

// reacher is a Door that knows which classes its code may reach. A plugin's door does: the host
// ends a plugin that hands over another class.
type reacher interface {
	Reaches(instrument.ClassID) bool
}

// Stepper is a Protocol whose code runs elsewhere, in a plugin: the host hands
// it the door instead of a Session.
type Stepper interface {
	Protocol
	// RunSteps runs one operation to its end. An error means that the code died
	// on the way; the host may run it again with a new Begin.
	RunSteps(ctx context.Context, b Begin, d Door) error
}
