package protocol

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

// Store is what the Manager needs of a database beyond instruments: operation
// rows, in the same unit of work as the instruments that the operation changes.
type Store interface {
	// UpdateOperations runs one unit of work; the contract of
	// instrument.Store.UpdateInstruments holds.
	UpdateOperations(ctx context.Context, unit func(Writer) error) error
	// OperationRow reads one operation; fault.NotFound.
	OperationRow(ctx context.Context, id instrument.OperationID) (Row, error)
	// OperationRows lists operations, newest first.
	OperationRows(ctx context.Context, f Filter) ([]Row, error)
	// OperationLog reads what Log has written of one operation, in its order.
	OperationLog(ctx context.Context, id instrument.OperationID) ([][]byte, error)
}

// Writer is one unit of work on operations and instruments.
type Writer interface {
	instrument.Writer
	OperationWriter
	LogWriter
}

// OperationWriter writes operation rows.
type OperationWriter interface {
	// BeginOperation stores the row of an operation; *Known if there is one.
	BeginOperation(r Row) error
	// EndOperation replaces the row of a running operation by one that has ended; *Known
	// if the operation does not run under the same Runner any more.
	EndOperation(r Row) error
	// TakeOver gives an operation the runner, state and sealed part of r. from is its row as it
	// was read; *Known if its runner or state has changed since.
	TakeOver(r, from Row) error
	// Heard notes that a peer has stored the end of an operation that this side has
	// serviced for it. It ignores any other operation.
	Heard(peer string, id instrument.OperationID) error
}

// LogWriter writes what is durable of an operation that has not ended.
type LogWriter interface {
	// Log adds part n of the log, from 1; *Known if the operation is not that
	// runner's any more.
	Log(id instrument.OperationID, runner string, n int, sealed []byte) error
	// Forget removes the log of an operation.
	Forget(id instrument.OperationID) error
}

// State is how far an operation has come.
type State string

// The states of an operation row.
const (
	Running State = "running"
	Ended   State = "ended"
	Stuck   State = "stuck" // stopped; waits for the operator
)

// Row is an operation as it is stored: the idempotency key, the call, and the first outcome, which
// every repetition gets again.
type Row struct {
	ID        instrument.OperationID
	Side      Side
	State     State
	Protocol  string
	Operation string
	Class     instrument.ClassID
	Principal instrument.PrincipalID // on whose behalf
	Peer      string                 // the peer's key; empty for a local operation
	Runner    string                 // which life of which node runs it
	Digest    []byte                 // of the call; another call under the same id is a conflict
	Begun     time.Time
	Ended     time.Time // zero while running
	Sealed    []byte    // call and, once ended, outcome
}

// Filter chooses operations to list; zero members do not restrict.
type Filter struct {
	State     State
	Runner    string // operations of any other runner, if NotRunner
	NotRunner bool
	Prefix    string // of the id
	Side      Side
	Peer      string
	Class     instrument.ClassID
	Logged    bool // only those of which a log is left
	Unheard   bool // only those that a peer has begun here whose end it has not acknowledged
	Limit     int  // 0: no limit
}

// Known is the error of a unit of work when the row of an operation is not as expected:
// BeginOperation finds one, the others find another runner or state. Row is the one that is
// there.
type Known struct{ Row Row }

// Error implements error.
func (e *Known) Error() string {
	return "the row of operation " + string(e.Row.ID) + " is not as expected"
}
