package protocoltest

import (
	"reflect"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestProtocol checks what a protocol says of itself: that it is constant, that
// operations have names as in the paper and flags that go together, and that an
// operation which it does not have is refused on both sides.
func TestProtocol(t *testing.T, p protocol.Protocol, classes ...instrument.ClassID) {
	t.Run("it has an id and a title", func(t *testing.T) {
		info := p.Info()
		if info.ID == "" || info.Title == "" || info.ID != strings.ToLower(info.ID) {
			t.Errorf("the id is %q and the title %q", info.ID, info.Title)
		}
		if p.Info() != info {
			t.Error("Info is not constant")
		}
	})
	t.Run("it is compatible with its classes only", func(t *testing.T) {
		for _, class := range classes {
			if !p.CompatibleWith(class) {
				t.Errorf("it is not compatible with %s", class)
			}
		}
		if p.CompatibleWith("no-such-class") {
			t.Error("it is compatible with a class that nobody has")
		}
	})
	t.Run("its operations are well formed", func(t *testing.T) {
		for _, class := range classes {
			for _, role := range []comm.Role{comm.Client, comm.Vendor, comm.Bank, ""} {
				ops := p.Operations(class, role)
				if !reflect.DeepEqual(ops, p.Operations(class, role)) {
					t.Errorf("the operations for %s with %q are not constant", class, role)
				}
				for _, op := range ops {
					if op.Name == "" || op.Name != strings.ToUpper(op.Name) {
						t.Errorf("the operation %q is not written as in the paper", op.Name)
					}
					if op.ReadOnly && op.Keyed {
						t.Errorf("%s only reads, so nothing is to be claimed by a key", op.Name)
					}
				}
			}
		}
	})
	t.Run("it refuses an operation that it does not have", func(t *testing.T) {
		for _, side := range []protocol.Side{protocol.Initiator, protocol.Servicer} {
			_, err := p.DoOperation(t.Context(), bystander{side: side}, protocol.Call{Operation: "NO-SUCH"})
			if fault.KindOf(err) != fault.Unsupported {
				t.Errorf("the %s returned %v", side, err)
			}
		}
	})
}

// bystander is a Session for code that must not get as far as using one.
type bystander struct {
	protocol.Session
	side protocol.Side
}

func (b bystander) Side() protocol.Side { return b.side }
