package protocol

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
)

func said(op string, n uint64, size int) comm.Said {
	return comm.Said{Op: op, Msgs: []comm.Message{{N: n, Body: json.RawMessage(`"` + strings.Repeat("x", size) + `"`)}}}
}

func numbers(all []comm.Said) string {
	var out []string
	for _, s := range all {
		out = append(out, fmt.Sprint(s.Msgs[0].N))
	}
	return strings.Join(out, " ")
}

// held is what is really kept.
func held(e *early) (bytes int) {
	for _, p := range e.of {
		for _, o := range p.list {
			bytes += len(o.op)
			for _, m := range o.said.Msgs {
				bytes += len(m.Body)
			}
		}
	}
	return bytes
}

func TestWhatCameEarlyIsClaimedInOrderByItsPeer(t *testing.T) {
	var e early
	for n := range uint64(3) {
		e.keep("A", said("op", n+1, 1))
		e.keep("B", said("op", n+11, 1))
		e.keep("A", said("other", n+21, 1))
	}
	e.keep("A", comm.Said{Op: "op"}) // nothing
	if got := numbers(e.claim("op", "A")); got != "1 2 3" {
		t.Errorf("A gets %s", got)
	}
	if got := e.claim("op", "A"); got != nil {
		t.Errorf("and once more %v", got)
	}
	if got := numbers(e.claim("op", "B")) + "; " + numbers(e.claim("other", "A")) + "; " + numbers(e.claim("op", "C")); got != "11 12 13; 21 22 23; " {
		t.Errorf("the others get %s", got)
	}
	if e.count != 0 || e.bytes != 0 || len(e.of) != 0 {
		t.Errorf("something is left: %+v", e)
	}
}

// A customer's message waits for its request while somebody says whatever it
// likes, about operations that never begin.
func TestNobodyPushesOutWhatAnotherHasSaid(t *testing.T) {
	for name, size := range map[string]int{"many": 1, "large": 200 << 10} {
		t.Run(name, func(t *testing.T) {
			var e early
			e.keep("customer", said("op", 1, 10))
			for n := range uint64(500) {
				e.keep("flood", said(fmt.Sprint("op-", n), n, size))
			}
			if got := numbers(e.claim("op", "customer")); got != "1" {
				t.Errorf("the customer's message: %q", got)
			}
			if f := e.of["flood"]; len(f.list) > maxEarlyOfPeer || f.bytes > maxEarlyBytesOfPeer {
				t.Errorf("%d entries, %d bytes", len(f.list), f.bytes)
			}
			if got := numbers(e.claim(instrument.OperationID("op-499"), "flood")); got != "499" {
				t.Errorf("the newest is %q", got)
			}
		})
	}
}

func TestManyWhoFloodHaveMostToLose(t *testing.T) {
	for name, row := range map[string]struct{ size, id int }{"many": {1, 1}, "large": {200 << 10, 1}, "of a long name": {1, 200 << 10}} {
		t.Run(name, func(t *testing.T) {
			var e early
			e.keep("customer", said("op", 1, 10))
			for n := range uint64(2000) {
				e.keep(fmt.Sprint("flood-", n%100), said(strings.Repeat("x", row.id), n, row.size))
				if got := held(&e); e.count > maxEarly || got > maxEarlyBytes {
					t.Fatalf("%d entries, %d bytes", e.count, got)
				}
			}
			if got := numbers(e.claim("op", "customer")); got != "1" {
				t.Errorf("the customer's message: %q", got)
			}
		})
	}
}

func TestWhatIsTooLongIsNotKept(t *testing.T) {
	var e early
	e.keep("A", said("op", 1, maxEarlyBytesOfPeer))
	if e.count != 0 || len(e.of) != 0 {
		t.Errorf("kept %+v", e)
	}
}
