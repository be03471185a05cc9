// Package fault is the closed list of ways in which an operation can fail, the
// same in process, over a plugin's door, over a session and over REST.
//
// An error that leaves its process is a *Fault: a Kind (what sort of failure,
// from a closed list), a Reason (one fixed word for the cause, declared by the
// protocol or class that knows it) and a sentence for the person who reads it.
// Nothing else of an error crosses a border; causes stay behind for the log of
// the side where they happened.
//
//	err := fault.New(fault.Conflict, "this QR code was taken by another wallet").Because("reserve-taken")
//	errors.Is(err, fault.Conflict) // true
//
// Texts that come from others are cleaned before they reach a person or a log: Line and Lines
// take out what moves a terminal's cursor, Clip and ClipTo shorten, Foreign does both to a whole
// fault of a peer.
package fault
