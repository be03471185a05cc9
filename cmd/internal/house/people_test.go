package house_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// enter opens a wallet for somebody and closes it when the test ends.
func enter(t *testing.T, f house.Files, user, word string) *house.House {
	t.Helper()
	o := options(f, word)
	o.User, o.Policy = user, profile.UserPolicy()
	h, err := house.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close(t.Context()) })
	return h
}

func shut(t *testing.T, h *house.House) {
	t.Helper()
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// holds makes an instrument of a class without further conditions.
func holds(t *testing.T, h *house.House, owner instrument.PrincipalID, class instrument.ClassID, key, value, status string) instrument.ID {
	t.Helper()
	var id instrument.ID
	err := h.Instruments().Update(t.Context(), func(tx *instrument.Draft) (err error) {
		id, err = tx.Create(instrument.Instance{
			Class: class, Owner: owner, Status: status, Keys: map[string]string{key: value}, State: json.RawMessage(`{"value":"CHF:1","exchange_url":"https://exchange.example.com/","url":"https://exchange.example.com/"}`),
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func coin(t *testing.T, h *house.House, owner instrument.PrincipalID, number string) instrument.ID {
	return holds(t, h, owner, client.ClassCoin, "coin_pub", number, "fresh")
}

func reads(t *testing.T, h *house.House, id instrument.ID) bool {
	t.Helper()
	_, err := h.Instruments().View(t.Context(), id)
	if err != nil && fault.ReasonOf(err) != "owner-locked" {
		t.Errorf("%v", err)
	}
	return err == nil
}

// A wallet from the time of one user, as that program left it: its instruments are
// under the data key until somebody else comes, and then under their owner's own.
func TestAWalletOfOneUserTakesOthersIn(t *testing.T) {
	f := made(t, "open sesame")
	first, err := os.ReadFile(filepath.Join("..", "..", "..", "crypto", "testdata", "vault-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Vault(), first, 0o600); err != nil {
		t.Fatal(err)
	}
	h := enter(t, f, "", "open sesame")
	old := coin(t, h, house.Self, "1")
	exchange := holds(t, h, house.Self, client.ClassExchange, "url", "https://exchange.example.com/", "new")
	row, err := h.Store.Row(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	amy, err := h.AddPerson(t.Context(), "amy", crypto.NewSecret([]byte("her word")))
	if err != nil {
		t.Fatal(err)
	}
	if !reads(t, h, old) || !reads(t, h, exchange) {
		t.Error("the owner does not read what he had")
	}
	now, err := h.Store.Row(t.Context(), old)
	if err != nil || bytes.Equal(now.Sealed, row.Sealed) || now.Version != row.Version {
		t.Errorf("it was not sealed again, or changed: version %d, %v", now.Version, err)
	}
	shut(t, h)
	h = enter(t, f, "amy", "her word")
	if reads(t, h, old) {
		t.Error("amy reads what is the owner's")
	}
	if !reads(t, h, exchange) {
		t.Error("amy does not know the exchange that the wallet knows")
	}
	hers := coin(t, h, amy.ID, "2")
	if !reads(t, h, hers) {
		t.Error("amy does not read her own")
	}
	shut(t, h)
	h = enter(t, f, "", "open sesame")
	if !reads(t, h, old) || reads(t, h, hers) {
		t.Error("the owner reads what is hers, or not what is his")
	}
}

// Who was killed while adding somebody has left a name without a key: whoever adds the
// name again has it. A name whose bearer has a key stays taken.
func TestAnAdditionThatWasKilledIsRepeated(t *testing.T) {
	f := made(t, "open sesame")
	h := enter(t, f, "", "open sesame")
	for kind, add := range map[profile.Kind]func(name string) error{
		profile.Person: func(name string) error {
			_, err := h.AddPerson(t.Context(), name, crypto.NewSecret([]byte("a word")))
			return err
		},
		profile.Agent: func(name string) error {
			_, err := h.AddAgent(t.Context(), name, filepath.Join(t.TempDir(), "key"))
			return err
		},
		profile.Group: func(name string) error {
			_, err := h.AddGroup(t.Context(), name)
			return err
		},
	} {
		name := "half " + string(kind)
		half := profile.Principal{Kind: kind, Name: name, ID: instrument.PrincipalID("id of " + name)}
		if kind == profile.Agent {
			half.ActsFor = house.Self
		}
		_, err := h.Profiles().Add(t.Context(), half)
		check(t, err)
		if err := add(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := add(name); fault.ReasonOf(err) != "name-taken" {
			t.Errorf("%s, again: %v", name, err)
		}
	}
	shut(t, h)
	enter(t, f, "half person", "a word")
}

// Who gives up while adding somebody has added them, or has left the name free.
func TestAnAdditionThatIsGivenUpLeavesNobody(t *testing.T) {
	h := enter(t, made(t, "open sesame"), "", "open sesame")
	named := func() bool {
		all, err := h.Profiles().Principals(t.Context(), profile.Person)
		check(t, err)
		return slices.ContainsFunc(all, func(p profile.Principal) bool { return p.Name == "amy" && !p.Disabled })
	}
	ctx, cancel := context.WithCancel(t.Context())
	added := make(chan error)
	go func() {
		_, err := h.AddPerson(ctx, "amy", crypto.NewSecret([]byte("her word")))
		added <- err
	}()
	for !named() {
	}
	cancel()
	if err := <-added; (err == nil) != named() {
		t.Errorf("%v, and the name is taken: %v", err, named())
	}
}

// At which exchange somebody else has cash, nobody but they can see: none is removed while they
// have any, and afterwards what they had is not in the way.
func TestAnExchangeIsKeptForWhoseCashIsClosed(t *testing.T) {
	f := made(t, "open sesame")
	h := enter(t, f, "", "open sesame")
	holds(t, h, profile.Everyone, client.ClassExchange, "url", "https://exchange.example.com/", "new")
	amy, err := h.AddPerson(t.Context(), "amy", crypto.NewSecret([]byte("her word")))
	check(t, err)
	shut(t, h)
	h = enter(t, f, "amy", "her word")
	hers := coin(t, h, amy.ID, "1")
	shut(t, h)
	h = enter(t, f, "", "open sesame")
	remove := func() error {
		owner, err := h.Own(t.Context())
		check(t, err)
		return client.New(h.Controller, owner, nil).RemoveExchange(t.Context(), "https://exchange.example.com/")
	}
	if err := remove(); fault.ReasonOf(err) != "exchange-in-use" {
		t.Errorf("with her coin: %v", err)
	}
	shut(t, h)
	h = enter(t, f, "amy", "her word")
	check(t, h.Instruments().Update(t.Context(), func(tx *instrument.Draft) error {
		i, err := tx.Get(hers)
		if err != nil {
			return err
		}
		i.Status = "spent"
		return tx.Put(i)
	}))
	shut(t, h)
	h = enter(t, f, "", "open sesame")
	if err := remove(); err != nil {
		t.Errorf("once it is spent: %v", err)
	}
}

// What is closed stays in the way, whatever else is found after it: a group's coin of another exchange
// that all can see, here.
func TestAnExchangeIsKeptForWhoseCashIsClosedAmongOthers(t *testing.T) {
	f := made(t, "open sesame")
	h := enter(t, f, "", "open sesame")
	const url = "https://another.example.com/"
	err := h.Instruments().Update(t.Context(), func(tx *instrument.Draft) error {
		_, err := tx.Create(instrument.Instance{
			Class: client.ClassExchange, Owner: profile.Everyone, Status: "new", Keys: map[string]string{"url": url}, State: json.RawMessage(`{"url":"` + url + `"}`),
		})
		return err
	})
	check(t, err)
	amy, err := h.AddPerson(t.Context(), "amy", crypto.NewSecret([]byte("her word")))
	check(t, err)
	family, err := h.AddGroup(t.Context(), "family")
	check(t, err)
	me, err := h.Own(t.Context())
	check(t, err)
	check(t, h.AddMember(t.Context(), profile.Membership{Group: family.ID, Member: me.ID}))
	shut(t, h)
	h = enter(t, f, "amy", "her word")
	hers := coin(t, h, amy.ID, "1")
	shut(t, h)
	h = enter(t, f, "", "open sesame")
	shared := coin(t, h, family.ID, "2")
	if hers > shared || reads(t, h, hers) || !reads(t, h, shared) {
		t.Fatal("hers is not the closed one, seen first")
	}
	if err := client.New(h.Controller, me, nil).RemoveExchange(t.Context(), url); fault.ReasonOf(err) != "exchange-in-use" {
		t.Errorf("removed: %v", err)
	}
}

// Who is removed from a group, with the keys that they kept, opens nothing that is
// in the wallet now.
func TestAGroupGetsAnotherKeyWhenSomebodyLeaves(t *testing.T) {
	f := made(t, "open sesame")
	h := enter(t, f, "", "open sesame")
	amy, err := h.AddPerson(t.Context(), "amy", crypto.NewSecret([]byte("her word")))
	check(t, err)
	family, err := h.AddGroup(t.Context(), "family")
	check(t, err)
	check(t, h.AddMember(t.Context(), profile.Membership{Group: family.ID, Member: amy.ID}))
	shared := coin(t, h, family.ID, "1")
	kept, err := crypto.OpenKeys(f.Vault(), crypto.Slot{Name: string(amy.ID), Lock: crypto.QuickPassphrase(crypto.NewSecret([]byte("her word")))})
	check(t, err)
	thief := crypto.NewRing(kept, crypto.NewEngine(kept.Data, rand.Reader), rand.Reader)
	open := func(want bool) {
		t.Helper()
		row, err := h.Store.Row(t.Context(), shared)
		check(t, err)
		s, err := thief.For(string(family.ID))
		check(t, err)
		// What it belongs to is known; only the key is in the way.
		ad := []byte("\"instances\"\x00\"" + string(row.ID) + "\"\x00\"taler-coin\"\x00\"" + string(row.Owner) + "\"\x00\"fresh\"\x001")
		if _, err := s.Open(row.Sealed, ad); (err == nil) != want {
			t.Errorf("with her old keys she opens it: %v", err == nil)
		}
	}
	open(true)
	check(t, h.RemoveMember(t.Context(), family.ID, amy.ID))
	open(false)
	if !reads(t, h, shared) {
		t.Error("the group's coin is lost")
	}
	if err := h.RemoveMember(t.Context(), family.ID, amy.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("twice: %v", err)
	}
	check(t, h.Remove(t.Context(), amy, false))
	if _, err := crypto.OpenVault(f.Vault(), crypto.Slot{Name: string(amy.ID), Lock: crypto.QuickPassphrase(crypto.NewSecret([]byte("her word")))}); !errors.Is(err, fault.NotFound) {
		t.Errorf("her passphrase opens the vault: %v", err)
	}
}

// Nobody has a key of a group that they are not in: not when joining fails, and
// not for longer than until the next change when leaving was interrupted.
func TestNobodyKeepsTheKeyOfAGroupThatTheyAreNotIn(t *testing.T) {
	f := made(t, "open sesame")
	h := enter(t, f, "", "open sesame")
	word := crypto.NewSecret([]byte("her word"))
	amy, err := h.AddPerson(t.Context(), "amy", word)
	check(t, err)
	family, err := h.AddGroup(t.Context(), "family")
	check(t, err)
	hers := func() *crypto.Keys {
		t.Helper()
		k, err := crypto.OpenKeys(f.Vault(), crypto.Slot{Name: string(amy.ID), Lock: crypto.QuickPassphrase(word)})
		check(t, err)
		return k
	}
	has := func(k *crypto.Keys, owner instrument.PrincipalID) bool {
		_, err := crypto.NewRing(k, crypto.NewEngine(k.Data, rand.Reader), rand.Reader).For(string(owner))
		return err == nil
	}
	looking := func() *house.House {
		t.Helper()
		o := options(f, "open sesame")
		o.Looking = true
		other, err := house.Open(t.Context(), o)
		check(t, err)
		return other
	}
	member := func() bool {
		t.Helper()
		in, err := h.Profiles().Memberships(t.Context(), family.ID, amy.ID)
		check(t, err)
		return len(in) > 0
	}

	if err := h.AddMember(t.Context(), profile.Membership{Group: house.Self, Member: amy.ID}); fault.ReasonOf(err) != "kind-differs" {
		t.Errorf("the owner as a group: %v", err)
	}
	if has(hers(), house.Self) {
		t.Error("amy has got the owner's key")
	}
	other := looking()
	if err := h.AddMember(t.Context(), profile.Membership{Group: family.ID, Member: amy.ID}); fault.ReasonOf(err) != "wallet-open" || member() {
		t.Errorf("while keys cannot change: %v, a member %v", err, member())
	}
	shut(t, other)

	check(t, h.Profiles().Join(t.Context(), profile.Membership{Group: family.ID, Member: amy.ID})) // and a crash
	check(t, h.AddMember(t.Context(), profile.Membership{Group: family.ID, Member: amy.ID}))
	if !member() || !has(hers(), family.ID) {
		t.Error("a member has not got the key")
	}
	other = looking()
	if err := h.RemoveMember(t.Context(), family.ID, amy.ID); fault.ReasonOf(err) != "wallet-open" || !member() {
		t.Errorf("while keys cannot change: %v, still a member %v", err, member())
	}
	shut(t, other)
	check(t, h.Profiles().Leave(t.Context(), family.ID, amy.ID)) // and a crash
	if !has(hers(), family.ID) {
		t.Fatal("the key went by itself")
	}
	_, err = h.AddGroup(t.Context(), "club")
	check(t, err)
	if has(hers(), family.ID) {
		t.Error("who has left still has the key")
	}
	if !reads(t, h, coin(t, h, family.ID, "9")) {
		t.Error("the group has lost its key")
	}
}

// Keys are changed by whoever has the wallet alone: another process would go on
// sealing under those that are over.
func TestKeysChangeOnlyInAWalletThatNobodyElseHasOpen(t *testing.T) {
	f := made(t, "open sesame")
	h := enter(t, f, "", "open sesame")
	o := options(f, "open sesame")
	o.Looking = true
	other, err := house.Open(t.Context(), o)
	check(t, err)
	if _, err := h.AddPerson(t.Context(), "amy", crypto.NewSecret([]byte("her word"))); fault.ReasonOf(err) != "wallet-open" {
		t.Errorf("%v", err)
	}
	keyFile := filepath.Join(t.TempDir(), "bot.key")
	if _, err := h.AddAgent(t.Context(), "bot", keyFile); fault.ReasonOf(err) != "wallet-open" {
		t.Errorf("an agent: %v", err)
	}
	check(t, other.Close(t.Context()))
	if _, err := h.AddPerson(t.Context(), "amy", crypto.NewSecret([]byte("her word"))); err != nil {
		t.Errorf("alone: %v", err)
	}
	if _, err := h.AddAgent(t.Context(), "bot", keyFile); err != nil { // by the same command
		t.Errorf("an agent, alone: %v", err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
