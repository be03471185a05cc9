package fault

import (
	"context"
	"errors"
	"fmt"
)

// Reason is one fixed word for the cause of a fault, such as "reserve-taken".
// Tables from reason to HTTP status, Taler error code and exit code hang on it,
// so a reason once published keeps its meaning.
type Reason string

// Fault is a failure that may cross a border. Message and Hint are for people;
// neither may hold a secret. The cause, if any, is for the log of this process
// and is dropped by every encoding.
type Fault struct {
	Kind    Kind   `json:"kind"`
	Reason  Reason `json:"reason,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what the reader can do next

	cause error
}

// New makes a fault of a kind with a sentence for the person who reads it.
func New(k Kind, format string, args ...any) *Fault {
	return &Fault{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes a fault that keeps err as its cause. The text of err is not part
// of what crosses a border; say in the message what the reader needs.
func Wrap(err error, k Kind, format string, args ...any) *Fault {
	f := New(k, format, args...)
	f.cause = err
	return f
}

// Because returns a copy with the reason set.
func (f *Fault) Because(r Reason) *Fault {
	c := *f
	c.Reason = r
	return &c
}

// WithHint returns a copy that tells the reader what to do next.
func (f *Fault) WithHint(format string, args ...any) *Fault {
	c := *f
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// Error is the message; for the log of this process the cause follows.
func (f *Fault) Error() string {
	if f.cause != nil {
		return f.Message + ": " + f.cause.Error()
	}
	return f.Message
}

// Is reports whether target is this fault's Kind, or a fault of the same kind
// and reason.
func (f *Fault) Is(target error) bool {
	switch t := target.(type) {
	case Kind:
		return f.Kind == t
	case *Fault:
		return f.Kind == t.Kind && f.Reason == t.Reason
	}
	return false
}

// Unwrap gives the cause to errors.As and errors.Is within this process.
func (f *Fault) Unwrap() error { return f.cause }

// From finds the fault in err, without what was wrapped around it, or makes an
// Internal one that says nothing of the cause. A context that ended is Timeout.
// From(nil) is nil.
func From(err error) *Fault {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	if k, ok := errors.AsType[Kind](err); ok {
		return New(k, "%s", err.Error())
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Late(err, "the time for this request is over")
	}
	return Wrap(err, Internal, "something went wrong on this side; its log says what")
}

// Late is the Timeout of what ended with its context: format says what was not there in time. Whoever
// has broken it off themselves reads that instead.
func Late(err error, format string, args ...any) *Fault {
	if errors.Is(err, context.Canceled) {
		return Wrap(err, Timeout, "this was broken off before it was done")
	}
	return Wrap(err, Timeout, format, args...)
}

// KindOf is the kind of From(err), zero for nil.
func KindOf(err error) Kind {
	if f := From(err); f != nil {
		return f.Kind
	}
	return 0
}

// NothingHappened reports whether err says for sure that what was asked for was not done and will
// not be. Internal does not say that: the defect may have shown only after the deed. Nor does
// Stuck, wherever the operation was stopped, or Unknown.
func NothingHappened(err error) bool {
	switch KindOf(err) {
	case Invalid, Denied, NotFound, Conflict, Declined, Unsupported, Unavailable, Timeout:
		return true
	}
	return false
}

// ReasonOf is the reason of the fault in err, empty if there is none.
func ReasonOf(err error) Reason {
	if f := From(err); f != nil {
		return f.Reason
	}
	return ""
}
