package protocol_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// renewed is a protocol after an upgrade of its bundle.
type renewed struct {
	protocol.Protocol
	info       protocol.Info
	operations []protocol.Operation
}

func (r renewed) Info() protocol.Info { return r.info }

func (r renewed) Operations(instrument.ClassID, comm.Role) []protocol.Operation { return r.operations }

// Parties that give the same answers have the same version, and whatever changes
// an answer changes it.
func TestTheVersionIsOfWhatIsNegotiatedWith(t *testing.T) {
	pay := []protocol.Operation{{Name: protocol.Pay, Messages: true}}
	plain := func(info protocol.Info, operations []protocol.Operation) protocol.Protocol {
		return renewed{script{id: info.ID}, info, operations}
	}
	version := func(ps ...protocol.Protocol) string {
		return protocoltest.NewPair(t, bundles(ps...), nil).Initiator.Protocols.Version()
	}
	first := version(plain(protocol.Info{ID: "a", Replay: 1}, pay))
	if again := version(plain(protocol.Info{ID: "a", Replay: 1}, pay)); first == "" || again != first {
		t.Errorf("the same has the versions %q and %q", first, again)
	}
	for name, other := range map[string]string{
		"nothing":           version(),
		"another protocol":  version(plain(protocol.Info{ID: "b", Replay: 1}, pay)),
		"one more":          version(plain(protocol.Info{ID: "a", Replay: 1}, pay), plain(protocol.Info{ID: "b", Replay: 1}, pay)),
		"another replay":    version(plain(protocol.Info{ID: "a", Replay: 2}, pay)),
		"other operations":  version(plain(protocol.Info{ID: "a", Replay: 1}, nil)),
		"another wish":      version(plain(protocol.Info{ID: "a", Replay: 1}, []protocol.Operation{{Name: protocol.Pay, Messages: true, Instruments: protocol.WantsMain}})),
		"another operation": version(plain(protocol.Info{ID: "a", Replay: 1}, []protocol.Operation{{Name: protocol.Pay}})),
	} {
		if other == first {
			t.Errorf("%s has the same version", name)
		}
	}
}
