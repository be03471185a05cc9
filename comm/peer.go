package comm

import "context"

// Role is what a party is to its peers (paper §4).
type Role string

// The roles.
const (
	Client Role = "client"
	Vendor Role = "vendor"
	Bank   Role = "bank"
)

// Known reports whether it is one of them.
func (r Role) Known() bool { return r == Client || r == Vendor || r == Bank }

// Peer is a remote wallet and how to reach it (paper §2.5, §5.1).
type Peer struct {
	Name      string   `json:"name"`
	Role      Role     `json:"role"`
	Key       string   `json:"key,omitempty"` // text of its identity key; empty for a party that speaks REST
	Addresses []string `json:"addresses,omitempty"`
	PNP       string   `json:"pnp,omitempty"` // the negotiation protocol fixed with it
}

// Book remembers peers by name. It stores any key that it is given; its caller decides whether a
// changed key is accepted.
type Book interface {
	PutPeer(ctx context.Context, p Peer) error
	PeerNamed(ctx context.Context, name string) (Peer, error) // fault.NotFound
	Peers(ctx context.Context) ([]Peer, error)                // by name
	RemovePeer(ctx context.Context, name string) error        // fault.NotFound
}
