package wallet

import (
	"cmp"
	"context"
	"path/filepath"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/stream"
	"github.com/swaperoo/swaperoo/crypto"
)

// trust decides about a peer whose key nobody has named: --trust names it, or the
// person compares the fingerprint, or the peer is refused.
func trust(e *cli.Env) comm.Trust {
	return func(ctx context.Context, key string, a comm.Address) error {
		if e.Trust != "" {
			want, err := canonical(e.Trust)
			if err != nil {
				return err
			}
			a.Key = want // another key than this is refused, this one is taken
			return comm.Trust(nil).Check(ctx, key, a)
		}
		unknown := comm.Trust(nil).Check(ctx, key, a)
		if !e.Interactive() {
			return unknown
		}
		e.Say("The peer at %s is not known. Its key is %s\n  fingerprint %s", comm.Address{Scheme: a.Scheme, Host: a.Host, Path: a.Path}, key, fingerprint(key))
		yes, err := e.Yes(ctx, "Does the peer's screen show the same?", "")
		if err != nil || yes {
			return cli.Left(err, "the peer is not trusted, and nothing was asked of it")
		}
		return unknown
	}
}

// canonical is a key in the one spelling that is compared.
func canonical(text string) (string, error) {
	key, err := crypto.ParseKey(text)
	if err != nil {
		return "", cli.Argument(err)
	}
	return crypto.KeyText(key), nil
}

func fingerprint(text string) string {
	key, err := crypto.ParseKey(text)
	if err != nil {
		return ""
	}
	return crypto.Fingerprint(key)
}

// address reads the address of a peer. A socket is named as from any folder, for
// the peer is remembered.
func address(text string) (comm.Address, error) {
	a, err := comm.ParseAddress(text)
	if err == nil && a.Scheme == stream.Unix {
		a.Path, err = filepath.Abs(a.Path)
	}
	return a, err
}

// peer is a peer by its name in the book, or by an address. An address that the
// book knows under another key is refused, and so is another key of --trust, which is
// for the first contact.
func (w *wallet) peer(ctx context.Context, text string) (comm.Peer, error) {
	p, err := w.resolve(ctx, text)
	if err != nil || w.env.Trust == "" || p.Key == "" {
		return p, err
	}
	want, err := canonical(w.env.Trust)
	if err != nil || want == p.Key {
		return p, err
	}
	f := fault.New(fault.Denied, "%s has the key %s, and --trust names %s", cmp.Or(p.Name, text), fingerprint(p.Key), fingerprint(want)).Because("peer-key-changed")
	if p.Name != "" {
		f = f.WithHint("if the change is right: `wallet peer trust %s --trust KEY`", p.Name)
	}
	return comm.Peer{}, f
}

func (w *wallet) resolve(ctx context.Context, text string) (comm.Peer, error) {
	a, err := address(text)
	if err != nil { // then it is a name
		return w.Book().PeerNamed(ctx, text)
	}
	if a.Key != "" {
		if a.Key, err = canonical(a.Key); err != nil {
			return comm.Peer{}, err
		}
	}
	known, err := w.at(ctx, a)
	switch {
	case err != nil:
		return comm.Peer{}, err
	case known == nil:
		return comm.Peer{Addresses: []string{a.String()}, Key: a.Key}, nil
	case a.Key != "" && a.Key != known.Key:
		return comm.Peer{}, fault.New(fault.Denied, "the peer %s at this address is known under the key %s, the address names %s",
			known.Name, fingerprint(known.Key), fingerprint(a.Key)).Because("peer-key-changed").
			WithHint("if the change is right: `wallet peer trust %s --trust KEY`", known.Name)
	}
	return *known, nil
}

// at finds the peer of the book that has an address, nil if there is none.
func (w *wallet) at(ctx context.Context, a comm.Address) (*comm.Peer, error) {
	all, err := w.Book().Peers(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		for _, text := range p.Addresses {
			if b, err := comm.ParseAddress(text); err == nil && b.Scheme == a.Scheme && b.Host == a.Host && b.Path == a.Path {
				return &p, nil
			}
		}
	}
	return nil, nil
}
