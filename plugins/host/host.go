package host

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/api"
)

// Options say where and how a Host works; Dir, Log and Clock must be given.
type Options struct {
	Dir    string           // where sockets live; made if missing, private to this user
	Log    *slog.Logger     // for plugins' records, too
	Clock  func() time.Time // for back-off and health
	Random func() float64   // jitter of the back-off, from 0 up to 1; nil: math/rand

	Start    time.Duration // bounds a start, until the process has described itself; 0: 30 s
	Question time.Duration // bounds a call of Check or Prefer; 0: 2 s
	Health   time.Duration // from one health check to the next; 0: 10 s
	Turn     time.Duration // bounds the time from an answer to the next step of an operation's code; 0: 30 s

	// Processors is the GOMAXPROCS of plugins, which bounds on how many processors at once a
	// plugin that is written in Go computes. 0: the variable is not set, so on all of them.
	Processors int

	// Quarantine remembers, over a restart of the host, which bundles crashed too often;
	// nil: that is forgotten. A *Catalog is a Quarantine.
	Quarantine Quarantine
}

// processorsKey is where the Go runtime looks for the number.
const processorsKey = "GOMAXPROCS"

func (o Options) processors() []string {
	if o.Processors <= 0 {
		return nil
	}
	return []string{processorsKey + "=" + strconv.Itoa(o.Processors)}
}

// Quarantine remembers which bundles the operator has to look at.
type Quarantine interface {
	// Quarantined says why a bundle is not started, empty if it may be.
	Quarantined(name string) string
	// SetQuarantine marks a bundle; nothing happens for one that is not known.
	SetQuarantine(name, why string) error
}

// Host runs the plugins of one party.
type Host struct {
	o   Options
	dir *workdir
	// starting ends when the host closes, and with it all starts under way.
	starting context.Context
	stop     context.CancelFunc

	mu      sync.Mutex
	bundles map[string]*Bundle
	closed  bool
}

// New makes a host, and removes from its directory what hosts that died have left there. From now on
// the files that this process was started with are not inherited by processes that it starts.
func New(o Options) (*Host, error) {
	keepInherited()
	if o.Random == nil {
		o.Random = rand.Float64
	}
	o.Start = cmp.Or(o.Start, 30*time.Second)
	o.Question = cmp.Or(o.Question, 2*time.Second)
	o.Health = cmp.Or(o.Health, 10*time.Second)
	o.Turn = cmp.Or(o.Turn, 30*time.Second)
	dir, err := openWorkdir(o.Dir)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the directory %s for plugins cannot be used", o.Dir)
	}
	starting, stop := context.WithCancel(context.Background())
	return &Host{o: o, dir: dir, starting: starting, stop: stop, bundles: map[string]*Bundle{}}, nil
}

// Load makes a bundle usable. Nothing is started, unless the source has no description: then the
// binary is started once to get it. A second bundle of one name is fault.Conflict.
func (h *Host) Load(s Source) (*Bundle, error) {
	if s.Description == nil {
		seen, err := h.Inspect(h.starting, s)
		if err != nil {
			return nil, err
		}
		s.SHA256, s.Description = seen.SHA256, &seen.Description
	}
	if err := s.Description.Check(); err != nil {
		return nil, err
	}
	b := newBundle(h, s)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, closing()
	}
	if h.bundles[b.Name()] != nil {
		return nil, fault.New(fault.Conflict, "there are two plugins of the name %s", b.Name()).Because("plugin-twice").
			WithHint("remove one of them: swaperoo plugin remove %s", b.Name())
	}
	h.bundles[b.Name()] = b
	return b, nil
}

// Inspected is what a binary says of itself and the sum under which it said so.
type Inspected struct {
	SHA256      string
	Stamp       *Stamp // of the file under that sum; nil: the system has none
	Description api.Description
}

// Inspect starts a binary once, gets its description, and ends it. A bundle that nobody could use is
// fault.Unsupported. If the binary does not start, the error quotes what it has written, for the
// operator: often nothing else is known.
func (h *Host) Inspect(ctx context.Context, s Source) (Inspected, error) {
	wrote := &tail{}
	l, err := h.startLife(ctx, s, wrote)
	if err != nil && ctx.Err() != nil && h.starting.Err() == nil { // it is not the host that closes
		return Inspected{}, fault.Wrap(ctx.Err(), fault.Timeout, "the look at the plugin was interrupted").Because("interrupted").WithHint("try again")
	}
	if fault.ReasonOf(err) == reasonStart {
		err = explained(err, wrote.words())
	}
	if err != nil {
		return Inspected{}, err
	}
	defer l.end(ctx)
	return Inspected{SHA256: l.sha256, Stamp: l.stamp, Description: l.description}, l.description.Useful()
}

// Bundles lists what is loaded, in no order.
func (h *Host) Bundles() []*Bundle {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*Bundle, 0, len(h.bundles))
	for _, b := range h.bundles {
		list = append(list, b)
	}
	return list
}

// Close ends all plugins; operations that run end as fault.Suspended. Each plugin is asked to end, and
// is killed at the latest when ctx ends.
func (h *Host) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.stop()
	var ended sync.WaitGroup
	for _, b := range h.Bundles() {
		ended.Go(func() { b.close(ctx) })
	}
	ended.Wait()
	return h.dir.close()
}

func closing() *fault.Fault { return fault.New(fault.Suspended, "the host is closing") }
