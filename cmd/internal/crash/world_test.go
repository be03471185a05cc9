//go:build unix

package crash_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/websocket"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// world is one client, one vendor and one provider for each.
type world struct {
	t        testing.TB
	protocol string
	keyed    bool // the person gives a key, the same in all lives
	provider *provider
	client   side
	vendor   side
	peer     comm.Peer
	coins    []instrument.ID // that nobody has used
	till     instrument.ID
	runs     int
}

// side is one party: its process, and a desk beside it from which the test looks
// at what is on disk.
type side struct {
	*keeper
	desk *house.House
	db   *sql.DB
}

// stage says what is different in a world.
type stage struct {
	protocol string
	keyed    bool
	bump     bool      // somebody else changes the vendor's till before each commit
	plugin   string    // word in the plugin's name at both sides
	early    comm.Role // who sends before it commits
	whole    bool      // payments are of several instruments
}

func newWorld(t testing.TB, s stage) *world {
	t.Helper()
	w := &world{t: t, protocol: s.protocol, keyed: s.keyed, provider: newProvider(t)}
	dir := t.TempDir()
	client, vendor := part{Role: comm.Client, Dir: filepath.Join(dir, "client")}, part{Role: comm.Vendor, Dir: filepath.Join(dir, "vendor"), Listen: port(t)}
	for _, p := range []part{client, vendor} {
		check(t, house.Init(t.Context(), house.Files{Dir: p.Dir}, string(p.Role), nil))
		install(t, p.Dir, s.plugin)
	}
	w.client.look(t, client)
	w.vendor.look(t, vendor)
	w.till = w.vendor.create(t, instrument.Instance{Class: classTill, Status: "open", State: []byte(`{}`)})[0]
	server := instrument.Instance{Class: classProvider, Status: "active", State: fmt.Appendf(nil, `{"url":%q}`, w.provider.url)}
	client.Own = w.client.create(t, server)
	vendor.Own = append([]instrument.ID{w.till}, w.vendor.create(t, server)...)
	if s.bump {
		vendor.Bump = w.till
	}
	client.Whole, vendor.Whole = s.whole, s.whole
	client.Early, vendor.Early = s.early == comm.Client, s.early == comm.Vendor
	hello := w.vendor.live(t, vendor)
	w.peer = comm.Peer{Name: "vendor", Role: comm.Vendor, Key: hello.Key, Addresses: []string{comm.Address{Scheme: websocket.Scheme, Host: vendor.Listen, Path: "/", Key: hello.Key}.String()}}
	w.client.live(t, client)
	return w
}

// look opens the desk of a party.
func (s *side) look(t testing.TB, p part) {
	t.Helper()
	var err error
	s.desk, err = house.Open(t.Context(), house.Options{
		Files: house.Files{Dir: p.Dir}, Role: p.Role, Name: "desk", Policy: profile.UserPolicy(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Looking: true,
	})
	check(t, err)
	t.Cleanup(func() { check(t, s.desk.Close(context.Background())) })
	s.db, err = sql.Open("sqlite", "file:"+house.Files{Dir: p.Dir}.Store()+"?mode=ro&_pragma=busy_timeout(5000)")
	check(t, err)
	t.Cleanup(func() { _ = s.db.Close() })
}

// live starts the party.
func (s *side) live(t testing.TB, p part) told {
	t.Helper()
	k, hello, err := keep(p, filepath.Join(filepath.Dir(p.Dir), string(p.Role)+".log"))
	if err != nil {
		t.Fatalf("%s: %v\n%s", p.Role, err, tail(t, filepath.Join(filepath.Dir(p.Dir), string(p.Role)+".log")))
	}
	s.keeper = k
	t.Cleanup(k.close)
	return hello
}

// join starts another process of the client in its directory. Nobody starts it
// again when it has died.
func (w *world) join(t testing.TB) *child {
	t.Helper()
	c, _, err := start(w.client.part, w.client.log)
	check(t, err)
	t.Cleanup(c.kill)
	return c
}

// create stores instances for the party itself.
func (s *side) create(t testing.TB, list ...instrument.Instance) []instrument.ID {
	t.Helper()
	var ids []instrument.ID
	check(t, s.desk.Instruments().Update(t.Context(), func(d *instrument.Draft) error {
		ids = nil
		for _, i := range list {
			i.Owner = house.Self
			id, err := d.Create(i)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	}))
	return ids
}

// coin is one that nobody has used.
func (w *world) coin() instrument.ID {
	if len(w.coins) == 0 {
		list := make([]instrument.Instance, 50)
		for n := range list {
			w.runs++
			list[n] = instrument.Instance{Class: classCoin, Status: "full", Keys: map[string]string{"serial": fmt.Sprint(w.runs)}, State: []byte(`{}`)}
		}
		w.coins = w.client.create(w.t, list...)
	}
	id := w.coins[0]
	w.coins = w.coins[1:]
	return id
}

// ports are below those that the system gives to outgoing connections: else one
// of these would take a vendor's port between two of its lives.
var ports atomic.Int32

func port(t testing.TB) string {
	t.Helper()
	for range 2000 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+(os.Getpid()*7+int(ports.Add(1)))%10000)
		l, err := net.Listen("tcp", address)
		if err == nil {
			check(t, l.Close())
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
