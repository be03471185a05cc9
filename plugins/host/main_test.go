//go:build linux

package host_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestMain makes the test binary play all processes: plugins, honest and rogue,
// and a host that is going to be killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "plugin" {
		switch os.Args[2] {
		case "noisy":
			fmt.Println("hello, I am a careless plugin\n2|this is not a handshake")
			sdk.Main(thingBundle)
		case "rogue":
			serveRogue(os.Args[3])
		case "silent":
			select {}
		case "talker":
			fmt.Println("my settings are missing")
			os.Exit(3)
		case "gone":
			fmt.Fprintln(os.Stderr, "I give up")
			os.Exit(3)
		}
		sdk.Main(thingBundle)
	}
	if len(os.Args) > 3 && os.Args[1] == "host" {
		hostToBeKilled(os.Args[2], os.Args[3], os.Args[4:])
	}
	os.Exit(m.Run())
}

// thingBundle is the honest plugin of these tests.
var thingBundle = sdk.Bundle{
	Name: "thing", Version: "1.2.3",
	Classes:   func(comm.Role) []instrument.Class { return []instrument.Class{thing{}} },
	Protocols: func(comm.Role) []protocol.Protocol { return []protocol.Protocol{do{}} },
}

// thing is a class whose Check can be told to refuse, to hang and to panic.
type thing struct{}

type thingState struct {
	Check string `json:"check,omitempty"`
	Text  string `json:"text,omitempty"`
}

func (thing) Info() instrument.Info {
	return instrument.Info{
		ID: "thing", Title: "Thing", Keys: []string{"serial"}, Checks: true,
		Fields: []instrument.Field{{Name: "text", Title: "Text"}},
		Moves:  []instrument.Move{{To: "new"}, {From: "new", To: "done"}, {From: "done", To: "done"}},
	}
}

// checks counts how often this process's class was asked.
var checks atomic.Int64

func (thing) Check(_, after *instrument.Instance) error {
	checks.Add(1)
	var s thingState
	if err := after.Decode(&s); err != nil {
		return err
	}
	switch s.Check {
	case "err":
		return errors.New("the drawer is empty")
	case "refuse":
		return fault.New(fault.Declined, "no such thing").Because("thing-refused").WithHint("take another")
	case "hang":
		select {}
	case "panic":
		panic("Check")
	}
	return nil
}

func (thing) Prefer(protocols []string, c instrument.Circumstances) (string, error) {
	switch c.Device {
	case "liar":
		return "thing.unheard-of", nil
	case "picky":
		return "", fault.New(fault.Unsupported, "not on this device")
	}
	return instrument.PreferFirst(protocols, c), nil
}

// do is a protocol whose operations are what the tests need to see.
type do struct{}

func (do) Info() protocol.Info { return protocol.Info{ID: "thing.do", Title: "Do", Replay: 7} }

func (do) CompatibleWith(class instrument.ClassID) bool { return class == "thing" }

func (do) Operations(_ instrument.ClassID, peer comm.Role) []protocol.Operation {
	if peer == comm.Bank {
		return []protocol.Operation{{Name: "PLAIN", Keyed: true}, {Name: "TALK", Messages: true}}
	}
	return []protocol.Operation{{Name: "PLAIN", Keyed: true}}
}

func (do) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	switch c.Operation {
	case "PLAIN":
		return plain(ctx, s, c)
	case "TALK":
		return talk(ctx, s)
	case "FETCH":
		r, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/keys", Limit: api.MaxResponse})
		if err != nil {
			return protocol.Result{}, err
		}
		return protocol.ResultOf(map[string]int{"status": r.Status, "length": len(r.Body), "last": int(r.Body[len(r.Body)-1])})
	case "PEEK":
		return protocol.Result{}, s.Update(ctx, func(tx instrument.Tx) error {
			_, err := tx.Get(c.Main())
			return err
		})
	case "FORGE", "SEEK", "WRONG":
		return reach(ctx, s, c)
	case "SHOUT":
		return protocol.Result{}, s.Send(ctx, string(make([]byte, 2*api.MaxMessage)))
	case "PRINT":
		fmt.Println("1|1|unix|/tmp/other|grpc|")
		fmt.Fprintln(os.Stderr, `{"@message":17,"@level":[]}`)
		return protocol.Result{}, nil
	case "FLOOD":
		for n := range 5000 {
			fmt.Fprintln(os.Stderr, `{"@message":"flood","@level":"warn"}`, n)
		}
		return protocol.Result{}, nil
	case "CPU":
		return protocol.ResultOf(ownCPU())
	case "LOOK":
		return look()
	case "CHECKS":
		return protocol.ResultOf(checks.Load())
	case "HOLD": // a file stays open as long as this process lives
		var path string
		if err := c.Arguments(&path); err != nil {
			return protocol.Result{}, err
		}
		_, err := os.OpenFile(path, os.O_WRONLY, 0)
		return protocol.Result{}, err
	case "WAIT":
		if err := s.Recv(ctx, nil); err != nil {
			return protocol.Result{}, err
		}
		select {}
	case "HANG":
		select {}
	case "PANIC":
		panic("a defect")
	case "ERR":
		return protocol.Result{}, errors.New("the shelf is empty")
	case "DIE":
		fmt.Fprintln(os.Stderr, "last words")
		os.Exit(4)
	}
	return protocol.Result{}, fault.New(fault.Unsupported, "no %s here", c.Operation)
}

