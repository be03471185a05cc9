package stream_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/stream"
)

// What is said on the wire, written here a second time and by hand.
const magic = "\xff\x00swaperoo1"

func markOf(mode, verb byte, dialler, servicer string) []byte {
	return []byte(magic + string([]byte{mode, verb}) + number(dialler) + number(servicer))
}

func frameOf(kind byte, body string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)))
	b = append(b, body...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// heard is the next mark on a line: mode, verb, and the two numbers.
func heard(r io.Reader) (mode, verb byte, dialler, servicer string, err error) {
	var got []byte
	for !bytes.HasSuffix(got, []byte(magic)) {
		b := make([]byte, 1)
		if _, err := io.ReadFull(r, b); err != nil {
			return 0, 0, "", "", err
		}
		got = append(got, b...)
	}
	rest := make([]byte, 34)
	_, err = io.ReadFull(r, rest)
	return rest[0], rest[1], string(rest[2:18]), string(rest[18:]), err
}

// number pads what marks carry.
func number(s string) string {
	var n [16]byte
	copy(n[:], s)
	return string(n[:])
}

// hail does what a dialler does up to TLS.
func hail(line io.ReadWriter, mode byte) error {
	me := number("me")
	_, err := line.Write(markOf(mode, 'h', me, ""))
	for err == nil {
		var verb byte
		var d, s string
		if _, verb, d, s, err = heard(line); err != nil || d != me {
			continue
		}
		switch verb {
		case 'a':
			_, err = line.Write(markOf(mode, 'b', d, s))
		case 'r':
			return nil
		}
	}
	return err
}

// greet does what a servicer does up to TLS.
func greet(line io.ReadWriter, mode byte) (err error) {
	for err == nil {
		var verb byte
		var d string
		if _, verb, d, _, err = heard(line); err != nil {
			return err
		}
		switch verb {
		case 'h':
			_, err = line.Write(markOf(mode, 'a', d, "servicer"))
		case 'b':
			_, err = line.Write(markOf(mode, 'r', d, "servicer"))
			return err
		}
	}
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func say(t *testing.T, w io.Writer, b []byte) {
	t.Helper()
	if _, err := w.Write(b); err != nil {
		t.Error(err)
	}
}

// lineConn is a file as TLS wants it.
type lineConn struct{ *os.File }

func (lineConn) LocalAddr() net.Addr  { return &net.UnixAddr{} }
func (lineConn) RemoteAddr() net.Addr { return &net.UnixAddr{} }

// rawClient speaks the wire by hand to a real listener: what it returns is
// within TLS, and the line under it.
func rawClient(t *testing.T, a comm.Address) (session, line net.Conn) {
	t.Helper()
	line = dialled(t, a)
	return rawSession(t, line), line
}

// dialled is a line to a listener over which nothing was said.
func dialled(t *testing.T, a comm.Address) net.Conn {
	t.Helper()
	line, err := net.Dial("unix", a.Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = line.Close() })
	return line
}

func rawSession(t *testing.T, line net.Conn) net.Conn {
	t.Helper()
	must(t, hail(line, 't'))
	c := tls.Client(line, newIdentity(t).Config())
	if kind, _, err := readFrame(c); kind != 'w' {
		t.Fatalf("welcomed by %c, %v", kind, err)
	}
	return c
}

func readFrame(r io.Reader) (kind byte, body string, err error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, "", err
	}
	rest := make([]byte, binary.BigEndian.Uint32(head[1:])+4)
	_, err = io.ReadFull(r, rest)
	return head[0], string(rest[:len(rest)-4]), err
}

// rawServer runs serve within TLS for each connection that a real dialler makes;
// the address carries its key.
func rawServer(t *testing.T, serve func(net.Conn)) comm.Address {
	t.Helper()
	id := newIdentity(t)
	a := bareServer(t, func(line net.Conn) {
		must(t, greet(line, 't'))
		c := tls.Server(line, id.Config())
		say(t, c, frameOf('w', ""))
		serve(c)
	})
	a.Key = id.Key
	return a
}

// bareServer runs serve for each connection to a socket.
func bareServer(t *testing.T, serve func(net.Conn)) comm.Address {
	t.Helper()
	path := socket(t) + ".raw"
	if err := os.MkdirAll(path[:len(path)-len("/s.raw")], 0o700); err != nil {
		t.Fatal(err)
	}
	door, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	go func() {
		for {
			conn, err := door.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return comm.Address{Scheme: stream.Unix, Path: path, Key: "KEY"}
}

// endOf reads until the other side has ended the session, and fails if it does
// not. It returns the reason that was given.
func endOf(t *testing.T, c net.Conn) (reason string) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for r := bufio.NewReader(c); ; {
		kind, body, err := readFrame(r)
		if kind == 'g' {
			_, _ = c.Write(frameOf('g', "")) // or it would be waited for
			return body
		}
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("the session was not ended")
			}
			return ""
		}
	}
}

// open listens at a socket until the end of the test.
func open(t testing.TB, o stream.Options, h comm.Handler) comm.Listener {
	t.Helper()
	return openAt(t, o, comm.Address{Scheme: stream.Unix, Path: socket(t)}, h)
}

func openAt(t testing.TB, o stream.Options, a comm.Address, h comm.Handler) comm.Listener {
	t.Helper()
	door, err := stream.New(o).Listen(context.Background(), a, func(comm.Conn) (comm.Handler, error) { return h, nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	return door
}

func dial(t *testing.T, o stream.Options, a comm.Address, h comm.Handler) comm.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := stream.New(o).Dial(ctx, a, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// echoes fails unless a connection works.
func echoes(t *testing.T, c comm.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var got string
	if err := c.Call(ctx, "echo", "there?", &got); err != nil || got != "there?" {
		t.Fatalf("echo %q, %v", got, err)
	}
}
