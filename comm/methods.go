package comm

import (
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// The methods of a session, under the paper's names (§5, figure 4).
const (
	MethodInitiate   = "session.initiate"     // initiate-Session
	MethodClasses    = "instruments.classes"  // get-Remote-Available-Instrument-Classes
	MethodProtocols  = "protocols.available"  // get-Remote-Available-Protocols
	MethodSelect     = "protocol.select"      // set-Remote-Transaction-Protocol
	MethodOperations = "operations.available" // get-Available-Operations
	MethodExecute    = "transaction.execute"  // execute-Transaction
	MethodMessage    = "transaction.message"  // what the two runs of an operation say to each other
	MethodClose      = "session.close"        // close-Session
)

// Initiate opens a session. Both sides have fixed the PNP before; a servicer
// that uses another one refuses.
type Initiate struct {
	Name  string `json:"name"`
	Role  Role   `json:"role"`
	PNP   string `json:"pnp"`
	Login string `json:"login,omitempty"` // a terminal at its bank
	Token string `json:"token,omitempty"` // inside TLS only; never logged
}

// Initiated is the answer to Initiate.
type Initiated struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	PNP  string `json:"pnp"`
	// Version changes when anything changes that decides the servicer's answers in a
	// negotiation: its PNP, classes, protocols and operations. An initiator may remember
	// answers as long as the version is the same. Empty: the servicer does not promise
	// that.
	Version string `json:"version,omitempty"`
	// Open are the initiator's operations that have not ended here, or whose end it has
	// not acknowledged.
	Open []string `json:"open,omitempty"`
}

// Classes asks which classes the servicer takes for an invoice.
type Classes struct {
	Invoice map[string]string `json:"invoice"`
}

// Offered answers with one signed offer per class.
type Offered struct {
	Offers []Offer `json:"offers"`
}

// Offer is one signed line of class negotiation.
type Offer struct {
	Body      []byte `json:"body"` // JSON of instrument.OfferBody, exactly as signed
	Signature []byte `json:"signature"`
}

// Protocols carries the one message of a protocol negotiation: what the PNP's initiator
// sends. The answer is the result of the PNP's servicer.
//
// Without a class it is a joint negotiation of all classes, with the invoice; its answer
// also has the members of Offered.
type Protocols struct {
	Class   string            `json:"class,omitempty"`
	Invoice map[string]string `json:"invoice,omitempty"`
	Args    json.RawMessage   `json:"args,omitempty"`
	Offer   *Offer            `json:"offer,omitempty"` // see Select
}

// Available lists operations by name.
type Available struct {
	Names []string `json:"names"`
}

// Select fixes the protocol for a class in this session. A servicer remembers only what it
// has offered over this connection, so an initiator that had to connect again shows it the
// offer.
type Select struct {
	Class    string `json:"class"`
	Protocol string `json:"protocol"`
	Offer    *Offer `json:"offer,omitempty"`
}

// Execute is the one idempotent request that begins and resumes an operation.
// It is sent at the initiator's first flush, again after each reconnect, until
// its answer is durable there.
type Execute struct {
	Op    string    `json:"op"` // 128 unguessable bits: id and idempotency key on both sides
	Call  Call      `json:"call"`
	Msgs  []Message `json:"msgs,omitempty"`  // all unacknowledged ones
	Have  uint64    `json:"have"`            // the peer's messages are durable here up to this number
	Ended []string  `json:"ended,omitempty"` // operations whose end the initiator has stored since
}

// Call is what is asked. The same id with another Call is a conflict.
type Call struct {
	Protocol  string          `json:"protocol"`
	Replay    int             `json:"replay,omitempty"` // which sequence of steps the initiator's code has
	Operation string          `json:"operation"`
	Class     string          `json:"class"`
	Args      json.RawMessage `json:"args,omitempty"`
	Offer     *Offer          `json:"offer,omitempty"`
	Payer     *Payer          `json:"payer,omitempty"`
	Deadline  time.Time       `json:"deadline,omitzero"`
}

// Payer is the payer's signature over offer, operation, counter and expiry: a
// replay finds the first result, a relay or a swapped price does not verify.
type Payer struct {
	Counter   uint64            `json:"counter"` // of payments in this session
	Expiry    time.Time         `json:"expiry"`
	Signature []byte            `json:"signature"`        // by the identity key of the initiator
	Proofs    map[string][]byte `json:"proofs,omitempty"` // further signatures over the same bytes, by name of the key
}

// Executed is the end of the servicer's operation: a result or a fault.
type Executed struct {
	Op      string          `json:"op"`
	Have    uint64          `json:"have"`
	Msgs    []Message       `json:"msgs,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Fault   *fault.Fault    `json:"fault,omitempty"`
	Receipt []byte          `json:"receipt,omitempty"` // the servicer's signature over offer and result
	// Again says that Fault is not the end of the operation: nothing has begun here, and
	// the same request may be sent again.
	Again bool `json:"again,omitempty"`
}

// Said is the notification that carries messages in the middle of an operation.
type Said struct {
	Op   string    `json:"op"`
	Have uint64    `json:"have"`
	Msgs []Message `json:"msgs,omitempty"`
}

// Message is one numbered message of an operation, from 1 in each direction.
type Message struct {
	N    uint64          `json:"n"`
	Body json.RawMessage `json:"body"`
}
