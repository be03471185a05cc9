package profile_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// book is a Store in memory, of principals only.
type book map[instrument.PrincipalID]profile.Principal

func (b book) UpdateProfiles(_ context.Context, unit func(profile.Writer) error) error {
	return unit(pen{book: b})
}

func (book) Memberships(context.Context, instrument.PrincipalID, instrument.PrincipalID) ([]profile.Membership, error) {
	return nil, nil
}

func (book) Reserved(context.Context, ...profile.Account) ([]profile.Spending, error) {
	return nil, nil
}

func (book) Spent(context.Context, profile.Account, string, instrument.ClassID, time.Time) (instrument.Amount, error) {
	return instrument.Amount{}, nil
}

// pen writes into a book.
type pen struct {
	profile.Writer // what is not written here
	book           book
}

func (p pen) Principal(id instrument.PrincipalID) (profile.Principal, error) {
	return p.book.Principal(context.Background(), id)
}

func (p pen) PutPrincipal(who profile.Principal) error {
	return p.book.PutPrincipal(context.Background(), who)
}

func (b book) PutPrincipal(_ context.Context, p profile.Principal) error {
	b[p.ID] = p
	return nil
}

func (b book) Principal(_ context.Context, id instrument.PrincipalID) (profile.Principal, error) {
	if p, ok := b[id]; ok {
		return p, nil
	}
	return profile.Principal{}, fault.New(fault.NotFound, "nobody")
}

func (b book) PrincipalByLogin(_ context.Context, login string) (profile.Principal, error) {
	for _, p := range b {
		if p.Login == login && login != "" {
			return p, nil
		}
	}
	return profile.Principal{}, fault.New(fault.NotFound, "nobody")
}

func (b book) Principals(_ context.Context, k profile.Kind) ([]profile.Principal, error) {
	all := slices.Collect(maps.Values(b))
	return slices.DeleteFunc(all, func(p profile.Principal) bool { return k != "" && p.Kind != k }), nil
}

func keyed(label, value string) []byte {
	h := hmac.New(sha256.New, []byte(label))
	h.Write([]byte(value))
	return h.Sum(nil)
}

func newManager(b book, p profile.Policy) *profile.Manager {
	return profile.NewManager(profile.Parts{
		Store: b, Hash: keyed, Clock: func() time.Time { return time.Unix(1, 0) }, Random: rand.Reader, Policy: p,
	})
}

