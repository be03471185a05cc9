package protocol_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// ofOthers is a sealer of a wallet in which one owner's keys may be missing.
type ofOthers struct {
	*crypto.Engine
	away   instrument.PrincipalID
	opened *atomic.Bool
}

func (o ofOthers) For(owner instrument.PrincipalID) (instrument.OwnerSeal, error) {
	if owner == o.away && !o.opened.Load() {
		return nil, fault.New(fault.Locked, "the keys of %s are not here", owner)
	}
	return o.Engine, nil
}

// TestAnOperationWaitsForWhoBeganIt: somebody else who may use the instrument
// cannot make what is the beginner's, and does not take the operation over.
func TestAnOperationWaitsForWhoBeganIt(t *testing.T) {
	code := talk(2)
	pair, _ := interrupted(t, code)
	before, err := pair.Initiator.Store.OperationRow(t.Context(), opA)
	if err != nil || before.Principal == "gary" { // whose the instrument is
		t.Fatalf("%+v, %v", before, err)
	}
	var opened atomic.Bool
	next := protocoltest.NewNode(t, protocoltest.Options{
		Role: comm.Client, Before: pair.Initiator, Bundles: bundles(code), Reach: pair.Wire.ToServicer,
		Sealer: func(e *crypto.Engine) instrument.Sealer { return ofOthers{e, before.Principal, &opened} },
	})
	pair.Reborn(protocol.Initiator, next)
	if n, err := next.Protocols.Resume(t.Context()); n != 0 || err != nil {
		t.Errorf("%d were taken over, %v", n, err)
	}
	if _, err := next.Protocols.Await(within(t), opA); fault.ReasonOf(err) != "owner-locked" {
		t.Errorf("who waits for it is told %v", err)
	}
	opened.Store(true)
	if n, err := next.Protocols.Resume(t.Context()); n != 1 || err != nil {
		t.Errorf("%d were taken over by whom it concerns, %v", n, err)
	}
	if _, err := next.Protocols.Await(within(t), opA); err != nil {
		t.Error(err)
	}
}

// TestNobodyElsesInstruments: code makes instruments for whom the operation is,
// or for the owner of what it was given.
func TestNobodyElsesInstruments(t *testing.T) {
	for owner, reason := range map[instrument.PrincipalID]fault.Reason{"": "", "client": "", "gary": "", "mallory": "owner-not-granted"} {
		n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("done"), s.Update(ctx, func(tx instrument.Tx) error {
				i := instance("purse", state{})
				i.Owner = owner
				_, err := tx.Create(i)
				return err
			})
		}))})
		id := n.Create(t, instance("purse", state{}))[0] // it is gary's
		if _, err := do(t, n, call("DO", id)); fault.ReasonOf(err) != reason {
			t.Errorf("for %q: %v", owner, err)
		}
	}
}
