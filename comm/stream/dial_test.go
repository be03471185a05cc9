package stream_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/stream"
)

func TestWhyADialFails(t *testing.T) {
	for _, row := range []struct {
		name   string
		server func(t *testing.T) comm.Address
		kind   fault.Kind
		reason fault.Reason
	}{
		{"nothing there", func(t *testing.T) comm.Address { return comm.Address{Scheme: stream.Unix, Path: socket(t), Key: "KEY"} }, fault.Unavailable, "peer-unreachable"},
		{"silent", func(t *testing.T) comm.Address {
			return bareServer(t, func(line net.Conn) { _, _ = io.Copy(io.Discard, line) })
		}, fault.Unavailable, "peer-unreachable"},
		{"silent in TLS", func(t *testing.T) comm.Address {
			return bareServer(t, func(line net.Conn) {
				_ = greet(line, 't') // or the dialler has gone before
				_, _ = io.Copy(io.Discard, line)
			})
		}, fault.Unavailable, "peer-unreachable"},
		{"hangs up", func(t *testing.T) comm.Address { return bareServer(t, func(net.Conn) {}) }, fault.Unavailable, "peer-unreachable"},
		{"another service", func(t *testing.T) comm.Address {
			return bareServer(t, func(line net.Conn) { _, _ = io.CopyN(line, rand.Reader, 1<<20+1) })
		}, fault.Unsupported, "not-a-session"},
		{"no welcome", func(t *testing.T) comm.Address {
			id := newIdentity(t)
			a := bareServer(t, func(line net.Conn) {
				must(t, greet(line, 't'))
				say(t, tls.Server(line, id.Config()), frameOf('m', ""))
			})
			a.Key = id.Key
			return a
		}, fault.Unsupported, "not-a-session"},
		{"garbles what follows the handshake", func(t *testing.T) comm.Address {
			id := newIdentity(t)
			a := bareServer(t, func(line net.Conn) {
				must(t, greet(line, 't'))
				welcome := frameOf('w', "")
				welcome[len(welcome)-1] ^= 1
				say(t, tls.Server(line, id.Config()), welcome)
			})
			a.Key = id.Key
			return a
		}, fault.Unavailable, "not-a-session"},
		{"garbles the handshake", func(t *testing.T) comm.Address {
			return bareServer(t, func(line net.Conn) {
				must(t, greet(line, 't'))
				say(t, line, []byte(strings.Repeat("noise", 20)))
				_, _ = io.Copy(io.Discard, line)
			})
		}, fault.Unavailable, "not-a-session"},
		{"in clear at the other end", func(t *testing.T) comm.Address {
			return bareServer(t, func(line net.Conn) {
				_, _, d, _, err := heard(line)
				must(t, err)
				say(t, line, markOf('c', 'n', d, ""))
				_, _ = io.Copy(io.Discard, line)
			})
		}, fault.Denied, "line-mode"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newIdentity(t).options()
			if strings.HasPrefix(row.name, "silent") {
				o.Handshake = short
			}
			_, err := stream.New(o).Dial(t.Context(), row.server(t), commtest.Echo())
			if fault.KindOf(err) != row.kind || fault.ReasonOf(err) != row.reason {
				t.Errorf("%v (%v, %q), want %v, %q", err, fault.KindOf(err), fault.ReasonOf(err), row.kind, row.reason)
			}
			if row.reason == "not-a-session" && !strings.Contains(fault.From(err).Hint, "garbles") {
				t.Errorf("a noisy line is not thought of: %s", fault.From(err).Hint)
			}
		})
	}
}

func TestACancelledDialEndsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	address := bareServer(t, func(line net.Conn) {
		must(t, greet(line, 't'))
		cancel()
		_, _ = io.Copy(io.Discard, line)
	})
	_, err := stream.New(newIdentity(t).options()).Dial(ctx, address, commtest.Echo())
	if fault.KindOf(err) != fault.Timeout || !strings.Contains(fault.From(err).Message, "broken off") {
		t.Errorf("error is %v", err)
	}
}

// Noise before a session, in either direction, is passed over.
func TestNoiseBeforeASession(t *testing.T) {
	noise := strings.Repeat("\xff\x00noise and the rest of something\r\n", 3000)
	t.Run("to the servicer", func(t *testing.T) {
		address := open(t, newIdentity(t).options(), commtest.Echo()).Address()
		line, err := net.Dial("unix", address.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer line.Close()
		say(t, line, []byte(noise))
		c := rawSession(t, line)
		say(t, c, frameOf('m', `{"jsonrpc":"2.0","id":1,"method":"echo"}`))
		if kind, body, err := readFrame(c); kind != 'm' || !strings.Contains(body, `"id":1`) {
			t.Errorf("answered with %c %s, %v", kind, body, err)
		}
	})
	t.Run("to the dialler", func(t *testing.T) {
		id, h := newIdentity(t), &commtest.Handler{}
		address := bareServer(t, func(line net.Conn) {
			say(t, line, []byte(noise))
			say(t, line, markOf('t', 'a', "somebody else", "x"))
			must(t, greet(line, 't'))
			c := tls.Server(line, id.Config())
			say(t, c, frameOf('w', ""))
			say(t, c, frameOf('g', ""))
			_, _ = io.Copy(io.Discard, c)
		})
		address.Key = id.Key
		dial(t, newIdentity(t).options(), address, h)
		commtest.Await(t, h.Ended(), "the goodbye is heard")
	})
}

func TestAddressesThatCannotBe(t *testing.T) {
	full := newIdentity(t).options()
	full.Clear = []string{"stdio-clear:-"}
	bare := full
	bare.TLS.Client, bare.TLS.Server = nil, nil
	file := socket(t) + ".file"
	if err := os.MkdirAll(file, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name    string
		options stream.Options
		address string
		dial    fault.Reason
		listen  fault.Reason
	}{
		{"another scheme", full, "wss://127.0.0.1:1/", "address-malformed", "address-malformed"},
		{"a host", full, "unix://host/s", "address-malformed", "address-malformed"},
		{"no identity", bare, "unix:/nowhere", "identity-missing", "identity-missing"},
		{"no socket", full, "unix:" + file, "peer-unreachable", "address-taken"},
		{"too long a path", full, "unix:" + file + strings.Repeat("/x", 60), "address-malformed", "address-malformed"},
		{"no pipe", full, "stdio:-", "pipe-missing", "pipe-missing"},
		{"no pipe in clear", bare, "stdio-clear:-", "pipe-missing", "pipe-missing"},
		{"in clear, which nobody has allowed", full, "serial-clear:/dev/ttyS0", "clear-refused", "clear-refused"},
		{"another pipe in clear", full, "stdio-clear:x", "clear-refused", "clear-refused"},
		{"a key in clear", full, "stdio-clear:-#KEY", "key-in-clear", "pipe-missing"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, err := comm.ParseAddress(row.address)
			if err != nil {
				t.Fatal(err)
			}
			transport := stream.New(row.options)
			if _, err := transport.Dial(t.Context(), a, commtest.Echo()); fault.ReasonOf(err) != row.dial {
				t.Errorf("dial: %v", err)
			}
			_, err = transport.Listen(t.Context(), a, func(comm.Conn) (comm.Handler, error) { return commtest.Echo(), nil })
			if fault.ReasonOf(err) != row.listen {
				t.Errorf("listen: %v", err)
			}
		})
	}
}
