package stream_test

import (
	"context"
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/stream"
	"github.com/swaperoo/swaperoo/comm/stream/streamtest"
)

// patient makes options under which no limit on silence helps a test.
func patient(t testing.TB) stream.Options {
	o := newIdentity(t).options()
	o.Ping, o.Idle = time.Hour, time.Hour
	return o
}

// device opens our end of a cable without any protocol.
func device(t *testing.T, path string) lineConn {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	c, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = c.Control(func(fd uintptr) {
		raw := unix.Termios{Cflag: unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B115200}
		raw.Cc[unix.VMIN] = 1
		if err := unix.IoctlSetTermios(int(fd), unix.TCSETS, &raw); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return lineConn{f}
}

// One that died in the middle of anything is not waited for: whoever says hello
// on the line next has the next session at once.
func TestALineFindsItsNextSessionWhenAPeerDied(t *testing.T) {
	for name, dies := range map[string]func(t *testing.T, line lineConn){
		"before it said anything": func(*testing.T, lineConn) {},
		"within noise":            func(t *testing.T, line lineConn) { say(t, line, []byte("AT+CSQ\r\n\xff\x00swap")) },
		"within a hello":          func(t *testing.T, line lineConn) { say(t, line, markOf('t', 'h', "me", "")[:20]) },
		"after its hello":         func(t *testing.T, line lineConn) { say(t, line, markOf('t', 'h', "me", "")) },
		"when TLS was to begin":   func(t *testing.T, line lineConn) { must(t, hail(line, 't')) },
		"within the handshake": func(t *testing.T, line lineConn) {
			must(t, hail(line, 't'))
			say(t, line, []byte("\x16\x03\x01\x02\x00half"))
		},
		"in a session": func(t *testing.T, line lineConn) { rawSession(t, line) },
		"within a record of a session": func(t *testing.T, line lineConn) {
			rawSession(t, line)
			say(t, line, []byte("\x17\x03\x03\x40\x00half"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b, _ := streamtest.Cable(t)
			door := openAt(t, patient(t), comm.Address{Scheme: stream.Serial, Path: a}, commtest.Echo())
			line := device(t, b)
			dies(t, line)
			_ = line.Close()
			at := door.Address()
			at.Path = b
			echoes(t, dial(t, patient(t), at, &commtest.Handler{}))
		})
	}
}

// A servicer that is there again says so: the session that its peer believes in
// has ended, and the next step dials again.
func TestADiallerLearnsThatItsServicerDied(t *testing.T) {
	a, b, _ := streamtest.Cable(t)
	line, id := device(t, a), newIdentity(t)
	up := make(chan struct{})
	go func() {
		defer close(up)
		must(t, greet(line, 't'))
		c := tls.Server(line, id.Config())
		say(t, c, frameOf('w', ""))
	}()
	h := &commtest.Handler{}
	at := comm.Address{Scheme: stream.Serial, Path: b, Key: id.Key}
	conn := dial(t, patient(t), at, h)
	<-up
	_ = line.Close() // its process is gone, and says nothing
	if h.Times() != 0 {
		t.Error("a line that is silent has ended")
	}
	door := openAt(t, patient(t), comm.Address{Scheme: stream.Serial, Path: a}, commtest.Echo())
	commtest.Await(t, h.Ended(), "the dialler hears that nobody is in its session")
	if err := conn.Call(t.Context(), "echo", nil, nil); fault.ReasonOf(err) != "connection-lost" {
		t.Errorf("a call: %v", err)
	}
	at.Key = door.Address().Key
	echoes(t, dial(t, patient(t), at, &commtest.Handler{}))
}

func TestALineIsTakenOnce(t *testing.T) {
	a, b, _ := streamtest.Cable(t)
	door := openAt(t, patient(t), comm.Address{Scheme: stream.Serial, Path: a}, commtest.Echo())
	at := door.Address()
	at.Path = b
	conn := dial(t, patient(t), at, &commtest.Handler{})
	o := patient(t)
	o.Handshake = short
	if _, err := stream.New(o).Dial(t.Context(), at, commtest.Echo()); fault.ReasonOf(err) != "line-busy" {
		t.Errorf("a second session: %v", err)
	}
	_, err := stream.New(o).Listen(t.Context(), comm.Address{Scheme: stream.Serial, Path: a}, nil)
	if fault.ReasonOf(err) != "line-busy" {
		t.Errorf("a second listener: %v", err)
	}
	echoes(t, conn)
	// One that has time waits for its turn.
	waiting := make(chan comm.Conn)
	go func() {
		next, err := stream.New(patient(t)).Dial(context.Background(), at, &commtest.Handler{})
		if err != nil {
			t.Errorf("after the first: %v", err)
		}
		waiting <- next
	}()
	_ = conn.Close()
	if next := <-waiting; next != nil {
		echoes(t, next)
		_ = next.Close()
	}
}

// Nobody who says TLS gets a session in clear, and the other way round.
func TestTheTwoEndsOfALineAreOfOneMode(t *testing.T) {
	for listens, dials := range map[string]string{stream.Serial: stream.SerialClear, stream.SerialClear: stream.Serial} {
		t.Run(dials+" to "+listens, func(t *testing.T) {
			a, b, _ := streamtest.Cable(t)
			o := patient(t)
			o.Clear = []string{"serial-clear:" + a, "serial-clear:" + b}
			openAt(t, o, comm.Address{Scheme: listens, Path: a}, commtest.Echo())
			_, err := stream.New(o).Dial(t.Context(), comm.Address{Scheme: dials, Path: b}, commtest.Echo())
			if fault.ReasonOf(err) != "line-mode" || !errors.Is(err, fault.Denied) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

// Noise on a line in clear is noticed, and ends the session.
func TestNoiseWithinASessionInClear(t *testing.T) {
	a, b, _ := streamtest.Cable(t)
	h := commtest.Echo()
	o := patient(t)
	o.Clear = []string{"serial-clear:" + a}
	openAt(t, o, comm.Address{Scheme: stream.SerialClear, Path: a}, h)
	line := device(t, b)
	must(t, hail(line, 'c'))
	if kind, _, err := readFrame(line); kind != 'w' {
		t.Fatalf("welcomed by %c, %v", kind, err)
	}
	frame := frameOf('m', `{"jsonrpc":"2.0","id":1,"method":"echo","params":"CHF:1"}`)
	say(t, line, []byte(strings.Replace(string(frame), "CHF:1", "CHF:9", 1)))
	if reason := endOf(t, line); reason != "frame-garbled" {
		t.Errorf("ended with %q", reason)
	}
	commtest.Await(t, h.Ended(), "the handler is told")
}

func TestADeviceIsGivenBackAsItWas(t *testing.T) {
	a, b, _ := streamtest.Cable(t)
	watch, err := os.OpenFile(b, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	state := func() unix.Termios {
		s, err := unix.IoctlGetTermios(int(watch.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return *s
	}
	before := state()
	at := openAt(t, patient(t), comm.Address{Scheme: stream.Serial, Path: a}, commtest.Echo()).Address()
	at.Path = b
	h := &commtest.Handler{}
	conn := dial(t, patient(t), at, h)
	if s := state(); s.Lflag&(unix.ECHO|unix.ICANON|unix.ISIG) != 0 || s.Oflag&unix.OPOST != 0 || s.Ispeed != before.Ispeed {
		t.Errorf("the device is not raw, or has another speed: %+v", s)
	}
	_ = conn.Close()
	commtest.Await(t, h.Ended(), "the end of the session")
	if after := state(); after != before {
		t.Errorf("it was %+v and is %+v", before, after)
	}
}

// A device that is pulled out and plugged in again is served again.
func TestADeviceThatComesBackIsServedAgain(t *testing.T) {
	parent, link := t, filepath.Join(t.TempDir(), "tty")
	point := func(to string) {
		if err := os.Symlink(to, link+".new"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(link+".new", link); err != nil {
			t.Fatal(err)
		}
	}
	var door comm.Listener
	for _, turn := range []string{"the first time", "the second time"} {
		t.Run(turn, func(t *testing.T) { // its cable goes with it
			a, b, _ := streamtest.Cable(t)
			point(a)
			if door == nil {
				door = openAt(parent, patient(t), comm.Address{Scheme: stream.Serial, Path: link}, commtest.Echo())
			}
			at := door.Address()
			at.Path = b
			echoes(t, dial(t, patient(t), at, &commtest.Handler{}))
		})
	}
}

func TestNoSerialDevice(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fault.Kind{file: fault.Invalid, file + "2": fault.Unavailable} {
		a := comm.Address{Scheme: stream.Serial, Path: path}
		if _, err := stream.New(patient(t)).Dial(t.Context(), a, commtest.Echo()); fault.KindOf(err) != want {
			t.Errorf("dial: %v", err)
		}
		if _, err := stream.New(patient(t)).Listen(t.Context(), a, nil); fault.KindOf(err) != want {
			t.Errorf("listen: %v", err)
		}
	}
}
