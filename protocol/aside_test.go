package protocol

import (
	"bytes"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
)

// Messages of many operations that came before those that they follow are kept within one
// room, of each peer and of all, which is given back when they are read or nobody waits.
func TestWhatIsPutAsideSharesARoom(t *testing.T) {
	room := share{each: maxAsideOfPeer, most: maxAside}
	body := append(append([]byte{'"'}, bytes.Repeat([]byte("x"), 300<<10)...), '"')
	box := func(peer string) *mail {
		b := newMail(Execution{Side: Servicer, Link: nowhere{}})
		b.aside, b.from = &room, peer
		return b
	}
	kept := func(b *mail) bool {
		b.arrived(0, []comm.Message{{N: 2, Body: body}})
		return len(b.outOfOrder) == 1
	}
	var boxes []*mail
	for peer := range 20 {
		for range 4 {
			boxes = append(boxes, box(string(rune('a'+peer))))
		}
	}
	held := 0
	for n, b := range boxes {
		if kept(b) {
			held++
		} else if n%4 < 3 && room.all+len(body) < maxAside {
			t.Errorf("operation %d has no room", n)
		}
	}
	if held != maxAside/len(body) || room.all > maxAside || room.of["a"] > maxAsideOfPeer {
		t.Errorf("%d messages with %d bytes are kept, %d of one peer", held, room.all, room.of["a"])
	}
	boxes[0].arrived(0, []comm.Message{{N: 1, Body: []byte(`1`)}}) // what was put aside is next
	if len(boxes[0].in) != 2 {
		t.Errorf("it has %d messages", len(boxes[0].in))
	}
	if !kept(boxes[3]) {
		t.Error("room that was given back is not there")
	}
	for _, b := range boxes {
		b.leave()
		b.arrived(0, []comm.Message{{N: 3, Body: body}})
	}
	if room.all != 0 || len(room.of) != 0 {
		t.Errorf("%d bytes are kept for nobody", room.all)
	}
}
