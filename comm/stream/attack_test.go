package stream_test

import (
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/commtest"
)

// short is a limit that a test waits for; nothing depends on how exact it is.
const short = 50 * time.Millisecond

func TestASlowHandshakeIsCut(t *testing.T) {
	o := newIdentity(t).options()
	o.Handshake = short
	address := open(t, o, commtest.Echo()).Address()
	hello := string(markOf('t', 'h', "me", ""))
	for name, says := range map[string]string{
		"half a mark": magic, "silent after hello": hello, "hello again and again": strings.Repeat(hello, 50),
	} {
		t.Run(name, func(t *testing.T) {
			line, err := net.Dial("unix", address.Path)
			if err != nil {
				t.Fatal(err)
			}
			defer line.Close()
			_, _ = line.Write([]byte(says)) // unless it is cut before
			commtest.WantEnd(t, line)
		})
	}
}

func TestFramesOfNoSessionEndTheConnection(t *testing.T) {
	const said = `{"jsonrpc":"2.0","method":"x"}`
	garbled := frameOf('m', said)
	garbled[10] ^= 4
	for _, row := range []struct {
		name   string
		frame  []byte
		reason string // as the peer gets to see it
	}{
		{"a garbled one", garbled, "frame-garbled"},
		{"too long", frameOf('m', strings.Repeat(" ", 32<<10)+said), "frame-too-big"},
		{"too long by its head alone", []byte{'m', 0xff, 0xff, 0xff, 0xff}, "frame-too-big"},
		{"too long a ping", frameOf('p', strings.Repeat("x", 126)), "frame-too-big"},
		{"a ping behind a message that never came", frameOf('p', counted(1)), "frame-missing"},
		{"an unknown kind", frameOf('z', ""), "frame-malformed"},
		{"a second welcome", frameOf('w', ""), "frame-malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := commtest.Echo()
			o := newIdentity(t).options()
			o.MaxFrame = 32 << 10
			c, _ := rawClient(t, open(t, o, h).Address())
			_, _ = c.Write(row.frame) // too long a frame may be refused before its end
			if reason := endOf(t, c); reason != row.reason {
				t.Errorf("ended with %q, want %q", reason, row.reason)
			}
			commtest.Await(t, h.Ended(), "the handler is told")
		})
	}
}

// A line that ends or is garbled anywhere ends the session, and nothing else.
func TestACutOrGarbledLineEndsTheConnection(t *testing.T) {
	for name, does := range map[string]func(t *testing.T, session, line net.Conn){
		"between two frames": func(_ *testing.T, _, line net.Conn) { _ = line.Close() },
		"within a frame": func(t *testing.T, session, line net.Conn) {
			say(t, session, frameOf('m', `{"jsonrpc":"2.0","method":"x"}`)[:12])
			_ = line.Close()
		},
		"within a record": func(t *testing.T, _, line net.Conn) {
			say(t, line, []byte("\x17\x03\x03\x00\x40half"))
			_ = line.Close()
		},
		"a record that is forged": func(t *testing.T, _, line net.Conn) {
			say(t, line, []byte("\x17\x03\x03\x00\x20"+strings.Repeat("x", 32)))
		},
		"no record": func(t *testing.T, _, line net.Conn) { say(t, line, []byte("no record at all")) },
		"a hello":   func(t *testing.T, _, line net.Conn) { say(t, line, markOf('t', 'h', "again", "")) },
	} {
		t.Run(name, func(t *testing.T) {
			h := commtest.Echo()
			address := open(t, newIdentity(t).options(), h).Address()
			session, line := rawClient(t, address)
			does(t, session, line)
			commtest.Await(t, h.Ended(), "the handler is told")
			echoes(t, dial(t, newIdentity(t).options(), address, &commtest.Handler{}))
		})
	}
}

// counted is what a ping says of the messages before it.
func counted(n uint64) string { return string(binary.BigEndian.AppendUint64(nil, n)) }

func TestPingsAreAnswered(t *testing.T) {
	for name, said := range map[string]string{"of an older peer": "", "that counts": counted(0)} {
		t.Run(name, func(t *testing.T) {
			c, _ := rawClient(t, open(t, newIdentity(t).options(), commtest.Echo()).Address())
			say(t, c, frameOf('p', said))
			if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if kind, _, err := readFrame(c); kind != 'o' {
				t.Errorf("answered with %c, %v", kind, err)
			}
		})
	}
}

// A ping says how many messages came before it: a line in clear that loses a frame
// as a whole is noticed by that alone. Behind a message one comes soon.
func TestPingsCountMessages(t *testing.T) {
	for name, at := range map[string]struct{ ping, probe time.Duration }{"in their time": {2 * short, time.Hour}, "behind a message": {time.Hour, short}} {
		t.Run(name, func(t *testing.T) {
			o := newIdentity(t).options()
			o.Ping, o.Probe, o.Idle = at.ping, at.probe, time.Hour
			c, _ := rawClient(t, open(t, o, commtest.Echo()).Address())
			say(t, c, frameOf('m', `{"jsonrpc":"2.0","id":1,"method":"echo","params":"there?"}`))
			if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			for n := uint64(0); ; {
				kind, body, err := readFrame(c)
				switch {
				case err != nil:
					t.Fatal(err)
				case kind == 'm':
					n++
				case kind == 'p' && body != counted(n):
					t.Fatalf("after %d messages a ping says %x", n, body)
				case kind == 'p' && n == 1:
					return
				case kind == 'p':
					say(t, c, frameOf('o', ""))
				}
			}
		})
	}
}

// A peer that waits for the rest of a frame which has lost some of its bytes is not
// silent: its own pings come. It answers none of ours.
func TestAPeerThatIsStuckInAFrameIsCut(t *testing.T) {
	h := commtest.Echo()
	o := newIdentity(t).options()
	o.Ping, o.Idle = 2*short, time.Hour
	c, _ := rawClient(t, open(t, o, h).Address())
	go func() {
		for {
			switch kind, _, err := readFrame(c); {
			case err != nil || kind == 'g':
				return
			case kind == 'p':
				_, _ = c.Write(frameOf('p', ""))
			}
		}
	}()
	commtest.Await(t, h.Ended(), "the peer that answers no ping is cut")
}

// Where a line is slow, what a peer says comes before its answer to a ping.
func TestABusyLineIsNotCut(t *testing.T) {
	h := commtest.Echo()
	o := newIdentity(t).options()
	o.Ping, o.Idle = 10*short, time.Hour
	c, _ := rawClient(t, open(t, o, h).Address())
	done := make(chan struct{})
	go func() {
		text := frameOf('m', `{"jsonrpc":"2.0","method":"x","params":"`+strings.Repeat("x", 1<<10)+`"}`)
		for {
			select {
			case <-done:
				return
			default:
				_, _ = c.Write(text)
			}
		}
	}()
	defer close(done)
	for pings := 0; pings < 3; {
		kind, _, err := readFrame(c)
		if err != nil || kind == 'g' {
			t.Fatalf("after %d pings: %c, %v", pings, kind, err)
		}
		if kind == 'p' {
			pings++
		}
	}
}