func TestWhoMayLogIn(t *testing.T) {
	b := book{}
	m := newManager(b, nil)
	add := func(login string) string {
		token, err := m.Add(t.Context(), profile.Principal{Kind: profile.Terminal, Name: login, Login: login})
		if err != nil || len(token) != 52 {
			t.Fatalf("token %q, %v", token, err)
		}
		return token
	}
	till, other, gone, turned := add("till"), add("other"), add("gone"), add("turned")
	for _, p := range b {
		if strings.Contains(string(p.Token), till) {
			t.Error("the token itself is kept")
		}
	}
	named := func(login string) instrument.PrincipalID {
		p, err := m.ByLogin(t.Context(), login)
		if err != nil {
			t.Fatal(err)
		}
		return p.ID
	}
	if err := m.Disable(t.Context(), named("gone")); err != nil {
		t.Fatal(err)
	}
	fresh, err := m.Rotate(t.Context(), named("turned"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Add(t.Context(), profile.Principal{ID: "node", Kind: profile.Node}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name         string
		kind         profile.Kind
		login, token string
		in           bool
	}{
		{"the right token", profile.Terminal, "till", till, true},
		{"the new token", profile.Terminal, "turned", fresh, true},
		{"the old token", profile.Terminal, "turned", turned, false},
		{"somebody else's token", profile.Terminal, "till", other, false},
		{"no token", profile.Terminal, "till", "", false},
		{"another kind of account", profile.Gateway, "till", till, false},
		{"a disabled account", profile.Terminal, "gone", gone, false},
		{"an unknown login", profile.Terminal, "nobody", till, false},
		{"no login", profile.Node, "", "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, err := m.Login(t.Context(), row.kind, row.login, row.token)
			if row.in && (err != nil || p.Login != row.login) {
				t.Errorf("%v, %v", p.Login, err)
			}
			if !row.in && (!errors.Is(err, fault.Denied) || fault.ReasonOf(err) != "credentials") {
				t.Errorf("it is let in, or told why not: %v", err)
			}
		})
	}
	if _, err := m.Add(t.Context(), profile.Principal{Kind: profile.Gateway, Login: "till"}); fault.ReasonOf(err) != "login-taken" {
		t.Errorf("a login for two: %v", err)
	}
}

// A session that lasts is asked again and again whether its login still holds.
func TestALoginHoldsUntilItIsTakenBack(t *testing.T) {
	b := book{}
	m := newManager(b, nil)
	token, err := m.Add(t.Context(), profile.Principal{ID: "till", Kind: profile.Terminal, Name: "till", Login: "till"})
	if err != nil {
		t.Fatal(err)
	}
	in, err := m.Login(t.Context(), profile.Terminal, "till", token)
	if err != nil {
		t.Fatal(err)
	}
	rename := func(p *profile.Principal) error { p.Name = "the till"; return nil }
	if err := m.Change(t.Context(), "till", rename); err != nil {
		t.Fatal(err)
	}
	if now, err := m.Present(t.Context(), in); err != nil || now.Name != "the till" {
		t.Errorf("renamed: %q, %v", now.Name, err)
	}
	disable := func(p *profile.Principal) error { p.Disabled = true; return errors.New("not today") }
	if err := m.Change(t.Context(), "till", disable); err == nil || b["till"].Disabled {
		t.Errorf("a change that was given up: %v", err)
	}
	if _, err := m.Rotate(t.Context(), "till"); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Present(t.Context(), in); fault.ReasonOf(err) != "credentials" {
		t.Errorf("with another token: %v", err)
	}
	in = b["till"]
	if err := m.Disable(t.Context(), "till"); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Present(t.Context(), in); fault.ReasonOf(err) != "credentials" {
		t.Errorf("disabled: %v", err)
	}
	delete(b, "till")
	if _, err := m.Present(t.Context(), in); !errors.Is(err, fault.NotFound) {
		t.Errorf("gone: %v", err)
	}
}

func TestPolicies(t *testing.T) {
	chf := func(n uint64) instrument.Amount { return instrument.Amount{Currency: "CHF", Value: n} }
	eur := instrument.Amount{Currency: "EUR", Value: 1000}
	limited := profile.Principal{ID: "me", Kind: profile.Person, Limits: profile.Limits{PerOperation: map[string]instrument.Amount{"CHF": chf(5)}}}
	disabled := limited
	disabled.Disabled = true
	terminal := profile.Principal{ID: "till", Kind: profile.Terminal}
	named := func(owners ...instrument.PrincipalID) func(context.Context) ([]instrument.Instance, error) {
		return func(context.Context) ([]instrument.Instance, error) {
			out := make([]instrument.Instance, len(owners))
			for n, o := range owners {
				out[n].Owner = o
			}
			return out, nil
		}
	}
	unreadable := func(context.Context) ([]instrument.Instance, error) {
		return nil, fault.New(fault.NotFound, "gone").Because("gone")
	}
	cancelled := profile.Principal{ID: "till", Kind: profile.Terminal, Facts: map[string]string{profile.FactCancelled: "stolen"}}
	account := profile.AccountPolicy(
		profile.Grant{Kind: profile.Terminal, Protocol: "p", Operations: []string{"SETUP"}},
		profile.Grant{Protocol: "p", Operations: []string{"SELECT"}},
		profile.Grant{Kind: profile.Terminal, Protocol: "p", Operations: []string{"SELL"}, Standing: true},
		profile.Grant{Protocol: "other", Operations: []string{"REFUND"}},
	)
	agent := profile.Principal{ID: "bot", Kind: profile.Agent, ActsFor: "me"}
	line := profile.Principal{ID: "till", Kind: profile.Terminal, Limits: profile.Limits{Credit: map[string]instrument.Amount{"CHF": chf(5)}}}
	for _, row := range []struct {
		name   string
		policy profile.Policy
		action profile.Action
		want   fault.Reason // empty: permitted
	}{
		{"own instruments", profile.UserPolicy(), profile.Action{Principal: limited, Instruments: named("me", "me")}, ""},
		{"one of somebody else", profile.UserPolicy(), profile.Action{Principal: limited, Instruments: named("me", "you")}, "not-owner"},
		{"one of everybody", profile.UserPolicy(), profile.Action{Principal: limited, Instruments: named("me", profile.Everyone)}, ""},
		{"one of the person that it acts for", profile.UserPolicy(), profile.Action{Principal: agent, Instruments: named("bot", "me")}, ""},
		{"one of its agent", profile.UserPolicy(), profile.Action{Principal: limited, Instruments: named("bot")}, "not-owner"},
		{"one of nobody", profile.UserPolicy(), profile.Action{Principal: limited, Instruments: named("")}, "not-owner"},
		{"one that cannot be read", profile.UserPolicy(), profile.Action{Principal: limited, Instruments: unreadable}, "gone"},
		{"at the limit", profile.UserPolicy(), profile.Action{Principal: limited, Amount: chf(5), Instruments: named()}, ""},
		{"above the limit", profile.UserPolicy(), profile.Action{Principal: limited, Amount: chf(6), Instruments: named()}, "above-limit"},
		{"a currency without a limit", profile.UserPolicy(), profile.Action{Principal: limited, Amount: eur, Instruments: named()}, ""},
		{"disabled", profile.UserPolicy(), profile.Action{Principal: disabled, Instruments: named()}, "principal-disabled"},
		{"a customer above the limit", profile.CustomerPolicy(), profile.Action{Principal: limited, Amount: chf(6)}, "above-limit"},
		{"a grant of its kind", account, profile.Action{Principal: terminal, Protocol: "p", Operation: "SETUP"}, ""},
		{"a grant of another kind", account, profile.Action{Principal: limited, Protocol: "p", Operation: "SETUP"}, "not-granted"},
		{"a grant of everybody", account, profile.Action{Principal: limited, Protocol: "p", Operation: "SELECT"}, ""},
		{"a protocol that no grant names", account, profile.Action{Principal: limited, Protocol: "q", Operation: "SETUP"}, ""},
		{"a protocol that no grant names, above the limit", account, profile.Action{Principal: limited, Protocol: "q", Operation: "SETUP", Amount: chf(6)}, "above-limit"},
		{"a protocol that no grant names, of a cancelled account", account, profile.Action{Principal: cancelled, Protocol: "q", Operation: "SETUP"}, "account-cancelled"},
		{"a grant of a cancelled account", account, profile.Action{Principal: cancelled, Protocol: "p", Operation: "SETUP"}, ""},
		{"a grant for good standing, of a cancelled account", account, profile.Action{Principal: cancelled, Protocol: "p", Operation: "SELL", Amount: chf(1)}, "account-cancelled"},
		{"good standing", account, profile.Action{Principal: terminal, Protocol: "p", Operation: "SELL"}, ""},
		{"good standing with a credit line", account, profile.Action{Principal: line, Protocol: "p", Operation: "SELL", Amount: chf(1)}, ""},
		{"good standing with a credit line, and no amount", account, profile.Action{Principal: line, Protocol: "p", Operation: "SELL"}, "amount-needed"},
		{"an operation that another protocol's grant names", account, profile.Action{Principal: terminal, Protocol: "p", Operation: "REFUND"}, "not-granted"},
		{"another operation", account, profile.Action{Principal: terminal, Protocol: "p", Operation: "CONFIRM"}, "not-granted"},
		{"granted, above the limit", account, profile.Action{Principal: limited, Protocol: "p", Operation: "SELECT", Amount: chf(6)}, "above-limit"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := newManager(book{}, row.policy).Authorise(t.Context(), row.action)
			if got := fault.ReasonOf(err); got != row.want || (err == nil) != (row.want == "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestLimitsAreReplaced(t *testing.T) {
	b := book{"me": {ID: "me"}}
	m := newManager(b, nil)
	limits := profile.Limits{PerOperation: map[string]instrument.Amount{"CHF": {Currency: "CHF", Value: 1}}}
	if err := m.SetLimits(t.Context(), "me", limits); err != nil {
		t.Fatal(err)
	}
	if p, err := m.Principal(t.Context(), "me"); err != nil || p.Limits.PerOperation["CHF"] != limits.PerOperation["CHF"] {
		t.Errorf("%+v, %v", p, err)
	}
	if err := m.SetLimits(t.Context(), "you", limits); !errors.Is(err, fault.NotFound) {
		t.Errorf("limits of nobody: %v", err)
	}
}
