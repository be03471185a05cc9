package instrument

import "slices"

// ClassID names an instrument class, such as "payment-card".
type ClassID string

// Class is a kind of instrument: what its state must obey and which protocol
// suits it (paper §2.1). A Class is used by many goroutines at once.
type Class interface {
	// Info describes the class. It is constant for the life of the Class.
	Info() Info
	// Check refuses a change that breaks a rule of the class; before is nil on
	// creation. It is pure, and asked only if Info().Checks says so: for each Put
	// and Create, before the change is queued for the database. It gets copies. A
	// refusal is a fault.
	Check(before, after *Instance) error
	// Prefer is the paper's get-Preferred-Protocol (§5.4): it names one of the
	// protocols that both peers have. Pure.
	Prefer(protocols []string, c Circumstances) (string, error)
}

// Info is what a class says of itself.
type Info struct {
	ID     ClassID `json:"id"`
	Title  string  `json:"title"` // for people: "Payment card"
	Fields []Field `json:"fields,omitempty"`
	// Keys names the unique keys that an instance may claim. A claim is taken in
	// the commit that writes it and stays for the life of the instance.
	Keys []string `json:"keys,omitempty"`
	// Moves lists every permitted change of status, staying in one included.
	// From "" is creation. What is not listed is refused, by the host and again
	// by the store's compare; a status that no move leaves is final.
	Moves []Move `json:"moves"`
	// Shareable instances may be used by several operations at once; conflicts
	// are found by version. Others are leased to one operation at a time.
	Shareable bool `json:"shareable,omitempty"`
	// Checks says that Check has more to say than Keys and Moves.
	Checks bool `json:"checks,omitempty"`
	// Outside lists the statuses in which something of value may be in somebody
	// else's hands: an operation that holds such an instance cannot be abandoned.
	Outside []string `json:"outside,omitempty"`
	// Address names the member of the state that holds the base URL to which an
	// operation on this instance may send requests; empty if there is none.
	Address string `json:"address,omitempty"`
	// Peer and Currency name the members of the state that hold the key of the only peer
	// with whom an instance is used, and its currency: where several could pay, the others
	// are passed over. Empty if there is none.
	Peer     string `json:"peer,omitempty"`
	Currency string `json:"currency,omitempty"`
}

// Field describes one member of the state to a person who adds an instance.
type Field struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Secret bool   `json:"secret,omitempty"` // never shown again
}

// Move is one permitted change of status.
type Move struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Allows reports whether the class permits the move.
func (i Info) Allows(from, to string) bool {
	return slices.Contains(i.Moves, Move{from, to})
}

// hasKey reports whether the class has a unique key of that name.
func (i Info) hasKey(key string) bool { return slices.Contains(i.Keys, key) }

// Usable reports whether an operation can begin with an instance of this status. It cannot if no
// move leaves the status: that is the end of the instance. Nor can it if all moves lead back to
// where instances begin, unless the status is such a beginning itself: the instance has been used,
// and only a refund brings it back.
func (i Info) Usable(status string) bool {
	begins := func(s string) bool {
		return slices.ContainsFunc(i.Moves, func(m Move) bool { return m.From == "" && m.To == s })
	}
	return slices.ContainsFunc(i.Moves, func(m Move) bool {
		return m.From == status && (begins(status) || !begins(m.To))
	})
}

// Circumstances are what a class weighs when it prefers a protocol (paper
// §5.4): the device, the connection, the sum and the user's own preferences.
type Circumstances struct {
	Device       string   `json:"device,omitempty"`       // "desktop", "server", "terminal", "pda"
	Connectivity string   `json:"connectivity,omitempty"` // the transport: "wss", "inproc", "serial-clear", …
	Amount       Amount   `json:"amount,omitzero"`        // the price; zero where there is none, or none yet
	Preferences  []string `json:"preferences,omitempty"`  // protocol ids, the most liked first
}

// PreferFirst chooses the protocol that the user likes most, or else the first one:
// for classes that have no opinion of their own.
func PreferFirst(protocols []string, c Circumstances) string {
	for _, p := range c.Preferences {
		if slices.Contains(protocols, p) {
			return p
		}
	}
	if len(protocols) == 0 {
		return ""
	}
	return protocols[0]
}
