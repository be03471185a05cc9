package profile_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// down is a book that cannot be opened.
type down struct{ book }

func (down) PrincipalByLogin(context.Context, string) (profile.Principal, error) {
	return profile.Principal{}, fault.New(fault.Unavailable, "the disk is gone").Because("store-down")
}

func manager(s profile.Store, random io.Reader) *profile.Manager {
	return profile.NewManager(profile.Parts{Store: s, Hash: keyed, Clock: func() time.Time { return time.Unix(1, 0) }, Random: random})
}

// A database that fails is not a wrong password: people would change theirs.
func TestAStoreThatIsDownIsNotAWrongToken(t *testing.T) {
	_, err := manager(down{}, bytes.NewReader(nil)).Login(t.Context(), profile.Person, "me", "token")
	if !errors.Is(err, fault.Unavailable) || fault.ReasonOf(err) != "store-down" {
		t.Errorf("%v", err)
	}
}

func TestWithoutRandomnessNobodyGetsAToken(t *testing.T) {
	b := book{"me": {ID: "me", Login: "me", Token: []byte("old")}}
	for _, row := range []struct {
		name string
		do   func(m *profile.Manager) (string, error)
	}{
		{"a new account", func(m *profile.Manager) (string, error) {
			return m.Add(t.Context(), profile.Principal{ID: "new", Login: "new"})
		}},
		{"an account without an id", func(m *profile.Manager) (string, error) {
			return m.Add(t.Context(), profile.Principal{Login: "new"})
		}},
		{"another token", func(m *profile.Manager) (string, error) { return m.Rotate(t.Context(), "me") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			token, err := row.do(manager(b, iotest.ErrReader(io.ErrUnexpectedEOF)))
			if err == nil || token != "" || len(b) != 1 || string(b["me"].Token) != "old" {
				t.Errorf("%q, %v; the book holds %d", token, err, len(b))
			}
		})
	}
}

func TestNobodyIsNobody(t *testing.T) {
	m := newManager(book{}, nil)
	for name, err := range map[string]error{
		"disable": m.Disable(t.Context(), "ghost"),
		"rotate":  second(m.Rotate(t.Context(), "ghost")),
		"read":    second(m.Principal(t.Context(), "ghost")),
	} {
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestPrincipalsAreListedByKind(t *testing.T) {
	b := book{"a": {ID: "a", Kind: profile.Terminal}, "b": {ID: "b", Kind: profile.Gateway}, "c": {ID: "c", Kind: profile.Terminal, Disabled: true}}
	m := newManager(b, nil)
	for kind, n := range map[profile.Kind]int{profile.Terminal: 2, profile.Gateway: 1, profile.Person: 0, "": 3} {
		if got, err := m.Principals(t.Context(), kind); err != nil || len(got) != n {
			t.Errorf("%q: %d, %v", kind, len(got), err)
		}
	}
}

// An account without a login has no token, and an empty token opens nothing.
func TestWhoCannotLogInGetsNoToken(t *testing.T) {
	b := book{}
	m := newManager(b, nil)
	token, err := m.Add(t.Context(), profile.Principal{ID: "till", Kind: profile.Terminal})
	if err != nil || token != "" || b["till"].Token != nil {
		t.Errorf("%q, %v", token, err)
	}
	b["bare"] = profile.Principal{ID: "bare", Kind: profile.Terminal, Login: "bare"}
	if _, err := m.Login(t.Context(), profile.Terminal, "bare", ""); fault.ReasonOf(err) != "credentials" {
		t.Errorf("no token: %v", err)
	}
	if got := b["till"].Created; !got.Equal(time.Unix(1, 0)) {
		t.Errorf("created at %v", got)
	}
}

// Whoever is disabled is refused before any rule is asked.
func TestTheDisabledAreRefusedFirst(t *testing.T) {
	asked := false
	m := newManager(book{}, profile.Policy{func(context.Context, profile.Action) error { asked = true; return nil }})
	who := profile.Principal{ID: "me", Disabled: true}
	if err := m.Authorise(t.Context(), profile.Action{Principal: who}); fault.ReasonOf(err) != "principal-disabled" || asked {
		t.Errorf("%v, asked: %v", err, asked)
	}
	who.Disabled = false
	if err := m.Authorise(t.Context(), profile.Action{Principal: who, Amount: instrument.Amount{Currency: "CHF", Value: 1}}); err != nil || !asked {
		t.Errorf("%v, asked: %v", err, asked)
	}
}

// The first rule that refuses ends it: later ones may look at what must not be.
func TestTheFirstRefusalCounts(t *testing.T) {
	no := fault.New(fault.Denied, "no").Because("first")
	m := newManager(book{}, profile.Policy{
		func(context.Context, profile.Action) error { return no },
		func(context.Context, profile.Action) error { t.Error("asked after a refusal"); return nil },
	})
	if err := m.Authorise(t.Context(), profile.Action{}); fault.ReasonOf(err) != "first" {
		t.Errorf("%v", err)
	}
}
