package host

import (
	"context"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/protocol"
)

// maxWait is how long a caller waits for a restart that is due. A caller that would have to
// wait longer gets an error at once.
const maxWait = 2 * time.Second

// Bundle is one plugin as its host sees it, running or not. It supervises the process: it starts
// it on first use, and again, after a pause, when it has died. After several crashes in a row the
// plugin is put in quarantine: it is not started until its operator says so (Enable). A Bundle is
// safe for concurrent use.
type Bundle struct {
	host *Host

	mu       sync.Mutex
	source   Source
	current  *life
	attempt  *attempt      // a start under way
	grave    chan struct{} // closed when nothing is left of the previous life
	pace     backoff
	crashes  crashes
	why      string // of the quarantine; empty: none
	restarts int
	report   string // the end of standard error at the last crash
	closed   bool
}

// attempt is a start that several callers may wait for.
type attempt struct {
	over chan struct{}
	err  error
}

func newBundle(h *Host, s Source) *Bundle { return &Bundle{host: h, source: s} }

// Name of the bundle.
func (b *Bundle) Name() string { return b.source.Description.Name }

// Description of the bundle.
func (b *Bundle) Description() api.Description { return *b.source.Description }

// Classes are the bundle's classes in the view of a role. Nothing is started.
func (b *Bundle) Classes(role comm.Role) []instrument.Class {
	var list []instrument.Class
	for _, info := range b.Description().View(role).Classes {
		list = append(list, &class{bundle: b, role: role, info: info})
	}
	return list
}

// Protocols are the bundle's protocols in the view of a role. Nothing is
// started. Each is a protocol.Stepper.
func (b *Bundle) Protocols(role comm.Role) []protocol.Protocol {
	var list []protocol.Protocol
	view := b.Description().View(role)
	for _, p := range view.Protocols {
		list = append(list, newStepper(b, view, p))
	}
	return list
}

// Status is what an operator may know of a bundle.
type Status struct {
	Running  bool
	PID      int
	Restarts int
	Why      string // why it is in quarantine; empty: it is not
	Report   string // the end of what the last crash left on standard error
}

// Status of the bundle now.
func (b *Bundle) Status() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Status{Restarts: b.restarts, Why: b.why, Report: b.report}
	if b.current != nil {
		s.Running, s.PID = true, b.current.process.pid
	}
	return s
}

// Enable ends the quarantine.
func (b *Bundle) Enable() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.release()
	if q := b.host.o.Quarantine; q != nil {
		return q.SetQuarantine(b.Name(), "")
	}
	return nil
}

func (b *Bundle) release() {
	b.why = ""
	b.crashes.reset()
	b.pace = backoff{}
}

// running is the life now, or nil.
func (b *Bundle) running() *life {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.current
}

