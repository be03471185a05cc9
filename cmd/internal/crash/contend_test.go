//go:build unix

package crash_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// sound checks at the end of a test what must be so after all payments: as many
// coins taken as were paid with and as the provider knows, nothing held, no gap.
func (w *world) sound(t *testing.T, paid int) {
	t.Helper()
	check(t, w.settle(mark{}, patienceFromNow()))
	spent := w.client.texts(`SELECT id FROM instances WHERE class = 'coin' AND status = 'spent'`)
	pending := w.client.texts(`SELECT id FROM instances WHERE class = 'coin' AND status = 'pending'`)
	made, differs := w.provider.since(0)
	a := w.account()
	if len(spent) != paid || len(pending) != 0 || a.Taken != paid || a.Pending != 0 || len(made) != paid || len(differs) != 0 {
		t.Errorf("%d payments: %d coins are spent and %d pending, the till has %+v, the provider %d payments and %d differing orders",
			paid, len(spent), len(pending), a, len(made), len(differs))
	}
	v := &verdict{w: w}
	v.disk("client", &w.client)
	v.disk("vendor", &w.vendor)
	for _, problem := range v.problems {
		t.Error(problem)
	}
}

// TestSixteenClientsOneTill has sixteen sessions pay into one till at once, again
// and again, and the vendor killed in the middle.
func TestSixteenClientsOneTill(t *testing.T) {
	t.Parallel()
	const clients, rounds = 16, 4
	w := newWorld(t, stage{protocol: pay})
	ready := ready{Peer: w.peer, Protocol: pay, Clients: clients}
	for n := range rounds {
		_, err := w.client.ask(asked{Ready: &ready})
		check(t, err)
		if n == rounds/2 {
			_, err := w.vendor.ask(asked{Arm: &arm{Kill: 100}})
			check(t, err)
		}
		coins := make([]instrument.ID, clients)
		for n := range coins {
			coins[n] = w.coin()
		}
		got, err := w.client.ask(asked{Race: &race{coins}})
		check(t, err)
		for _, o := range got.Raced {
			if o.Kind != "" {
				t.Errorf("round %d: %+v", n, *o)
			}
		}
	}
	if died := w.vendor.died(); !slices.Equal(died, slices.Compact(died)) || len(died) != 1 {
		t.Errorf("the vendor died at %v", died)
	}
	w.sound(t, clients*rounds)
}

// TestNobodySpendsTwice has twenty clients in three processes on one directory
// try to pay with the same coin at once, a hundred times: two thousand attempts,
// and each coin is spent by one of them.
func TestNobodySpendsTwice(t *testing.T) {
	t.Parallel()
	const coins = 100
	w := newWorld(t, stage{protocol: pay})
	processes := []interface{ ask(asked) (told, error) }{w.client, w.join(t), w.join(t)}
	for n, p := range processes {
		_, err := p.ask(asked{Ready: &ready{Peer: w.peer, Protocol: pay, Clients: []int{7, 7, 6}[n]}})
		check(t, err)
	}
	why := map[string]int{}
	for n := range coins {
		coin, won, tried := w.coin(), 0, 0
		var all sync.WaitGroup
		answers := make([]told, len(processes))
		for n, p := range processes {
			all.Go(func() {
				var err error
				if answers[n], err = p.ask(asked{Race: &race{[]instrument.ID{coin}}}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, a := range answers {
			for _, o := range a.Raced {
				tried++
				switch o.Kind {
				case "":
					won++
				case fault.Locked.String(), fault.Conflict.String():
					why[o.Kind+" "+string(o.Reason)]++
				default:
					t.Errorf("coin %d: %+v", n, *o)
				}
			}
		}
		if won != 1 || tried != 20 {
			t.Fatalf("coin %d was spent %d times in %d attempts", n, won, tried)
		}
	}
	t.Logf("refused: %v", why)
	w.sound(t, coins)
}
