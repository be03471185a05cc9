package wallet

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/stream"
	"github.com/swaperoo/swaperoo/controller"
)

func peers(e *cli.Env) *cobra.Command {
	return cli.Group("peer", "Know whom to pay", peerList(e), peerAdd(e), peerTrust(e), peerRemove(e))
}

// known is a peer as it is shown.
type known struct {
	comm.Peer
	Fingerprint string `json:"fingerprint"`
	KnownAs     string `json:"known_as,omitempty"` // our key towards this peer, and no other
}

func (w *wallet) known(p comm.Peer) known {
	return known{p, fingerprint(p.Key), w.house.KnownAs(p.Key)}
}

func peerList(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the known peers", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, w *wallet, _ []string) error {
			found, err := w.Book().Peers(ctx)
			if err != nil {
				return err
			}
			all, rows := []known{}, [][]string{}
			for _, p := range found {
				all = append(all, w.known(p))
				rows = append(rows, append([]string{p.Name, string(p.Role), fingerprint(p.Key), w.house.KnownAs(p.Key)}, p.Addresses...))
			}
			return e.Table(map[string]any{"peers": all}, []string{"NAME", "ROLE", "FINGERPRINT", "KNOWS YOU AS", "ADDRESS"}, rows)
		}),
	}
}

func peerAdd(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "add NAME ADDRESS", Short: "Know a peer by a name; the address carries its key", Args: cobra.ExactArgs(2),
		RunE: with(e, looking, func(ctx context.Context, w *wallet, args []string) error {
			if _, err := comm.ParseAddress(args[0]); err == nil {
				return cli.Usage("the name comes first, then the address")
			}
			if args[0] == "" {
				return cli.Usage("the name of the peer is empty")
			}
			a, err := address(args[1])
			if err != nil {
				return cli.Argument(err)
			}
			if stream.InClear(a.Scheme) {
				return fault.New(fault.Denied, "a peer is remembered by its key, and nobody proves one at %s", a).Because("key-in-clear").
					WithHint("name the line each time, such as `wallet pay %s`", a)
			}
			if err := w.house.Comm.Reaches(a); err != nil {
				return cli.Argument(err)
			}
			if strings.HasPrefix(a.Scheme, "taler+") {
				return fault.New(fault.Denied, "a peer is remembered by its key, and a bank proves none at %s", a.Scheme).Because("key-in-clear").
					WithHint("it needs no name: `wallet withdraw` speaks to the bank that the code names")
			}
			p, err := w.peer(ctx, args[1])
			if err == nil {
				p, err = w.newPeer(ctx, args[0], p, a)
			}
			if err != nil {
				return err
			}
			a.Key = p.Key
			p.Name, p.Addresses = args[0], []string{a.String()}
			if err := w.Book().PutPeer(ctx, p); err != nil {
				return err
			}
			return e.Print(w.known(p), "%s is known by the key %s\n", p.Name, fingerprint(p.Key))
		}),
	}
}

// newPeer is a peer with its key: that of its address, the one that is trusted, or the one
// that it shows. A name that another key has is refused.
func (w *wallet) newPeer(ctx context.Context, name string, p comm.Peer, at comm.Address) (comm.Peer, error) {
	other, err := w.Book().PeerNamed(ctx, name)
	if err == nil && (p.Key == "" || p.Key != other.Key) {
		return p, fault.New(fault.Conflict, "there is a peer %q already, with the key %s", name, fingerprint(other.Key)).Because("peer-known").
			WithHint("choose another name, or remove that peer first")
	}
	if at.Key = p.Key; err == nil && !slices.Contains(other.Addresses, at.String()) {
		err = w.house.ByAPerson()
	}
	if err != nil && !errors.Is(err, fault.NotFound) {
		return p, err
	}
	switch {
	case p.Key != "":
		return p, nil
	case w.env.Trust != "":
		p.Key, err = canonical(w.env.Trust)
		return p, err
	}
	return w.meet(ctx, p)
}

// meet finds out the key of a peer; the person says whether it is the right one.
func (w *wallet) meet(ctx context.Context, p comm.Peer) (comm.Peer, error) {
	s, err := w.InitiateSession(ctx, p, controller.Login{})
	if err != nil {
		return p, err
	}
	defer func() { _ = s.Close(ctx) }()
	met := s.Peer()
	p.Key, p.Role, p.PNP = met.Key, met.Role, met.PNP
	return p, nil
}

func peerTrust(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "trust NAME", Short: "Accept that a peer has another key now", Args: cobra.ExactArgs(1),
		RunE: with(e, looking, func(ctx context.Context, w *wallet, args []string) error {
			p, err := w.Book().PeerNamed(ctx, args[0])
			if err == nil {
				err = w.house.ByAPerson()
			}
			if err != nil {
				return err
			}
			if len(p.Addresses) == 0 {
				return fault.New(fault.Invalid, "peer %q has no address", p.Name).Because("address-missing")
			}
			a, err := comm.ParseAddress(p.Addresses[0])
			if err != nil {
				return err
			}
			old := p.Key
			p.Role = "" // of another key: a session will tell
			if e.Trust != "" {
				if p.Key, err = canonical(e.Trust); err != nil {
					return err
				}
			} else {
				e.Say("%s is known by the key %s", p.Name, fingerprint(old))
				a.Key = ""
				met, err := w.meet(ctx, comm.Peer{Name: p.Name, Addresses: []string{a.String()}})
				if err != nil {
					return err
				}
				p.Key, p.Role = met.Key, met.Role
			}
			a.Key = p.Key
			p.Addresses = []string{a.String()}
			if err := w.Book().PutPeer(ctx, p); err != nil {
				return err
			}
			return e.Print(w.known(p), "%s is known by the key %s, before by %s\n", p.Name, fingerprint(p.Key), fingerprint(old))
		}),
	}
}

func peerRemove(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Forget a peer", Args: cobra.ExactArgs(1),
		RunE: with(e, looking, func(ctx context.Context, w *wallet, args []string) error {
			err := w.house.ByAPerson()
			if err == nil {
				err = w.Book().RemovePeer(ctx, args[0])
			}
			if err != nil {
				return err
			}
			return e.Print(map[string]string{"name": args[0], "event": "removed"}, "%s removed\n", args[0])
		}),
	}
}
