package instrument

import (
	"context"
	"fmt"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Store is what the Manager needs of a database. Reads see committed state only.
type Store interface {
	Reader
	Counter
	Neighbour
	// UpdateInstruments runs one unit of work. The unit is called on the store's
	// writer, in a savepoint of its own, once; if it fails nothing of it is kept
	// and its error is returned. Nil means: committed and on disk. The unit may
	// only compare and write; it never waits. A full queue is
	// fault.Unavailable at once.
	UpdateInstruments(ctx context.Context, unit func(Writer) error) error
}

// Reader reads committed rows.
type Reader interface {
	// Row reads one instance; fault.NotFound. Its sealed bytes may be shared: nobody
	// changes them.
	Row(ctx context.Context, id ID) (Row, error)
	// FindRow finds the instance that claims a unique key; fault.NotFound.
	FindRow(ctx context.Context, class ClassID, key BlindKey) (ID, error)
	// Rows lists instances in the order of their ids.
	Rows(ctx context.Context, f Filter) ([]Row, error)
	// Entries reads a page of a topic.
	Entries(ctx context.Context, t Topic, p Page) ([]EntryRow, error)
}

// Neighbour tells of other processes on the same database, by a number that grows when one
// has written.
type Neighbour interface {
	// Foreign is the number now: what others have committed before the call is counted. It
	// may wait for the writer.
	Foreign(ctx context.Context) (uint64, error)
	// Seen is the number as it was found last, at once. all reports whether it is certain that
	// nothing of others is missing in it; a store that cannot know says false, always.
	Seen() (foreign uint64, all bool)
}

// Counter counts without reading what is counted.
type Counter interface {
	// Tally counts the instances of a class by status, in the order of the words.
	Tally(ctx context.Context, class ClassID) ([]Tally, error)
	// Skips lists the numbers that a topic has left out, the first ones first.
	Skips(ctx context.Context, t Topic) ([]Skip, error)
}

// Tally is how many instances have a status, and which of them is the oldest.
type Tally struct {
	Status string
	Count  int
	Oldest ID
}

// Writer is one unit of work on instruments.
type Writer interface {
	RowWriter
	LeaseWriter
	// Append gives an entry the topic's next number and stores it with the body
	// that seal makes of that number. The number is given back if the unit fails.
	Append(e EntryRow, seal func(Seq) ([]byte, error)) (Seq, error)
	// Skip makes next the number that a topic gives next. It goes forwards only:
	// fault.Conflict, reason "number-taken".
	Skip(t Topic, next Seq) error
}

// RowWriter writes instance rows and proves what was read. It may keep the sealed
// bytes of a row: nobody changes them afterwards.
type RowWriter interface {
	// Insert stores a new row and claims its keys; *KeyConflict if one is taken.
	Insert(r Row) error
	// Update replaces a row whose stored version is seen; *VersionConflict otherwise,
	// fault.Locked if anybody but holder leases it. Keys are added, never removed: fault.Internal, reason
	// "seal-broken", if one that it adds is on record as its own, for then the row was turned back.
	Update(r Row, seen int64, holder OperationID) error
	// Validate proves that a row that was only read still has the version seen.
	Validate(id ID, seen int64) error
	// ValidateKey proves that a unique key is still claimed by id, or by nobody if id is empty.
	ValidateKey(class ClassID, key BlindKey, id ID) error
}

// LeaseWriter makes leases durable and ends them.
type LeaseWriter interface {
	// Lease gives the row to holder if its version is still the one seen and
	// nobody else holds it; *VersionConflict or fault.Locked otherwise.
	Lease(id ID, seen int64, holder OperationID) error
	// Release ends all leases of holder.
	Release(holder OperationID) error
}

// Row is an instance as it is stored. Name, keys and state are in Sealed.
type Row struct {
	ID      ID
	Class   ClassID
	Owner   PrincipalID
	Status  string
	Version int64
	Lease   OperationID // empty: free
	Keys    []BlindKey
	Sealed  []byte
}

// BlindKey is a unique key whose value cannot be read back from the database.
type BlindKey struct {
	Name  string
	Blind []byte
}

// EntryRow is a journal entry as it is stored.
type EntryRow struct {
	Topic    Topic
	Seq      Seq
	Time     time.Time
	Class    ClassID
	Status   string
	Instance ID
	By       OperationID // the operation that made the change, if one did
	Sealed   []byte      // nil: no body
}

// Filter chooses instances to list; zero members do not restrict.
type Filter struct {
	Class  ClassID
	Owner  PrincipalID
	Status string
	Lease  OperationID // leased durably to this operation
	After  ID          // exclusive
	Limit  int         // 0: no limit
}

// VersionConflict is returned by a unit of work when somebody else was first.
type VersionConflict struct{ ID ID }

// Error implements error.
func (e *VersionConflict) Error() string {
	return fmt.Sprintf("instrument %s was changed by somebody else", e.ID)
}

// Refused is returned by Change.Write when one instance cannot be written and
// no new look at it would help: another operation holds it (locked), or the id
// that was chosen for a new one is taken (conflict).
type Refused struct {
	ID    ID
	Fault *fault.Fault
}

// Error implements error.
func (e *Refused) Error() string { return e.Fault.Error() }

// Unwrap gives the fault.
func (e *Refused) Unwrap() error { return e.Fault }

// KeyConflict is returned by a unit of work when a unique key is taken.
type KeyConflict struct {
	Class ClassID
	Key   string
	ID    ID // the instance that wanted it
}

// Error implements error.
func (e *KeyConflict) Error() string {
	return fmt.Sprintf("the %s of this %s is taken", e.Key, e.Class)
}

// Fault is what a protocol sees of the conflict: kind conflict, reason
// "KEY-taken".
func (e *KeyConflict) Fault() *fault.Fault {
	return fault.Wrap(e, fault.Conflict, "the %s is used by another %s already", e.Key, e.Class).
		Because(fault.Reason(e.Key + "-taken"))
}
