package prepaid

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// Every frame is lost once, then arrives twice: each payment is made once.
func TestFramesThatAreLostOrRepeated(t *testing.T) {
	for _, fate := range []protocoltest.Fate{protocoltest.Drop, protocoltest.Twice, protocoltest.Refuse} {
		for nth := range 8 {
			t.Run(fmt.Sprint(fate, "/", nth), func(t *testing.T) {
				h := openHouse(t)
				at := h.open()
				if err := h.credit(at, "CHF:10", "card"); err != nil { // the first payment asks for it
					t.Fatal(err)
				}
				var mu sync.Mutex
				n := -1
				h.Wire.OnFrame(func(protocoltest.Frame) protocoltest.Fate {
					mu.Lock()
					defer mu.Unlock()
					if n++; n == nth {
						return fate
					}
					return protocoltest.Deliver
				})
				for range 3 {
					if _, err := h.pay(at, "CHF:1"); err != nil {
						t.Fatal(err)
					}
				}
				h.learn(at)
				if l, p := h.ledger(at), h.purse(at); l.Balance != sum("CHF:7") || p.Balance != sum("CHF:7") || len(p.Open) > 0 {
					t.Errorf("the ledger has %s, the purse %s", l.Balance, p.Balance)
				}
				h.conserved(at)
			})
		}
	}
}

// The same operation again is the same payment.
func TestRepeatingAnOperationPaysOnce(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:10")
	op := instrument.OperationID(fmt.Sprintf("%032x", 7))
	c := h.payment(at, "CHF:4")
	for range 3 {
		if _, err := h.execute(op, c); err != nil {
			t.Fatal(err)
		}
	}
	if l := h.ledger(at); l.Spent != sum("CHF:4") {
		t.Errorf("%s was spent", l.Spent)
	}
	h.conserved(at)
}

// A wallet that dies with a payment outside has it on record. Its next life finds
// out by asking for the balance: what the vendor has taken is settled.
func TestAPaymentThatIsOutsideIsOnRecord(t *testing.T) {
	for _, arrives := range []bool{true, false} {
		t.Run(fmt.Sprint("it arrives ", arrives), func(t *testing.T) {
			h := openHouse(t)
			at := h.charged("CHF:10")
			left, again := make(chan struct{}), make(chan struct{})
			var once sync.Once
			h.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				here := false
				if arrives == (f.Executed != nil) {
					once.Do(func() { close(left); here = true })
				}
				if here {
					<-again
					return protocoltest.Drop
				}
				select {
				case <-left:
					return protocoltest.Refuse
				default:
					return protocoltest.Deliver
				}
			})
			ended := make(chan error, 1)
			go func() {
				_, err := h.pay(at, "CHF:4")
				ended <- err
			}()
			<-left
			closed := make(chan error, 1)
			go func() { closed <- h.Initiator.Protocols.Close(context.Background()) }()
			close(again)
			if err := <-closed; err != nil {
				t.Fatal(err)
			}
			wantFault(t, <-ended, fault.Unknown, "pending")

			h.Initiator = protocoltest.NewNode(t, protocoltest.Options{
				Role: comm.Client, Bundles: bundles(comm.Client), Before: h.Initiator,
				Clock: func() time.Time { return time.Unix(h.clock.Load(), 0) },
			})
			h.Pair = protocoltest.Connect(h.Initiator, h.Servicer)
			if p := h.purse(at); len(p.Open) != 1 || p.Balance != sum("CHF:6") {
				t.Fatalf("the purse is %+v", p)
			}
			h.learn(at)
			if p := h.purse(at); arrives != (len(p.Open) == 0) || p.Balance != sum("CHF:6") {
				t.Fatalf("after a first look the purse is %+v", p)
			}
			h.clock.Add(15*60 + grace + 1) // the vendor's offer is over: it takes it no more
			h.learn(at)
			want := sum("CHF:10")
			if arrives {
				want = sum("CHF:6")
			}
			if p := h.purse(at); len(p.Open) != 0 || p.Balance != want {
				t.Errorf("the purse is %+v", p)
			}
			h.conserved(at)
		})
	}
}

// Whatever happens in whatever order, nothing is made and nothing is lost.
func TestRandomInterleavingsConserveValue(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			h := openHouse(t)
			accounts := []instrument.ID{h.charged("CHF:6"), h.charged("CHF:3")}
			var mu sync.Mutex
			r := rand.New(rand.NewPCG(seed, 11))
			dice := func(n int) int {
				mu.Lock()
				defer mu.Unlock()
				return r.IntN(n)
			}
			h.Wire.OnFrame(func(protocoltest.Frame) protocoltest.Fate {
				switch dice(12) {
				case 0:
					return protocoltest.Drop
				case 1:
					return protocoltest.Twice
				}
				return protocoltest.Deliver
			})
			var paidBy []instrument.OperationID
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for n := range 8 {
						at := accounts[dice(2)]
						switch dice(6) {
						case 0:
							fine(t, h.credit(at, "CHF:1.5", fmt.Sprint("source-", dice(20))))
						case 1:
							mu.Lock()
							op := instrument.OperationID("none")
							if len(paidBy) > 0 {
								op = paidBy[n%len(paidBy)]
							}
							mu.Unlock()
							fine(t, h.refund("", op, "CHF:0.25"))
						case 2:
							_, err := h.ask(opBalance, at, nil)
							fine(t, err)
						default:
							got, err := h.pay(at, fmt.Sprintf("CHF:%d.%02d", dice(2), 1+dice(99)))
							fine(t, err)
							mu.Lock()
							if err == nil {
								paidBy = append(paidBy, got.Payment)
							}
							mu.Unlock()
						}
					}
				})
			}
			wg.Wait()
			h.Wire.OnFrame(nil)
			for _, at := range accounts {
				h.conserved(at)
				h.learn(at)
				if p, l := h.purse(at), h.ledger(at); p.Balance != l.Balance || len(p.Open) > 0 {
					t.Errorf("at rest the wallet has %s, %d open, and the vendor %s", p.Balance, len(p.Open), l.Balance)
				}
			}
		})
	}
}

// fine accepts refusals, and nothing that is unknown or broken.
func fine(t *testing.T, err error) {
	t.Helper()
	switch fault.KindOf(err) {
	case 0, fault.Declined, fault.Conflict, fault.NotFound:
	default:
		t.Errorf("%v (%s, %s)", err, fault.KindOf(err), fault.ReasonOf(err))
	}
}
