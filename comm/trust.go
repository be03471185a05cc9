package comm

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Trust decides about a peer whose key nobody has named, such as at a first contact. No error
// accepts the peer; remembering it is the caller's task. Trust may ask a person, and take
// as long as ctx allows. Transports call it by Check.
type Trust func(ctx context.Context, key string, a Address) error

// Check is every transport's rule for the key that a peer has proved. If a key was expected, only
// that key is accepted, whatever t says. If none was, t decides; a nil t refuses the peer.
func (t Trust) Check(ctx context.Context, key string, a Address) error {
	where := Address{Scheme: a.Scheme, Host: a.Host, Path: a.Path}
	switch {
	case a.Key != "" && a.Key != key:
		return fault.New(fault.Denied, "the peer at %s has the key %s; expected was %s", where, key, a.Key).
			Because("peer-key-changed").WithHint("if the change is right, remove the peer and add it again")
	case a.Key == key:
		return nil
	case t == nil:
		return fault.New(fault.Denied, "the peer at %s is not known; its key is %s", where, key).
			Because("peer-unknown").WithHint("compare the key with the one that the peer shows, then repeat with --trust %s", key)
	}
	return t(ctx, key, a)
}
