package rpc_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/rpc"
)

// TestAnIntakeCutsWhoIsAtItLongest: of frames that are not whole there is only so much, and
// who has begun first makes room. Short frames are nobody's business, nor is what is done.
func TestAnIntakeCutsWhoIsAtItLongest(t *testing.T) {
	const frame = 100 << 10
	n := rpc.NewIntake(3 * frame)
	type peer struct {
		in  *io.PipeWriter
		cut chan struct{}
		got chan []byte
	}
	begin := func(bytes int) peer {
		r, w := io.Pipe()
		p := peer{w, make(chan struct{}), make(chan []byte, 1)}
		in := n.Of(func() {
			close(p.cut)
			_ = r.CloseWithError(io.ErrClosedPipe)
		})
		go func() {
			all, err := in.ReadAll(r)
			if err != nil {
				all = nil
			}
			p.got <- all
		}()
		_, _ = w.Write(make([]byte, bytes)) // it is read when this returns
		return p
	}
	end := func(p peer) int {
		_ = p.in.Close()
		return len(<-p.got)
	}
	short := begin(32 << 10)
	if got := end(begin(frame)); got != frame {
		t.Errorf("control: %d bytes", got)
	}
	first, second := begin(frame), begin(frame)
	third := begin(frame)
	<-first.cut
	if got := <-first.got; got != nil {
		t.Errorf("the first one has %d bytes", len(got))
	}
	for what, p := range map[string]peer{"the second": second, "the third": third} {
		if got := end(p); got != frame {
			t.Errorf("%s has %d bytes", what, got)
		}
	}
	if got := end(short); got != 32<<10 {
		t.Errorf("the short one has %d bytes", got)
	}
	for range 10 { // all is given back
		if got := end(begin(2 * frame)); got != 2*frame {
			t.Errorf("later: %d bytes", got)
		}
	}
}

// TestAnIntakeReadsAsIs: every length comes as it was sent.
func TestAnIntakeReadsAsIs(t *testing.T) {
	in := rpc.NewIntake(1 << 20).Of(func() { t.Error("cut") })
	for _, length := range []int{0, 1, 511, 512, 513, 64 << 10, 64<<10 + 1, 300 << 10} {
		want := []byte(strings.Repeat("x", length))
		if got, err := in.ReadAll(bytes.NewReader(want)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %d, %v", length, len(got), err)
		}
	}
}
