package protocol

import "github.com/swaperoo/swaperoo/comm/fault"

// Reasons that code outside this package decides by: what is known of the end of an
// operation, and what became of the code that ran it.
const (
	// ReasonPending marks the lack of an end: the operation goes on.
	ReasonPending fault.Reason = "pending"
	// ReasonUndecided marks the end of an operation whose code has called something pending.
	// The operation goes on no longer, so ReasonPending would have its caller wait for nothing.
	ReasonUndecided fault.Reason = "undecided"
	// ReasonAbandoned marks the end of an operation that its operator has abandoned.
	ReasonAbandoned fault.Reason = "abandoned"
	// ReasonForgone marks the end of an operation that its owner has given up: its peer
	// is gone for good, or it was stopped with something outside. What the peer or a
	// server has done, or still does, is not known here.
	ReasonForgone fault.Reason = "forgone"
	// ReasonKeyReused marks an id under which something else was begun. It says
	// nothing of how that has ended.
	ReasonKeyReused fault.Reason = "key-reused"
	// ReasonShuttingDown marks an operation that was not begun because its party is
	// shutting down.
	ReasonShuttingDown fault.Reason = "shutting-down"
	// ReasonUnreachable marks an attempt of a Link that has not reached the peer.
	ReasonUnreachable fault.Reason = "peer-unreachable"
	// ReasonAnswerLost marks the fault of a request that may have arrived, in an
	// earlier life, and was not sent again.
	ReasonAnswerLost fault.Reason = "answer-lost"
	// ReasonNotServed marks an interrupted operation that no running process goes on
	// with; this one was opened only to look.
	ReasonNotServed fault.Reason = "not-served"
	// ReasonCrashed marks code that died on the way.
	ReasonCrashed fault.Reason = "plugin-crashed"
	// ReasonHung marks code that was ended because it took no step for too long.
	ReasonHung fault.Reason = "plugin-hung"
	// ReasonResting marks code that has died and is not started again yet.
	ReasonResting fault.Reason = "plugin-restarting"
	// ReasonNoPerson marks a question that was not asked because nobody is there.
	ReasonNoPerson fault.Reason = "no-person"
	// ReasonQuestionOver marks a question that nobody has answered in the time that
	// there was.
	ReasonQuestionOver fault.Reason = "question-over"
)
