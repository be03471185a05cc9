//go:build linux

package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestTheCouponIsBuiltFromOutsideAndRedeemedOnce is what a third party does: a
// module of its own, one program, added by its file.
func TestTheCouponIsBuiltFromOutsideAndRedeemedOnce(t *testing.T) {
	path := buildExample(t, "coupon")
	h := newHost(t, nil)
	catalog := host.NewCatalog(filepath.Join(t.TempDir(), "plugins.lock"))
	inspected, err := h.Inspect(t.Context(), host.Source{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	entry, err := catalog.Add(path, inspected)
	if err != nil {
		t.Fatal(err)
	}
	b := load(t, h, entry.Source())
	shop := &till{keys: map[string]instrument.ID{}}

	first := newCoupon(t, "SUMMER", "CHF:5")
	if err := redeem(t, b, shop, &first, "CHF:5"); err != nil || first.Status != "redeemed" || len(shop.taken) != 1 {
		t.Fatalf("error = %v, coupon %s, %d taken", err, first.Status, len(shop.taken))
	}
	copied := newCoupon(t, "SUMMER", "CHF:5")
	if err := redeem(t, b, shop, &copied, "CHF:5"); fault.ReasonOf(err) != "code-taken" || copied.Status != "ready" || len(shop.taken) != 1 {
		t.Errorf("a copy: error = %v, coupon %s, %d taken", err, copied.Status, len(shop.taken))
	}
	small := newCoupon(t, "WINTER", "CHF:1")
	if err := redeem(t, b, shop, &small, "CHF:5"); fault.ReasonOf(err) != "worth-differs" || small.Status != "ready" || len(shop.taken) != 1 {
		t.Errorf("too small a one: error = %v, coupon %s", err, small.Status)
	}
	if shop.heard != 2 {
		t.Errorf("the shop was shown %d coupons; the one that does not suit must not leave the wallet", shop.heard)
	}
}

func buildExample(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", path)
	build.Dir = filepath.Join("..", "example", name)
	build.Env = append(build.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Chmod(path, 0o700); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return path
}

func newCoupon(t *testing.T, code, worth string) instrument.Instance {
	state := fmt.Sprintf(`{"code":%q,"worth":%q}`, code, worth)
	return instrument.Instance{ID: newID(t), Class: "coupon", Status: "ready", Version: 1, State: json.RawMessage(state)}
}

// redeem runs both sides of one payment and changes the coupon as the wallet
// would.
func redeem(t *testing.T, b *host.Bundle, shop *till, coupon *instrument.Instance, price string) error {
	t.Helper()
	sum, err := instrument.ParseAmount(price)
	if err != nil {
		t.Fatal(err)
	}
	call := protocol.Call{Operation: protocol.Pay, Class: "coupon", Offer: &instrument.OfferBody{Class: "coupon", Terms: instrument.Terms{Price: sum}}}
	presented, ended := make(chan json.RawMessage, 1), make(chan protocol.Step, 1)
	begun := protocol.Begin{
		Op: "op-" + instrument.OperationID(coupon.ID), Protocol: "coupon.redeem", Side: protocol.Servicer, Call: call, Seed: make([]byte, 32), Now: noon,
	}
	vendor := &servicer{till: shop, begun: begun, presented: presented, ended: ended}
	served := make(chan error, 1)
	serving, leave := context.WithCancel(t.Context())
	defer leave()
	go func() {
		err := b.Protocols(comm.Vendor)[0].(protocol.Stepper).RunSteps(serving, vendor.begun, vendor)
		close(ended)
		served <- err
	}()
	begun.Side, begun.Call.Instruments, begun.Leased = protocol.Initiator, []instrument.ID{coupon.ID}, []instrument.Instance{*coupon}
	var last protocol.Step
	sent := false
	err = b.Protocols(comm.Client)[0].(protocol.Stepper).RunSteps(t.Context(), begun, doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
		for _, s := range steps {
			switch last = s; s.Kind {
			case protocol.StepUpdate:
				*coupon = s.Writes[0]
			case protocol.StepSend:
				if coupon.Status != "presented" {
					t.Error("the message left before the intent")
				}
				sent = true
				presented <- s.Body
			}
		}
		if last.Kind == protocol.StepResult {
			return protocol.Answer{Now: noon, Done: true}, nil
		}
		switch end, ok := <-ended; {
		case !ok:
			return protocol.Answer{Suspended: true}, nil
		case end.Fault != nil:
			return protocol.Answer{Now: noon, Fault: end.Fault}, nil
		default:
			return protocol.Answer{Now: noon, Message: end.Result.Value}, nil
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if !sent {
		leave() // or it waits for ever
	}
	if err := <-served; sent && err != nil {
		t.Fatal(err)
	}
	if last.Fault != nil {
		return last.Fault
	}
	if last.Result.Amount != sum {
		t.Errorf("the wallet says that %s changed hands", last.Result.Amount)
	}
	return nil
}

// till is the vendor's store: what was taken, and which codes.
type till struct {
	heard int
	keys  map[string]instrument.ID
	taken []instrument.Instance
}

// servicer is the vendor's half of the host: a taken key rewinds the operation,
// which gets its message again.
type servicer struct {
	till      *till
	begun     protocol.Begin
	presented chan json.RawMessage
	ended     chan protocol.Step
	message   json.RawMessage
}

func (s *servicer) Exchange(ctx context.Context, steps []protocol.Step) (protocol.Answer, error) {
	for _, st := range steps {
		switch st.Kind {
		case protocol.StepRecv:
			if s.message == nil {
				select {
				case s.message = <-s.presented:
					s.till.heard++
				case <-ctx.Done(): // the initiator refused before it sent
					return protocol.Answer{Suspended: true}, nil
				}
			}
			return protocol.Answer{Now: noon, Message: s.message}, nil
		case protocol.StepFind:
			id, taken := s.till.keys[st.Find.Value]
			if !taken {
				return protocol.Answer{Now: noon, Fault: fault.New(fault.NotFound, "no such code")}, nil
			}
			return protocol.Answer{Now: noon, Found: id}, nil
		case protocol.StepGet:
			at := slices.IndexFunc(s.till.taken, func(i instrument.Instance) bool { return i.ID == st.Get })
			return protocol.Answer{Now: noon, Instance: &s.till.taken[at]}, nil
		case protocol.StepUpdate:
			i := st.Writes[0]
			if s.begun.Outcomes[st.N] != nil {
				continue // it was told that this one failed
			}
			if _, taken := s.till.keys[i.Keys["code"]]; taken {
				s.begun.Outcomes = map[int]*fault.Fault{st.N: (&instrument.KeyConflict{Class: "coupon", Key: "code", ID: i.ID}).Fault()}
				return protocol.Answer{Now: noon, Rewind: &s.begun}, nil
			}
			s.till.keys[i.Keys["code"]] = i.ID
			s.till.taken = append(s.till.taken, i)
		case protocol.StepResult:
			s.ended <- st
		}
	}
	return protocol.Answer{Now: noon, Done: true}, nil
}

// TestABundleLinksNothingOfTheHouse keeps a third party's program small and its
// author's choices free.
func TestABundleLinksNothingOfTheHouse(t *testing.T) {
	for _, dir := range []string{"../sdk", "../example/coupon", "../example/miles"} {
		list := exec.Command("go", "list", "-deps", ".")
		list.Dir = dir
		list.Env = append(list.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(out), "github.com/swaperoo/swaperoo/plugins/sdk\n") {
			t.Fatalf("%s does not even link the SDK", dir)
		}
		for pkg := range strings.Lines(string(out)) {
			for _, foreign := range []string{
				"modernc.org/", "gorilla/", "spf13/", "sourcegraph/jsonrpc2", "pressly/", "BurntSushi/",
				"swaperoo/controller", "swaperoo/profile", "swaperoo/plugins/host", "swaperoo/comm/rpc", "swaperoo/comm/websocket",
			} {
				if strings.Contains(pkg, foreign) {
					t.Errorf("%s links %s", dir, strings.TrimSpace(pkg))
				}
			}
		}
	}
}