// plain is an operation without messages: one exchange.
func plain(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	err := s.Update(ctx, func(tx instrument.Tx) error {
		i, err := tx.Get(c.Main())
		if err != nil {
			return err
		}
		i.Status = "done"
		return tx.Put(i)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(map[string]any{"main": c.Main(), "now": s.Now(), "random": s.Random(8)})
}

// talk sends and receives twice.
func talk(ctx context.Context, s protocol.Session) (protocol.Result, error) {
	var heard [2]string
	for n := range heard {
		if err := s.Send(ctx, fmt.Sprintf("%s %d", s.Peer().Name, n)); err != nil {
			return protocol.Result{}, err
		}
		if err := s.Recv(ctx, &heard[n]); err != nil {
			return protocol.Result{}, err
		}
	}
	return protocol.ResultOf(heard)
}

// look reports what a plugin can see of the machine it runs on.
func look() (protocol.Result, error) {
	dir, err := os.Getwd()
	if err != nil {
		return protocol.Result{}, err
	}
	exe, err := os.Executable()
	if err != nil {
		return protocol.Result{}, err
	}
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return protocol.Result{}, err
	}
	var open []string
	for _, f := range files {
		if target, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil {
			open = append(open, target)
		}
	}
	return protocol.ResultOf(seen{PID: os.Getpid(), Processors: runtime.GOMAXPROCS(0), Environment: os.Environ(), Dir: dir, Arg0: os.Args[0], Executable: exe, Open: open})
}

type seen struct {
	PID, Processors       int
	Environment           []string
	Dir, Arg0, Executable string
	Open                  []string // files
}

// ---- the host's half in these tests ----

// doorFunc is a door that answers by a function.
type doorFunc func(steps []protocol.Step) (protocol.Answer, error)

func (f doorFunc) Exchange(_ context.Context, steps []protocol.Step) (protocol.Answer, error) {
	return f(steps)
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 5, time.UTC)

// outcome is a door for operations that only end; it keeps what they ended with.
type outcome struct{ last protocol.Step }

func (o *outcome) Exchange(_ context.Context, steps []protocol.Step) (protocol.Answer, error) {
	o.last = steps[len(steps)-1]
	return protocol.Answer{Now: noon, Done: o.last.Kind == protocol.StepResult}, nil
}

func newID(t testing.TB) instrument.ID {
	t.Helper()
	id, err := instrument.NewID(noon, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func begin(t testing.TB, operation string) protocol.Begin {
	id := newID(t)
	return protocol.Begin{
		Op: instrument.OperationID("op-" + string(id)), Protocol: "thing.do", Side: protocol.Initiator, Peer: comm.Peer{Name: "peer", Key: "key-" + string(id)},
		Call: protocol.Call{Operation: operation, Class: "thing", Instruments: []instrument.ID{id}},
		Leased: []instrument.Instance{{
			ID: id, Class: "thing", Owner: "me", Status: "new", Version: 1, Keys: map[string]string{"serial": string(id)}, State: json.RawMessage(`{"text":"x"}`),
		}},
		Seed: make([]byte, 32), Now: noon,
	}
}

// patience bounds what only a defect would let hang.
const patience = time.Minute

func newHost(t testing.TB, change func(*host.Options)) *host.Host {
	t.Helper()
	o := host.Options{
		Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler), Clock: time.Now, Random: func() float64 { return 0 },
		Start: patience, Question: patience, Health: time.Hour, Turn: time.Hour, // a slow machine meets none of them
	}
	if change != nil {
		change(&o)
	}
	h, err := host.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return h
}

func source(t testing.TB, args ...string) host.Source {
	t.Helper()
	d := sdk.Describe(thingBundle)
	return host.Source{Args: append([]string{"plugin"}, args...), Description: &d}
}

func load(t testing.TB, h *host.Host, s host.Source) *host.Bundle {
	t.Helper()
	b, err := h.Load(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func stepperOf(t testing.TB, b *host.Bundle) protocol.Stepper {
	t.Helper()
	p, ok := b.Protocols(comm.Client)[0].(protocol.Stepper)
	if !ok {
		t.Fatal("a plugin's protocol is no Stepper")
	}
	return p
}

// perform runs an operation to its end and reads its result.
func perform(t testing.TB, b *host.Bundle, operation string, result any) {
	t.Helper()
	var o outcome
	if err := stepperOf(t, b).RunSteps(t.Context(), begin(t, operation), &o); err != nil {
		t.Fatal(operation, err)
	}
	if o.last.Fault != nil {
		t.Fatal(operation, o.last.Fault)
	}
	if result != nil {
		if err := json.Unmarshal(o.last.Result.Value, result); err != nil {
			t.Fatal(err)
		}
	}
}
