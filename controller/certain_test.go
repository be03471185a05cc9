package controller

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// A sum is given back only for a fault that leaves no doubt, and for the same ones
// whether somebody waits for the end or reads it on record.
func TestWhatGivesASumBack(t *testing.T) {
	for _, row := range []struct {
		kind   fault.Kind
		reason fault.Reason
		waits  bool // given back to who waits for it
		record profile.Fate
	}{
		{fault.Invalid, "", true, profile.Failed},
		{fault.Denied, "", true, profile.Failed},
		{fault.NotFound, "", true, profile.Failed},
		{fault.Conflict, "", true, profile.Failed},
		{fault.Declined, "", true, profile.Failed},
		{fault.Unsupported, "", true, profile.Failed},
		{fault.Unavailable, "", true, profile.Failed},
		{fault.Timeout, "", true, profile.Failed},
		{fault.Locked, "", false, profile.Running},
		{fault.Unknown, "", false, profile.Running},
		{fault.Stuck, "memory-lost", false, profile.Running},
		{fault.Internal, "amount-differs-from-offer", false, profile.Running},
		{fault.Suspended, "", false, profile.Running},
		{fault.Conflict, "key-reused", false, profile.Failed},
		{fault.Unknown, "abandoned", false, profile.Failed},
		{fault.Unknown, "abandoned-there", false, profile.Running},
	} {
		f := fault.New(row.kind, "it ended").Because(row.reason)
		if got := new(Controller).movedNothing(t.Context(), "", f); got != row.waits {
			t.Errorf("%s %s: given back %v", row.kind, row.reason, got)
		}
		if got := fateOf(f); got != row.record {
			t.Errorf("%s %s on record: fate %d, want %d", row.kind, row.reason, got, row.record)
		}
	}
	if new(Controller).movedNothing(t.Context(), "", errors.New("a defect")) || fateOf(nil) != profile.Done {
		t.Error("an error that is no fault gives a sum back, or a success is none")
	}
}

// What goes on after its operation is given back when the operation was refused
// and nothing was made.
func TestWhatGoesOnIsGivenBackIfNothingWasMade(t *testing.T) {
	for fate, want := range map[profile.Fate]bool{profile.Unseen: true, profile.Failed: true, profile.Running: false, profile.Done: false} {
		c := new(Controller)
		c.CountsBy(func(context.Context, instrument.OperationID) (profile.Fate, error) { return fate, nil })
		if got := c.movedNothing(t.Context(), "till/1", fault.New(fault.Conflict, "no")); got != want {
			t.Errorf("fate %d: given back %v", fate, got)
		}
		if c.movedNothing(t.Context(), "till/1", fault.New(fault.Unknown, "who knows")) {
			t.Errorf("fate %d: given back while the request may still be made", fate)
		}
	}
	c := new(Controller)
	c.CountsBy(func(context.Context, instrument.OperationID) (profile.Fate, error) {
		return profile.Unseen, errors.New("the disk is broken")
	})
	if c.movedNothing(t.Context(), "till/1", fault.New(fault.Conflict, "no")) {
		t.Error("given back without knowing")
	}
}

// A peer that knows an operation as another one has had it from an earlier life, of
// which a backup tells nothing: nobody is told to pay again before they have asked.
func TestAnEarlierLifeMayHavePaid(t *testing.T) {
	f := asHeard(fault.New(fault.Conflict, "operation 0123 was begun with other content").Because("key-reused").WithHint("use another --key for another operation"))
	if f.Reason != "key-reused" || !strings.Contains(f.Message, "may have been paid") || !strings.Contains(f.Hint, "ask the peer") {
		t.Errorf("%s — %s (%s)", f.Message, f.Hint, f.Reason)
	}
}

// Only our own operator's word is taken for an operation that was abandoned, or given up.
func TestAPeerAbandonsNothingHere(t *testing.T) {
	for _, word := range []fault.Reason{protocol.ReasonAbandoned, protocol.ReasonForgone} {
		if f := asHeard(fault.New(fault.Unknown, "gone").Because(word)); f.Kind != fault.Unknown || f.Reason == word || fateOf(f) != profile.Running {
			t.Errorf("%+v", f)
		}
	}
	if f := asHeard(fault.New(fault.Declined, "no").Because("card-declined").WithHint("another card")); f.Reason != "card-declined" || f.Hint != "another card" {
		t.Errorf("%+v", f)
	}
}

// Code that asks somebody at the peer says nothing of the person here, whom nobody needs.
func TestNobodyIsNeededHereForAPeersQuestion(t *testing.T) {
	f := asHeard(fault.New(fault.Unsupported, "nobody is here to be asked").Because(protocol.ReasonNoPerson))
	if f.Kind != fault.Unsupported || f.Reason != "no-person-there" {
		t.Errorf("%+v", f)
	}
}

// Of a plugin of the peer nobody is told to remove their own.
func TestThePluginOfAPeerIsTheirs(t *testing.T) {
	for _, hint := range []string{"", "remove it with `plugin remove`"} {
		f := asHeard(fault.New(fault.Unavailable, "the plugin coupon was ended").Because("plugin-hung").WithHint("%s", hint))
		if f.Reason != "plugin-hung" || !strings.Contains(f.Hint, "the peer's plugin") || strings.Contains(f.Hint, "remove") {
			t.Errorf("%+v", f)
		}
	}
}

// Whom the peer does not reach is no reason to look at one's own network, and its defect
// is in its log, not in ours.
func TestWhatThePeerCannotDoIsTheirs(t *testing.T) {
	for _, f := range []*fault.Fault{
		comm.Unreached(errors.New("refused"), "issuer.example"),
		fault.New(fault.Unknown, "issuer.example gave no complete answer").Because("answer-missing"),
		fault.New(fault.Internal, "too many steps").Because("too-many-steps"),
	} {
		if got := asHeard(f); got.Reason != f.Reason || got.Kind != f.Kind || !strings.Contains(got.Hint, "the peer") {
			t.Errorf("%+v", got)
		}
	}
}

func TestWhatCountsUnderOneIDGoesOneAfterTheOther(t *testing.T) {
	var all turns
	leave, err := all.take(t.Context(), "till/1")
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := all.take(over, "till/1"); fault.KindOf(err) != fault.Timeout {
		t.Errorf("a second one goes: %v", err)
	}
	for _, other := range []instrument.OperationID{"till/2", "", ""} {
		if _, err := all.take(over, other); err != nil {
			t.Errorf("%q waits: %v", other, err)
		}
	}
	came := make(chan func())
	go func() {
		next, err := all.take(t.Context(), "till/1")
		if err != nil {
			t.Error(err)
		}
		came <- next
	}()
	leave()
	next := <-came
	leave() // again: it is not ours any more
	if _, err := all.take(over, "till/1"); err == nil {
		t.Error("who has left lets others in twice")
	}
	next()
	if _, err := all.take(over, "till/1"); err != nil {
		t.Error(err)
	}
}
