package wallet

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// profiles is `wallet profile`: who uses this wallet, and within which limits.
func profiles(e *cli.Env) *cobra.Command {
	return cli.Group("profile", "Say who uses this wallet, and within which limits",
		profileList(e), profileShow(e),
		cli.Group("add", "Let a person, an agent or a group use this wallet", addPerson(e), addAgent(e), addGroup(e)),
		cli.Group("member", "Say who uses the instruments of a group", addMember(e), removeMember(e)),
		limit(e), allow(e), removeProfile(e))
}

// shownProfile is a principal as it is shown.
type shownProfile struct {
	ID      instrument.PrincipalID `json:"id"`
	Kind    profile.Kind           `json:"kind"`
	Name    string                 `json:"name"`
	ActsFor string                 `json:"acts_for,omitempty"`
	Members []shownMember          `json:"members,omitempty"`
	Groups  []shownMember          `json:"groups,omitempty"` // that it is in, where it is shown alone
	shownLimits
}

type shownMember struct {
	Name string `json:"name"`
	shownLimits
}

func profileShow(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "show [NAME]", Short: "Say who you are here, or somebody else, and what may be moved", Args: cobra.MaximumNArgs(1),
		RunE: with(e, looking, func(ctx context.Context, w *wallet, args []string) error {
			who := w.User()
			if len(args) > 0 {
				var err error
				if who, err = w.called(ctx, args[0]); err != nil {
					return err
				}
			}
			return w.printProfile(ctx, who.ID)
		}),
	}
}

func profileList(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List persons, agents and groups", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, w *wallet, _ []string) error {
			all, err := w.people(ctx)
			if err != nil {
				return err
			}
			shown, rows := []shownProfile{}, [][]string{}
			for _, p := range all {
				s, err := w.profile(ctx, p)
				if err != nil {
					return err
				}
				shown = append(shown, s)
				rows = append(rows, []string{s.Name, string(s.Kind), s.relation(), s.text()})
			}
			return e.Table(map[string]any{"profiles": shown}, []string{"NAME", "KIND", "WITH", "LIMITS"}, rows)
		}),
	}
}

// relation says for whom an agent acts, or who is in a group.
func (s shownProfile) relation() string {
	if s.ActsFor != "" {
		return "for " + s.ActsFor
	}
	names := make([]string, len(s.Members))
	for n, m := range s.Members {
		names[n] = m.Name
	}
	return strings.Join(names, " ")
}

// people are the principals of this wallet that have not been removed.
func (w *wallet) people(ctx context.Context) ([]profile.Principal, error) {
	var out []profile.Principal
	for _, kind := range []profile.Kind{profile.Person, profile.Agent, profile.Group} {
		all, err := w.Profiles().Principals(ctx, kind)
		if err != nil {
			return nil, err
		}
		for _, p := range all {
			if !p.Disabled {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

// called finds a person, an agent or a group by name.
func (w *wallet) called(ctx context.Context, name string) (profile.Principal, error) {
	all, err := w.people(ctx)
	if err != nil {
		return profile.Principal{}, err
	}
	for _, p := range all {
		if p.Name == name || string(p.ID) == name {
			return p, nil
		}
	}
	return profile.Principal{}, fault.New(fault.NotFound, "this wallet has no user or group %q", name).Because("user-unknown").
		WithHint("`wallet profile list` shows those that it has")
}

// ownerOf is who owns what is added: this user, or one of their groups.
func (w *wallet) ownerOf(ctx context.Context, group string) (instrument.PrincipalID, error) {
	if group == "" {
		return w.User().ID, nil
	}
	g, err := w.called(ctx, group)
	if err != nil {
		return "", err
	}
	in, err := w.Profiles().Memberships(ctx, g.ID, w.User().ID)
	if err == nil && len(in) == 0 {
		err = fault.New(fault.Denied, "you are not in the group %q", g.Name).Because("not-member").
			WithHint("the owner lets you in: `wallet profile member add %s %s`", g.Name, w.User().Name)
	}
	return g.ID, err
}

// profile is a principal with the names of those that it has to do with.
func (w *wallet) profile(ctx context.Context, p profile.Principal) (shownProfile, error) {
	s := shownProfile{ID: p.ID, Kind: p.Kind, Name: p.Name}
	var err error
	if s.shownLimits, err = w.limits(ctx, p.Limits, p.ID, ""); err != nil {
		return s, err
	}
	if p.ActsFor != "" {
		person, err := w.Profiles().Principal(ctx, p.ActsFor)
		if err != nil {
			return s, err
		}
		s.ActsFor = person.Name
	}
	if p.Kind != profile.Group {
		return s, nil
	}
	in, err := w.Profiles().Memberships(ctx, p.ID, "")
	if err != nil {
		return s, err
	}
	for _, m := range in {
		member, err := w.Profiles().Principal(ctx, m.Member)
		if err != nil {
			return s, err
		}
		limits, err := w.limits(ctx, m.Limits, m.Member, p.ID)
		if err != nil {
			return s, err
		}
		s.Members = append(s.Members, shownMember{Name: member.Name, shownLimits: limits})
	}
	return s, nil
}

// limits are those of a principal, or of a member of a group.
func (w *wallet) limits(ctx context.Context, l profile.Limits, who, group instrument.PrincipalID) (shownLimits, error) {
	used, err := w.Profiles().Used(ctx, l, who, group)
	return shown(l, used), err
}

// memberOf are the groups that a principal is in, with its limits there.
func (w *wallet) memberOf(ctx context.Context, p profile.Principal) ([]shownMember, error) {
	in, err := w.Profiles().Memberships(ctx, "", p.ID)
	if err != nil || p.Kind == profile.Group {
		return nil, err
	}
	var out []shownMember
	for _, m := range in {
		group, err := w.Profiles().Principal(ctx, m.Group)
		if err != nil {
			return nil, err
		}
		limits, err := w.limits(ctx, m.Limits, m.Member, m.Group)
		if err != nil {
			return nil, err
		}
		out = append(out, shownMember{Name: group.Name, shownLimits: limits})
	}
	return out, nil
}

func (w *wallet) printProfile(ctx context.Context, id instrument.PrincipalID) error {
	p, err := w.Profiles().Principal(ctx, id)
	if err != nil {
		return err
	}
	s, err := w.profile(ctx, p)
	if err != nil {
		return err
	}
	if s.Groups, err = w.memberOf(ctx, p); err != nil {
		return err
	}
	text := line(s.Name, "is a", string(s.Kind))
	if s.Kind == profile.Agent {
		text = line(s.Name, "is an agent of", s.ActsFor)
	}
	text += s.sentence()
	for _, m := range s.Members {
		text += "\n" + line(m.Name, "is in", s.Name) + m.sentence()
	}
	for _, g := range s.Groups {
		text += "\n" + line(s.Name, "is in", g.Name) + g.sentence()
	}
	return w.env.Print(s, "%s\n", text)
}
