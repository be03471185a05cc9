package commtest

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
)

// Wire lets the suite speak the wire of a transport by hand, over TLS 1.3: what no honest
// peer does is tried there. A test that waits for a limit uses a short one; nothing depends
// on how exact it is.
type Wire struct {
	// New makes a transport.
	New func(s Settings) comm.Acceptor
	// Listen is where one more listener may listen.
	Listen func(t *testing.T) comm.Address
	// Line connects to a listener, and says nothing.
	Line func(t *testing.T, a comm.Address) net.Conn
	// Hail says over a line what a dialler says before TLS begins; nil: nothing.
	Hail func(line net.Conn) error
	// Accept runs serve for each line that a dialler makes to the address, from where TLS
	// begins, and closes the line after it. The address has no key.
	Accept func(t *testing.T, serve func(line net.Conn)) comm.Address
	// Client initiates a session with a listener.
	Client func(t *testing.T, a comm.Address) Raw
	// Serve runs session for each session that a dialler begins at the address, which has
	// its key.
	Serve func(t *testing.T, session func(Raw)) comm.Address
}

// Raw is one end of a session, at which a test writes and reads by hand.
type Raw struct {
	// Send sends one frame with a message, whatever it is.
	Send func(message string) error
	// End reads until the other side has ended the session, and fails the test if it does
	// not. It returns the reason that the other side gives.
	End func() (reason string)
}

// Settings are what New makes a transport of. What is zero is the transport's own choice.
type Settings struct {
	TLS         comm.Handshake
	MaxFrame    int // bytes
	Connections int // of a listener
	Handshake   time.Duration
	Write       time.Duration
	Ping        time.Duration
	Idle        time.Duration
}

// short is a limit that a test waits for.
const short = 50 * time.Millisecond

// party is the settings of a new identity, whose limits no test reaches.
func party(t *testing.T) Settings {
	t.Helper()
	id := NewIdentity(t)
	return Settings{TLS: id.Handshake(), Handshake: patience, Write: patience}
}

// TestWire runs what every transport with TLS must bear that TestTransport cannot show.
func TestWire(t *testing.T, w Wire) {
	for _, part := range []struct {
		name string
		test func(*testing.T, Wire)
	}{
		{"a slow handshake is cut", testSlowHandshake},
		{"nobody comes in without a certificate or over an older TLS", testWhoMayComeIn},
		{"a key that the peer refuses", testRefusedKey},
		{"another TLS, or none", testOtherTLS},
		{"a wrong peer does not see our key", testWrongPeer},
		{"trust is asked while no handshake is open", testTrustInPeace},
		{"each peer sees its own identity", testOwnIdentity},
		{"an identity that is locked", testLockedIdentity},
		{"foreign frames end the connection", testForeignFrames},
		{"a servicer that calls is cut", testServicerCalls},
		{"a half open peer is cut", testHalfOpen},
		{"a peer that does not read is cut", testNotRead},
		{"one connection too many is refused", testTooManyConnections},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, w) })
	}
}

// door is a listener of these settings, until the end of the test.
func (w Wire) door(t *testing.T, s Settings, h comm.Handler) comm.Address {
	t.Helper()
	p := Party{Transport: w.New(s), Listen: w.Listen(t)}
	return listen(t, p, func(comm.Conn) (comm.Handler, error) { return h, nil }).Address()
}

// dials is a connection to a listener, until the end of the test.
func (w Wire) dials(t *testing.T, s Settings, a comm.Address, h *Handler) comm.Conn {
	t.Helper()
	return dial(t, Party{Transport: w.New(s)}, a, h)
}

// hailed is a line to a listener at which TLS is to begin.
func (w Wire) hailed(t *testing.T, a comm.Address) net.Conn {
	t.Helper()
	line := w.Line(t, a)
	if w.Hail != nil {
		if err := w.Hail(line); err != nil {
			t.Fatal(err)
		}
	}
	return line
}

// WantEnd fails unless the other side ends a line.
func WantEnd(t *testing.T, line net.Conn) {
	t.Helper()
	if err := line.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, err := io.Copy(io.Discard, line)
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		t.Error("the line was not ended")
	}
}

// Await fails unless a channel is closed, or gives something, before a working transport would
// let anybody wait.
func Await(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatal("waited in vain: " + what)
	}
}
