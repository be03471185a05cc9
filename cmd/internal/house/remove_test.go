package house_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/profile"
)

// A person's agents do not keep them in the wallet: its owner, who cannot remove somebody
// else's agent, removes both when that is said.
func TestAPersonIsRemovedWithTheirAgents(t *testing.T) {
	f := made(t, "open sesame")
	h := enter(t, f, "", "open sesame")
	word := crypto.NewSecret([]byte("her word"))
	amy, err := h.AddPerson(t.Context(), "amy", word)
	check(t, err)
	shut(t, h)
	h = enter(t, f, "amy", "her word")
	bot, err := h.AddAgent(t.Context(), "bot", filepath.Join(t.TempDir(), "bot.key"))
	check(t, err)
	coin(t, h, amy.ID, "hers")
	shut(t, h)

	h = enter(t, f, "", "open sesame")
	family, err := h.AddGroup(t.Context(), "family")
	check(t, err)
	for _, p := range []profile.Principal{amy, bot} {
		check(t, h.AddMember(t.Context(), profile.Membership{Group: family.ID, Member: p.ID}))
	}
	shared, mine := coin(t, h, family.ID, "ours"), coin(t, h, "self", "mine")
	if err := h.Remove(t.Context(), bot, true); !errors.Is(err, fault.Denied) {
		t.Errorf("somebody else's agent alone: %v", err)
	}
	if err := h.Remove(t.Context(), amy, false); fault.ReasonOf(err) != "agent-left" {
		t.Errorf("unsaid: %v", err)
	}
	check(t, h.Remove(t.Context(), amy, true))

	for _, p := range []profile.Principal{amy, bot} {
		if _, err := crypto.OpenVault(f.Vault(), crypto.Slot{Name: string(p.ID), Lock: crypto.QuickPassphrase(word)}); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s still has a slot in the vault: %v", p.Name, err)
		}
		now, err := h.Profiles().Principal(t.Context(), p.ID)
		if err != nil && !errors.Is(err, fault.NotFound) || err == nil && !now.Disabled {
			t.Errorf("%s may still do something: %+v, %v", p.Name, now, err)
		}
		if in, err := h.Profiles().Memberships(t.Context(), "", p.ID); err != nil || len(in) > 0 {
			t.Errorf("%s is still in %v, %v", p.Name, in, err)
		}
	}
	shut(t, h)
	h = enter(t, f, "", "open sesame")
	if !reads(t, h, shared) || !reads(t, h, mine) {
		t.Error("what is others' is lost with them")
	}
}
