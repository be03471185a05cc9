package serve

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/stream"
)

// Names of what listens.
const (
	Provider    = "provider"
	Exchange    = "exchange"
	Till        = "till" // a terminal's local API
	Terminal    = "terminal"
	Integration = "integration"
	WireGateway = "wire-gateway"
	Session     = "session"
	Reader      = "reader" // a terminal's door for its card reader
)

// listening is the event that says that an address is open.
const listening = "listening"

// grace is how long requests that run may take once the end has been asked for;
// then their connections are cut.
const grace = 7 * time.Second

// Closing is the time for what is closed after Run.
func Closing() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 2*time.Second)
}

// Door is an API at a path of a port.
type Door struct {
	Name, Path string
	Exchanges  map[string]string // at a bank: the paths of further exchanges' own, by their names
}

// Listening is the line that says that an address is open.
type Listening struct {
	Event string `json:"event"` // listening
	Name  string `json:"name"`
	URL   string `json:"url"` // ends with a slash, a session's with its key
	// Exchanges are the addresses of a bank's further exchanges, by their names.
	Exchanges map[string]string `json:"exchanges,omitempty"`
}

// text is what people read: a line for each address.
func (l Listening) text() string {
	out := l.Name + " listens at " + l.URL + "\n"
	for _, name := range slices.Sorted(maps.Keys(l.Exchanges)) {
		out += l.Name + " of " + name + " listens at " + l.Exchanges[name] + "\n"
	}
	return out
}

// Process is a party that listens.
type Process struct {
	env      *cli.Env
	services []service
	sessions []comm.Listener
	says     []Listening
	work     []func(context.Context) error
	parent   *Parent
	grace    time.Duration
}

// HTTPServer is what answers at a port: an http.Server, or one with something more
// to end.
type HTTPServer interface {
	Serve(l net.Listener) error
	Shutdown(ctx context.Context) error
	Close() error
}

type service struct {
	port   *Port
	server HTTPServer
}

// New makes a process that listens nowhere yet.
func New(e *cli.Env) *Process { return &Process{env: e, grace: grace} }

// HTTP has a server answer at a port from Run on. Handlers that wait for
// something must end their wait on the server's RegisterOnShutdown.
func (p *Process) HTTP(port *Port, s HTTPServer, doors ...Door) {
	p.services = append(p.services, service{port, s})
	for _, d := range doors {
		said := Listening{Event: listening, Name: d.Name, URL: port.URL(d.Path), Exchanges: map[string]string{}}
		for name, path := range d.Exchanges {
			said.Exchanges[name] = port.URL(path)
		}
		p.says = append(p.says, said)
	}
}

// Announce has Run say an address where somebody answers already.
func (p *Process) Announce(name, url string) {
	p.says = append(p.says, Listening{Event: listening, Name: name, URL: url})
}

// Session announces a door for sessions that is open already, and has Run close
// it at its end.
func (p *Process) Session(l comm.Listener) { p.Door(Session, l) }

// Door is Session for a door of another name.
func (p *Process) Door(name string, l comm.Listener) {
	p.sessions = append(p.sessions, l)
	p.Announce(name, SessionURL(l.Address()))
	if ends, ok := l.(interface{ Done() <-chan struct{} }); ok && (l.Address().Scheme == stream.Stdio || l.Address().Scheme == stream.StdioClear) {
		p.Go(func(ctx context.Context) error {
			select {
			case <-ends.Done(): // whoever started us for it has gone
				return errOrphan
			case <-ctx.Done():
				return nil
			}
		})
	}
}

// Go has Run do work beside the servers until its context ends. An error of the
// work ends the process.
func (p *Process) Go(work func(context.Context) error) { p.work = append(p.work, work) }

// With has Run end with the parent as well; nil changes nothing.
func (p *Process) With(parent *Parent) { p.parent = parent }

// Run serves until asked ends, the parent or the other end of our own input and output
// has gone, or a part fails, and ends what
// it began. It is called once. The error is nil when it was asked to end.
func (p *Process) Run(asked context.Context) error {
	ctx, stop := context.WithCancelCause(asked)
	defer stop(nil)
	leave := p.parent.watch(func() { stop(errOrphan) })
	defer leave()
	var running sync.WaitGroup
	for _, s := range p.services {
		running.Go(func() {
			if err := s.server.Serve(s.port); !errors.Is(err, http.ErrServerClosed) {
				stop(fault.Wrap(err, fault.Internal, "the port %s cannot be served any more", s.port.Addr()))
			}
		})
	}
	for _, w := range p.work {
		running.Go(func() {
			if err := w(ctx); err != nil && ctx.Err() == nil {
				stop(err)
			}
		})
	}
	defer outliveReaders()()
	if err := p.announce(); err != nil {
		stop(err)
	}
	<-ctx.Done()
	p.shutdown()
	running.Wait()
	if cause := context.Cause(ctx); asked.Err() == nil && !errors.Is(cause, errOrphan) {
		return cause
	}
	return nil
}

// outliveReaders keeps the process from ending at once, in no order, when who reads its
// log or its lines has gone: what it writes is lost then. What it returns ends that.
func outliveReaders() (leave func()) {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	return func() { signal.Stop(broken) }
}

// errOrphan is why a process ends whose parent has gone.
var errOrphan = errors.New("the parent has gone")

func (p *Process) announce() error {
	for _, l := range p.says {
		if err := p.env.Print(l, "%s", l.text()); err != nil {
			return err
		}
	}
	return nil
}

// shutdown ends all servers at the same time, in order while the grace lasts.
func (p *Process) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), p.grace)
	defer cancel()
	var ending sync.WaitGroup
	for _, s := range p.services {
		ending.Go(func() {
			if s.server.Shutdown(ctx) != nil {
				_ = s.server.Close() // whoever is still there is cut off
			}
			_ = s.port.Close() // of a server that never began
		})
	}
	for _, l := range p.sessions {
		ending.Go(func() { _ = l.Close() }) // its error is that of a port that is closed anyway
	}
	ending.Wait()
}
