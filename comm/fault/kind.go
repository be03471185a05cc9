package fault

import "fmt"

// Kind sorts failures by what the caller can do about them. Kinds are numbered
// for the wire; the list is only ever appended to.
type Kind uint8

// The kinds.
const (
	Invalid     Kind = 1  // the request is malformed or out of range; repeating it cannot help
	Denied      Kind = 2  // the principal may not do this, or has not proved who it is
	NotFound    Kind = 3  // the named thing does not exist here
	Conflict    Kind = 4  // another request was first, or the state does not allow it any more
	Locked      Kind = 5  // the wallet is locked, or another operation holds the instrument
	Declined    Kind = 6  // the far side said no to the money: card declined, offer refused
	Unsupported Kind = 7  // this side does not know the operation, class, protocol or version
	Unavailable Kind = 8  // nothing happened because somebody could not be reached; try again
	Timeout     Kind = 9  // time is up and nothing has happened
	Unknown     Kind = 10 // it may or may not have happened; ask again, by reference
	Stuck       Kind = 11 // the operation was stopped and waits for its operator
	Internal    Kind = 12 // a defect on this side; the cause is in its log
	Suspended   Kind = 13 // the host is going away; never leaves the process
)

var kindNames = [...]string{
	Invalid: "invalid", Denied: "denied", NotFound: "not-found", Conflict: "conflict",
	Locked: "locked", Declined: "declined", Unsupported: "unsupported",
	Unavailable: "unavailable", Timeout: "timeout", Unknown: "unknown",
	Stuck: "stuck", Internal: "internal", Suspended: "suspended",
}

// String is the kind's word on the wire and in JSON.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("kind-%d", uint8(k))
}

// Error lets a Kind be the target of errors.Is.
func (k Kind) Error() string { return k.String() }

// ParseKind reads a kind's word. A word that this version does not know is
// Internal: a peer that is newer than we are must not make us fail differently.
func ParseKind(word string) Kind {
	for k, name := range kindNames {
		if name == word && name != "" {
			return Kind(k)
		}
	}
	return Internal
}

// MarshalText writes the kind's word.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the kind's word, as ParseKind does.
func (k *Kind) UnmarshalText(text []byte) error {
	*k = ParseKind(string(text))
	return nil
}
