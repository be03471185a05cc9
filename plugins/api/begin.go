package api

import (
	"maps"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/protocol"
)

// WriteBegin starts a run in the view of a role; a rewind has no role.
func WriteBegin(b protocol.Begin, role comm.Role) *wire.Begin {
	w := &wire.Begin{
		Op: string(b.Op), Protocol: b.Protocol, Side: string(b.Side), Peer: writePeer(b.Peer), Call: writeCall(b.Call),
		Leased: each(b.Leased, WriteInstance), Seed: b.Seed, Now: writeTime(b.Now), Recorded: uint32(b.Recorded), Role: string(role),
		Ahead: writeAhead(b.Ahead),
	}
	if len(b.Outcomes) > 0 {
		w.Outcomes = make(map[uint32]*wire.Fault, len(b.Outcomes))
		for n, f := range b.Outcomes {
			w.Outcomes[uint32(n)] = WriteFault(f)
		}
	}
	return w
}

// ReadBegin is the reverse.
func ReadBegin(w *wire.Begin) (protocol.Begin, comm.Role, error) {
	call, err := readCall(w.GetCall())
	if err != nil {
		return protocol.Begin{}, "", err
	}
	leased, err := readInstances(w.GetLeased())
	if err != nil {
		return protocol.Begin{}, "", err
	}
	now, err := readTime(w.GetNow())
	if err != nil {
		return protocol.Begin{}, "", err
	}
	ahead, err := readAhead(w.GetAhead())
	if err != nil {
		return protocol.Begin{}, "", err
	}
	b := protocol.Begin{
		Op: instrument.OperationID(w.GetOp()), Protocol: w.GetProtocol(), Side: protocol.Side(w.GetSide()), Peer: readPeer(w.GetPeer()),
		Call: call, Leased: leased, Seed: w.GetSeed(), Now: now, Recorded: int(w.GetRecorded()), Ahead: ahead,
	}
	if len(w.GetOutcomes()) > 0 {
		b.Outcomes = make(map[int]*fault.Fault, len(w.GetOutcomes()))
		for _, n := range slices.Sorted(maps.Keys(w.GetOutcomes())) {
			b.Outcomes[int(n)] = ReadFault(w.GetOutcomes()[n])
		}
	}
	return b, comm.Role(w.GetRole()), nil
}

func readInstances(list []*wire.Instance) ([]instrument.Instance, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make([]instrument.Instance, len(list))
	for n, w := range list {
		i, err := ReadInstance(w)
		if err != nil {
			return nil, err
		}
		out[n] = i
	}
	return out, nil
}

func writeAhead(a *protocol.Ahead) *wire.Ahead {
	if a == nil {
		return nil
	}
	w := &wire.Ahead{Now: writeTime(a.Now), Message: a.Message}
	if a.Instance != nil {
		w.Instance = WriteInstance(*a.Instance)
	}
	return w
}

func readAhead(w *wire.Ahead) (*protocol.Ahead, error) {
	if w == nil {
		return nil, nil
	}
	now, err := readTime(w.GetNow())
	if err != nil {
		return nil, err
	}
	a := &protocol.Ahead{Now: now, Message: w.GetMessage()}
	if w.GetInstance() != nil {
		i, err := ReadInstance(w.GetInstance())
		if err != nil {
			return nil, err
		}
		a.Instance = &i
	}
	return a, nil
}
