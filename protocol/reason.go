package protocol

import "github.com/swaperoo/swaperoo/comm/fault"

// Reasons by which code outside this package decides how to go on: what is known of
// the end of an operation, and what became of the code that ran it.
const (
	// ReasonPending marks the lack of an end: the operation goes on.
	ReasonPending fault.Reason = "pending"
	// ReasonUndecided marks the end of an operation whose code says that something
	// else is still pending.
	ReasonUndecided fault.Reason = "undecided"
	// ReasonAbandoned marks the end that an operator has made.
	ReasonAbandoned fault.Reason = "abandoned"
	// ReasonForgone marks the end of one whose peer its owner does not wait for any
	// longer, or that was stopped with something outside: what the peer, or a server, has
	// done or still does is not known here.
	ReasonForgone fault.Reason = "forgone"
	// ReasonKeyReused marks an id under which something else was begun. It says
	// nothing of how that has ended.
	ReasonKeyReused fault.Reason = "key-reused"
	// ReasonShuttingDown marks an operation that was not begun, for its party ends.
	ReasonShuttingDown fault.Reason = "shutting-down"
	// ReasonUnreachable marks an attempt of a Link that has not reached the peer.
	ReasonUnreachable fault.Reason = "peer-unreachable"
	// ReasonAnswerLost marks the fault of a request that may have arrived, in an
	// earlier life, and was not sent again.
	ReasonAnswerLost fault.Reason = "answer-lost"
	// ReasonNotServed marks an interrupted operation that somebody who only looks waits for,
	// while no process works that could go on with it.
	ReasonNotServed fault.Reason = "not-served"
	// ReasonCrashed marks code that died on the way, ReasonHung code that was ended
	// because it took no step for too long.
	ReasonCrashed fault.Reason = "plugin-crashed"
	ReasonHung    fault.Reason = "plugin-hung"
	// ReasonResting marks code that has died and is not started again yet.
	ReasonResting fault.Reason = "plugin-restarting"
	// ReasonNoPerson marks a question that was not asked, for nobody is there.
	ReasonNoPerson fault.Reason = "no-person"
	// ReasonQuestionOver marks a question that nobody has answered in the time that
	// there was.
	ReasonQuestionOver fault.Reason = "question-over"
)
