package wallet

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/profile"
)

func addPerson(e *cli.Env) *cobra.Command {
	var file string
	var fd int
	c := &cobra.Command{
		Use: "person NAME", Short: "Let another person use this wallet, by their own passphrase", Args: cobra.ExactArgs(1),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			fresh, err := e.NewPassphrase(ctx, file, fd)
			if err != nil {
				return err
			}
			defer fresh.Wipe()
			p, err := w.house.AddPerson(ctx, args[0], *fresh)
			return w.added(ctx, p, err)
		}),
	}
	c.Flags().StringVar(&file, "new-passphrase-file", "", "file that holds the person's passphrase")
	c.Flags().IntVar(&fd, "new-passphrase-fd", -1, "file descriptor to read the person's passphrase from")
	return c
}

func addAgent(e *cli.Env) *cobra.Command {
	var file string
	c := &cobra.Command{
		Use: "agent NAME", Short: "Let software use your instruments, by a key file that is made for it", Args: cobra.ExactArgs(1),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			if file == "" {
				return cli.Usage("--new-key-file is needed: the agent opens the wallet by it")
			}
			p, err := w.house.AddAgent(ctx, args[0], file)
			return w.added(ctx, p, err)
		}),
	}
	c.Flags().StringVar(&file, "new-key-file", "", "`FILE` to make, readable by you alone")
	return c
}

func addGroup(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "group NAME", Short: "Make a group that shares instruments", Args: cobra.ExactArgs(1),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			p, err := w.house.AddGroup(ctx, args[0])
			return w.added(ctx, p, err)
		}),
	}
}

func (w *wallet) added(ctx context.Context, p profile.Principal, err error) error {
	if err != nil {
		return cli.Argument(err)
	}
	return w.printProfile(ctx, p.ID)
}

// pair finds a group and somebody by their names.
func (w *wallet) pair(ctx context.Context, group, member string) (g, m profile.Principal, err error) {
	if g, err = w.called(ctx, group); err != nil {
		return g, m, err
	}
	if g.Kind != profile.Group {
		return g, m, cli.Argument(fault.New(fault.Invalid, "%q is no group", group).Because("kind-differs"))
	}
	m, err = w.called(ctx, member)
	if err == nil && m.Kind == profile.Group {
		err = cli.Argument(fault.New(fault.Invalid, "%q is a group, and groups are not members of groups", member).Because("kind-differs"))
	}
	return g, m, err
}

func addMember(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "add GROUP NAME", Short: "Let a person or agent use the instruments of a group", Args: cobra.ExactArgs(2),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			g, m, err := w.pair(ctx, args[0], args[1])
			if err != nil {
				return err
			}
			if err := w.house.AddMember(ctx, profile.Membership{Group: g.ID, Member: m.ID}); err != nil {
				return err
			}
			return w.printProfile(ctx, g.ID)
		}),
	}
}

func removeMember(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "remove GROUP NAME", Short: "End a membership, and give the group another key", Args: cobra.ExactArgs(2),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			g, m, err := w.pair(ctx, args[0], args[1])
			if err != nil {
				return err
			}
			if err := w.house.RemoveMember(ctx, g.ID, m.ID); err != nil {
				return err
			}
			w.tellUnfinished(ctx, m)
			return w.printProfile(ctx, g.ID)
		}),
	}
}

func removeProfile(e *cli.Env) *cobra.Command {
	lose := false
	c := &cobra.Command{
		Use: "remove NAME", Short: "End what a person, agent or group may do here", Args: cobra.ExactArgs(1),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			p, err := w.called(ctx, args[0])
			if err != nil {
				return err
			}
			agents, err := w.house.Agents(ctx, p)
			if err != nil {
				return err
			}
			if err := w.house.Remove(ctx, p, lose); err != nil {
				return err
			}
			for _, a := range agents {
				e.Say("%q, which acted for %q, is removed as well", a.Name, p.Name)
				w.tellUnfinished(ctx, a)
			}
			w.tellUnfinished(ctx, p)
			return e.Print(map[string]string{"id": string(p.ID), "event": "removed"}, "%s removed\n", p.Name)
		}),
	}
	c.Flags().BoolVar(&lose, "lose-instruments", false, "also when they hold instruments, which nobody can use any more, have payments not finished, or agents, which go with them")
	return c
}

// tellUnfinished says what becomes of the payments of somebody who has left: of what was
// paid with instruments of a group only the members know how to get it back. They are
// gone, whether or not that can be counted.
func (w *wallet) tellUnfinished(ctx context.Context, p profile.Principal) {
	n, err := w.house.Unfinished(ctx, p)
	if text := leaves(p.Name, n, err); text != "" {
		w.env.Say("%s", text)
	}
}

// leaves is what is said of payments not finished, if they could be counted.
func leaves(name string, n int, failure error) string {
	switch {
	case failure != nil:
		return fmt.Sprintf("%q is removed, but whether that leaves payments not finished cannot be told: %s. `wallet operation list` shows what there is.", name, fault.From(failure).Message)
	case n > 0:
		return fmt.Sprintf("%q leaves %s not finished. What was paid of it with instruments of a group comes back to a member by `wallet refund OPERATION`, for each PAY of it that `wallet operation list` shows.",
			name, fault.Count(n, "payment"))
	}
	return ""
}