// life is the running life; if there is none, it starts one and waits for it, within ctx. A start
// goes on when ctx ends. If a restart is not due for longer than maxWait, it is fault.Unavailable,
// ReasonResting.
func (b *Bundle) life(ctx context.Context) (*life, error) {
	for {
		l, a, pause, err := b.look()
		if l != nil || err != nil {
			return l, err
		}
		if a != nil {
			select {
			case <-a.over:
				if a.err != nil {
					return nil, a.err
				}
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			continue
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
}

// look finds the running life, an attempt to wait for, or the pause until one may begin.
func (b *Bundle) look() (*life, *attempt, time.Duration, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, nil, 0, closing()
	}
	if b.current != nil && b.current.isOver() {
		b.bury(b.current)
	}
	if err := b.quarantined(); err != nil {
		return nil, nil, 0, err
	}
	if b.current != nil {
		return b.current, nil, 0, nil
	}
	if b.attempt == nil {
		pause := b.pace.pause(b.host.o.Clock())
		if pause > maxWait {
			return nil, nil, 0, fault.New(fault.Unavailable, "the plugin %s crashed and rests for %s", b.Name(), pause.Round(100*time.Millisecond)).
				Because(protocol.ReasonResting).WithHint("try again then")
		}
		if pause > 0 {
			return nil, nil, pause, nil
		}
		b.attempt = &attempt{over: make(chan struct{})}
		go b.start(b.attempt, b.grave)
	}
	return nil, b.attempt, 0, nil
}

// quarantined refuses to start the bundle, unless the operator has ended the quarantine.
func (b *Bundle) quarantined() error {
	if q := b.host.o.Quarantine; q != nil && (b.why != "" || b.current == nil) {
		why := q.Quarantined(b.Name())
		if why == "" && b.why != "" {
			b.release()
		}
		b.why = why
	}
	if b.why == "" {
		return nil
	}
	return fault.New(fault.Unavailable, "the plugin %s is in quarantine: %s", b.Name(), b.why).
		Because("plugin-quarantined").WithHint("look at its log, then: swaperoo plugin enable %s", b.Name())
}

// start makes a new life, once nothing is left of the previous one.
func (b *Bundle) start(a *attempt, before <-chan struct{}) {
	if before != nil {
		<-before
	}
	l, err := b.host.startLife(b.host.starting, b.source, &tail{})
	b.mu.Lock()
	defer b.mu.Unlock()
	defer close(a.over)
	b.attempt = nil
	switch {
	case b.closed || b.host.starting.Err() != nil:
		a.err = closing()
		if l != nil {
			l.kill()
		}
	case err != nil:
		a.err = err
		b.pace.failed(b.host.o.Clock(), 0, b.host.o.Random())
	default:
		b.current = l
		b.source.SHA256 = l.sha256
		b.grave = make(chan struct{})
		go b.supervise(l, b.grave)
	}
}

// supervise clears away a life that ended by itself.
func (b *Bundle) supervise(l *life, grave chan<- struct{}) {
	defer close(grave)
	<-l.done
	b.mu.Lock()
	closed := b.closed
	b.bury(l)
	b.mu.Unlock()
	if closed {
		return // Bundle.close ends it
	}
	l.kill()
	l.tail.tell(l.log, "a plugin ended in the middle", "why", l.cause.Message, "operations", len(l.victims), "exit", exitText(l.process.exit))
	b.mu.Lock()
	b.report = l.tail.String()
	b.mu.Unlock()
}

// bury notes the end of a life, once: whoever sees it first calls it. Its caller holds the lock.
func (b *Bundle) bury(l *life) {
	if b.current != l {
		return
	}
	b.current = nil
	if b.closed {
		return
	}
	now := b.host.o.Clock()
	b.pace.failed(now, now.Sub(l.started), b.host.o.Random())
	b.restarts++
	b.count(l.victims, l.cause.Message)
}

// crashed counts the crash of one operation's code.
func (b *Bundle) crashed(who culprit, why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count([]culprit{who}, why)
}

// count counts a crash and the operations that ran then; if it is one too many in a row, the bundle
// is put in quarantine. Its caller holds the lock.
func (b *Bundle) count(running []culprit, why string) {
	if !b.crashes.add(running) || b.why != "" {
		return
	}
	b.why = why
	b.host.o.Log.Error("a plugin is put in quarantine", "bundle", b.Name(), "why", why)
	if q := b.host.o.Quarantine; q != nil {
		if err := q.SetQuarantine(b.Name(), why); err != nil {
			b.host.o.Log.Error("the quarantine could not be written down", "bundle", b.Name(), "error", err.Error())
		}
	}
}

// wentWell notes that an operation has ended as it should: the row of crashes is over.
func (b *Bundle) wentWell() {
	b.mu.Lock()
	b.crashes.reset()
	b.mu.Unlock()
}

func (b *Bundle) close(ctx context.Context) {
	b.mu.Lock()
	b.closed = true
	l, a := b.current, b.attempt
	b.mu.Unlock()
	if l != nil {
		l.end(ctx)
	}
	if a != nil {
		<-a.over // it ends what it started
	}
}

func exitText(err error) string {
	if err == nil {
		return "0"
	}
	return err.Error()
}
