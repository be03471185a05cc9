package protocol

import (
	"context"
	"encoding/hex"
	"io"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Execution describes one side of an operation (paper §5.5, execute-Transaction). An ID that is
// used again, with the same content, finds the first outcome.
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
	Payer     *comm.Payer // the payer's signature under the offer
	// Ended, if set, is called once the operation has ended, with its error, whether or
	// not anybody still waits for it; and again when the same id is asked for again. It
	// must not block.
	Ended func(error)

	resumes bool           // the peer goes on with an operation instead of beginning one
	first   []comm.Message // those that came with the peer's request
	heard   []string       // ids of operations whose end the peer has stored, as its request says
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

// Asker puts a question to a person and returns the answer: one of the choices where there
// are any. When ctx ends it returns an error, which is the cause of ctx if that is a fault.
type Asker func(ctx context.Context, q Question) (string, error)

// Question is a Prompt and its source. The person is told the source as well, because a
// plugin or a peer may have written the text.
type Question struct {
	Prompt
	Protocol string
	Name     string // of the operation: PAY
	Peer     comm.Peer
}

// NewOperationID makes an unguessable operation id.
func NewOperationID(random io.Reader) (instrument.OperationID, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fault.Wrap(err, fault.Internal, "no random bytes for an operation id")
	}
	return instrument.OperationID(hex.EncodeToString(b[:])), nil
}

// CheckOperationID refuses what cannot be an operation id; ids come from peers. Only one
// spelling is taken, so that a person who types the id finds what a peer has begun.
func CheckOperationID(id instrument.OperationID) error {
	if b, err := hex.DecodeString(string(id)); err != nil || len(b) != 16 || hex.EncodeToString(b) != string(id) {
		return fault.New(fault.Invalid, "an operation id is 32 hexadecimal digits, in small letters").Because("operation-id-malformed")
	}
	return nil
}
