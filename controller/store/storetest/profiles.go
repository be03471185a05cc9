package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

func terminal(id instrument.PrincipalID, login string) profile.Principal {
	return profile.Principal{
		ID: id, Kind: profile.Terminal, Name: "Shop " + string(id), Login: login, Token: []byte{1, 2, 3},
		Limits: profile.Limits{PerOperation: map[string]instrument.Amount{
			"EUR": {Currency: "EUR", Value: 200, Fraction: 50_000_000},
		}},
		Facts: map[string]string{"provider": "simulator"}, Created: noon(),
	}
}

func testPrincipals(t *testing.T, s Store) {
	bare := profile.Principal{ID: "node", Kind: profile.Node, Created: noon()}
	for _, p := range []profile.Principal{terminal("t2", "two"), bare, terminal("t1", "one")} {
		if err := s.PutPrincipal(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want, have profile.Principal, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("principal (-want +have):\n%s", diff)
		}
	}
	p, err := s.Principal(t.Context(), "t1")
	check(terminal("t1", "one"), p, err)
	p, err = s.Principal(t.Context(), "node")
	check(bare, p, err)

	changed := terminal("t1", "uno")
	changed.Disabled, changed.Token, changed.Facts = true, nil, nil
	if err := s.PutPrincipal(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	p, err = s.PrincipalByLogin(t.Context(), "uno")
	check(changed, p, err)

	for kind, want := range map[profile.Kind][]instrument.PrincipalID{
		"": {"node", "t1", "t2"}, profile.Terminal: {"t1", "t2"}, profile.Node: {"node"}, profile.Gateway: nil,
	} {
		list, err := s.Principals(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		var got []instrument.PrincipalID
		for _, p := range list {
			got = append(got, p.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("principals of kind %q (-want +have):\n%s", kind, diff)
		}
	}
}

func testLogins(t *testing.T, s Store) {
	if err := s.PutPrincipal(t.Context(), terminal("a", "login")); err != nil {
		t.Fatal(err)
	}
	err := s.PutPrincipal(t.Context(), terminal("b", "login"))
	if !errors.Is(err, fault.Conflict) || fault.ReasonOf(err) != "login-taken" {
		t.Errorf("a login for two: %v", err)
	}
	for what, find := range map[string]func() (profile.Principal, error){
		"the refused one":   func() (profile.Principal, error) { return s.Principal(t.Context(), "b") },
		"an unknown login":  func() (profile.Principal, error) { return s.PrincipalByLogin(t.Context(), "nobody") },
		"the login of none": func() (profile.Principal, error) { return s.PrincipalByLogin(t.Context(), "") },
	} {
		if _, err := find(); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// No login at all may be shared, and a login that was given up is free.
	for _, p := range []profile.Principal{terminal("c", ""), terminal("d", ""), terminal("a", "other"), terminal("b", "login")} {
		if err := s.PutPrincipal(t.Context(), p); err != nil {
			t.Errorf("put %s: %v", p.ID, err)
		}
	}
	if _, err := s.PrincipalByLogin(t.Context(), ""); !errors.Is(err, fault.NotFound) {
		t.Errorf("somebody is found without a login: %v", err)
	}
}

func testPeers(t *testing.T, s Store) {
	shop := comm.Peer{Name: "shop", Role: comm.Vendor, Key: "key", Addresses: []string{"wss://shop.example/", "inproc:shop"}, PNP: "pnp.intersect"}
	bank := comm.Peer{Name: "bank", Role: comm.Bank}
	for _, p := range []comm.Peer{shop, {Name: "bank", Role: comm.Vendor, Key: "old"}, bank} {
		if err := s.PutPeer(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.Peers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]comm.Peer{bank, shop}, list); diff != "" {
		t.Errorf("peers (-want +have):\n%s", diff)
	}
	one, err := s.PeerNamed(t.Context(), "shop")
	if diff := cmp.Diff(shop, one); diff != "" || err != nil {
		t.Errorf("peer (-want +have), %v:\n%s", err, diff)
	}
	if err := s.RemovePeer(t.Context(), "shop"); err != nil {
		t.Error(err)
	}
	if _, err := s.PeerNamed(t.Context(), "shop"); !errors.Is(err, fault.NotFound) {
		t.Errorf("removed peer: %v", err)
	}
	if err := s.RemovePeer(t.Context(), "shop"); !errors.Is(err, fault.NotFound) {
		t.Errorf("removed twice: %v", err)
	}
}
