package taler

import "github.com/swaperoo/swaperoo/comm/fault"

// State is where a withdrawal operation stands. It is the public status of the
// bank's taler-withdrawal instance and the word of the wire.
type State string

// The states. Confirmed and aborted are final.
const (
	StatePending   State = "pending"   // set up by the terminal, no wallet has it
	StateSelected  State = "selected"  // a wallet named its reserve
	StateConfirmed State = "confirmed" // the provider says it was paid; the exchange may read it
	StateAborted   State = "aborted"   // no money moves
)

// ParseState reads a state of the wire. The error is fault.Invalid with
// ReasonParameterMalformed.
func ParseState(text string) (State, error) {
	switch s := State(text); s {
	case StatePending, StateSelected, StateConfirmed, StateAborted:
		return s, nil
	}
	return "", badParameter("old_state", "pending, selected, confirmed or aborted")
}

// Final reports whether the state never changes again.
func (s State) Final() bool { return s == StateConfirmed || s == StateAborted }

// UnmarshalText accepts the four states, so that a status of the future is an
// error and not taken for one of them.
func (s *State) UnmarshalText(text []byte) error {
	for _, known := range [...]State{StatePending, StateSelected, StateConfirmed, StateAborted} {
		if string(text) == string(known) {
			*s = known
			return nil
		}
	}
	return fault.New(fault.Invalid, "%q is not a status of a withdrawal operation", clip(string(text))).Because(ReasonJSONInvalid)
}
