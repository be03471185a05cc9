package comm_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
)

// door hands out connections from addresses of a test's choice.
type door struct {
	net.Listener
	from chan string
}

func (d door) Accept() (net.Conn, error) {
	from, ok := <-d.from
	if !ok {
		return nil, net.ErrClosed
	}
	here, there := net.Pipe()
	return &visitor{Conn: here, there: there, from: from}, nil
}

// visitor is a connection from somewhere.
type visitor struct {
	net.Conn
	there net.Conn
	from  string
}

func (v *visitor) RemoteAddr() net.Addr {
	a, err := net.ResolveTCPAddr("tcp", v.from)
	if err != nil {
		panic(err)
	}
	return a
}

func (v *visitor) Close() error { return v.there.Close() }

func TestOneAddressDoesNotTakeAllPlaces(t *testing.T) {
	d := door{from: make(chan string, 20)}
	l := comm.Places{All: 12, Each: 2, Free: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}.Of(d)
	come := func(all ...string) (let []net.Conn) {
		for _, from := range all {
			d.from <- from
		}
		d.from <- "127.0.0.1:9" // is always let in: what came before has been decided
		for {
			c, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			if c.RemoteAddr().String() == "127.0.0.1:9" {
				_ = c.Close()
				return let
			}
			let = append(let, c)
		}
	}
	first := come("192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3", "[::ffff:192.0.2.1]:4")
	if len(first) != 2 {
		t.Fatalf("one address has %d places", len(first))
	}
	if n := len(come("192.0.2.2:1")); n != 1 {
		t.Errorf("another address gets %d", n)
	}
	if n := len(come("[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1")); n != 2 {
		t.Errorf("a network of IPv6 gets %d", n)
	}
	proxied := come("198.51.100.7:1", "198.51.100.7:2", "198.51.100.7:3")
	if len(proxied) != 3 {
		t.Errorf("what is free gets %d", len(proxied))
	}
	for _, c := range proxied {
		_ = c.Close()
	}
	_, _ = first[0].Close(), first[0].Close()
	if n := len(come("192.0.2.1:5", "192.0.2.1:6")); n != 1 {
		t.Errorf("after one has gone, the address gets %d more", n)
	}
	if n := len(come("127.0.0.1:1", "[::1]:1")); n != 2 {
		t.Errorf("this machine gets %d", n)
	}
}

func TestAllPlacesAreBounded(t *testing.T) {
	d := door{from: make(chan string, 20)}
	l := comm.Places{All: 2, Each: 1}.Of(d)
	for _, from := range []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "192.0.2.1:1"} {
		d.from <- from
	}
	close(d.from)
	n := 0
	for {
		if _, err := l.Accept(); err != nil {
			break
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d were let in", n)
	}
}
