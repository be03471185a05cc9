package stream_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/stream"
	"github.com/swaperoo/swaperoo/comm/stream/streamtest"
)

// patience bounds what only a defect would let hang.
const patience = time.Minute

// world makes parties whose addresses place gives; a party of a line in clear
// has no key.
func world(scheme string, place func(t testing.TB) (path string, o stream.Options, cross func(comm.Acceptor) comm.Acceptor)) func(testing.TB) commtest.World {
	clear := scheme == stream.SerialClear || scheme == stream.StdioClear
	return func(t testing.TB) commtest.World {
		return func(trust comm.Trust) commtest.Party {
			id := newIdentity(t)
			path, more, cross := place(t)
			o := id.options()
			o.TLS.Trust, o.MaxFrame, o.Pipe, o.Clear = trust, 64<<10, more.Pipe, more.Clear
			if more.Handshake != 0 {
				o.Handshake = more.Handshake
			}
			p := commtest.Party{
				Key: id.Key, Listen: comm.Address{Scheme: scheme, Path: path},
				MaxFrame: o.MaxFrame, Once: scheme == stream.Stdio || scheme == stream.StdioClear,
			}
			if clear {
				p.Key = ""
			}
			p.Transport = cross(stream.New(o))
			return p
		}
	}
}

func straight(a comm.Acceptor) comm.Acceptor { return a }

func TestUnixSocket(t *testing.T) {
	commtest.TestTransport(t, world(stream.Unix, func(t testing.TB) (string, stream.Options, func(comm.Acceptor) comm.Acceptor) {
		return socket(t), stream.Options{}, straight
	}))
}

// socket is a path that is short enough for a socket.
func socket(t testing.TB) string {
	dir, err := os.MkdirTemp("", "stream")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "private", "s")
}

func TestPipe(t *testing.T) {
	for scheme, suite := range map[string]func(*testing.T, func(testing.TB) commtest.World){
		stream.Stdio: commtest.TestTransport, stream.StdioClear: commtest.TestTransportInClear,
	} {
		t.Run(scheme, func(t *testing.T) {
			suite(t, func(t testing.TB) commtest.World { return world(scheme, pipes(scheme))(t) })
		})
	}
}

// pipes gives each party a pipe, whose other end is for whoever dials it.
func pipes(scheme string) func(testing.TB) (string, stream.Options, func(comm.Acceptor) comm.Acceptor) {
	near, far := map[string]stream.Pipe{}, map[string]stream.Pipe{}
	var clear []string
	for n := range 10 {
		clear = append(clear, fmt.Sprintf("%s:pipe%d", scheme, n))
	}
	return func(t testing.TB) (string, stream.Options, func(comm.Acceptor) comm.Acceptor) {
		own := fmt.Sprintf("pipe%d", len(near))
		near[own], far[own] = pipe(t)
		taken := map[string]bool{}
		return own, stream.Options{Clear: clear, Pipe: func(_ context.Context, name string) (stream.Pipe, error) {
			ends := far
			if name == own {
				ends = near
			}
			if taken[name] {
				return nil, fault.New(fault.Unavailable, "%s has ended", name).Because("peer-unreachable")
			}
			taken[name] = true
			return ends[name], nil
		}}, straight
	}
}

func pipe(t testing.TB) (a, b stream.Pipe) {
	t.Helper()
	there, here, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	back, forth, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	a, b = stream.Join(there, forth), stream.Join(back, here)
	t.Cleanup(func() {
		_ = a.Close()
		_ = b.Close()
	})
	return a, b
}

func TestSerialLine(t *testing.T) {
	for scheme, suite := range map[string]func(*testing.T, func(testing.TB) commtest.World){
		stream.Serial: commtest.TestTransport, stream.SerialClear: commtest.TestTransportInClear,
	} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel() // each waits for a peer that is not there
			if _, _, there := streamtest.Cable(t); !there {
				return // this system has no serial lines for us: TestSystemsWithoutSerialLines
			}
			suite(t, func(t testing.TB) commtest.World {
				return world(scheme, cables(t, scheme))(t)
			})
		})
	}
}

// cables gives each party a serial line to be dialled at.
func cables(t testing.TB, scheme string) func(testing.TB) (string, stream.Options, func(comm.Acceptor) comm.Acceptor) {
	far, near, clear := map[string]string{}, []string{}, []string{}
	for range 6 {
		a, b, _ := streamtest.Cable(t)
		far[a], near = b, append(near, a)
		clear = append(clear, scheme+":"+a, scheme+":"+b)
	}
	return func(t testing.TB) (string, stream.Options, func(comm.Acceptor) comm.Acceptor) {
		own := near[0]
		near = near[1:]
		return own, stream.Options{Handshake: 5 * time.Second, Clear: clear}, func(t comm.Acceptor) comm.Acceptor {
			return streamtest.Crossed{Acceptor: t, Cables: far}
		}
	}
}
