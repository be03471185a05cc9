package protocoltest

import (
	"context"
	"fmt"
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
			if err := refuses(t.Context(), p, side); err != nil {
				t.Error(err)
			}
		}
	})
}

// refuses is an error unless one side of a protocol refuses, before it does anything, an
// operation that it does not have.
func refuses(ctx context.Context, p protocol.Protocol, side protocol.Side) (wrong error) {
	defer func() {
		if went := recover(); went != nil { // into a Session that cannot do anything, mostly
			wrong = fmt.Errorf("the %s goes on with an operation that it does not have, instead of refusing it: %v", side, went)
		}
	}()
	_, err := p.DoOperation(ctx, bystander{side: side}, protocol.Call{Operation: "NO-SUCH"})
	if err == nil {
		return fmt.Errorf("the %s ends an operation well that it does not have", side)
	}
	if fault.KindOf(err) != fault.Unsupported {
		return fmt.Errorf("the %s does not refuse an operation that it does not have as fault.Unsupported: %w", side, err)
	}
	return nil
}

// bystander is a Session for code that must not get as far as using one.
type bystander struct {
	protocol.Session
	side protocol.Side
}

func (b bystander) Side() protocol.Side { return b.side }
