package protocol

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Manager is the Protocol Manager (paper §3.2): it knows the installed
// protocols, negotiates them with peers and executes operations. It is the same
// in wallet, terminal and bank, and safe for concurrent use.
type Manager struct {
	parts       Parts
	installed   map[string]installed
	pnp         string
	versionText string // see version

	life context.Context // ends when the manager is closed
	stop context.CancelFunc
	work sync.WaitGroup

	room   chan struct{} // holds a token for each operation of an earlier life that runs
	hands  Hands
	chores chores
	ends   ends

	mu       sync.Mutex
	ops      map[instrument.OperationID]*operation // running ones
	early    early
	crowd    crowd
	aside    share // messages that arrived out of order
	awaiting share // requests that wait for the end of an operation
}

// Parts are what a Manager is made of.
type Parts struct {
	Store       Store
	Instruments *instrument.Manager
	Sealer      instrument.Sealer
	Fetch       func(context.Context, comm.Fetch) (comm.Fetched, error)
	Clock       func() time.Time
	Random      io.Reader // safe for concurrent use
	Log         *slog.Logger
	Runner      string // this life of this node
	// Looking marks a process that was opened to look and to administer: it leaves running
	// operations to a process that serves.
	Looking bool
	// At is called at each Point, on the goroutine that passes it; for tests.
	At func(Point)
	// Gone reports whether another life of this node has ended. nil: all have.
	Gone func(runner string) bool
	// Held reports whether an operation of another life waits for a person to decide about
	// it. nil: none does.
	Held func(instrument.OperationID) bool
	// Reach finds the way to the peer of an operation that an earlier life has
	// begun; nil if there is none. Without it such operations wait.
	Reach func(Execution) Link
	// Ask asks the person in front of this party, in operations that it has begun; nil:
	// nobody is there.
	Ask     Asker
	Owner   instrument.PrincipalID // of instances that an operation creates without naming an owner
	Bundles []Bundle
	// PNP names the negotiation protocol that is fixed with peers; it must be
	// installed (paper §3.2: at least one PNP must load).
	PNP string
}

// Bundle is what one source has installed: classes and the protocols that may
// reach their instances, and no others.
type Bundle struct {
	Name      string
	Classes   []instrument.Class
	Protocols []Protocol
}

type installed struct {
	protocol Protocol
	info     Info
	reach    map[instrument.ClassID]bool
}

// serves reports whether a protocol does something with a class. The class must be one of its
// bundle, whatever the protocol calls compatible.
func (in installed) serves(class instrument.ClassID) bool {
	return in.reach[class] && in.protocol.CompatibleWith(class)
}

// negotiates reports whether a protocol is a PNP. The operations of a PNP do not depend
// on class and peer, so none are named.
func (in installed) negotiates() bool {
	return slices.ContainsFunc(in.protocol.Operations("", ""), func(o Operation) bool { return o.Name == Negotiate })
}

// negotiators are the PNPs that are installed, by id.
func (m *Manager) negotiators() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.installed)), func(id string) bool { return !m.installed[id].negotiates() })
}

// NewManager makes a manager. It fails if a protocol is installed twice or the
// PNP is missing, or is a protocol that does not negotiate.
func NewManager(p Parts) (*Manager, error) {
	m := &Manager{
		parts: p, installed: map[string]installed{}, pnp: p.PNP, ops: map[instrument.OperationID]*operation{}, room: make(chan struct{}, maxResumed),
		hands: NewHands(), aside: share{each: maxAsideOfPeer, most: maxAside}, awaiting: share{each: maxRequestsOf, most: maxRequestsOfAll},
	}
	if m.parts.Reach == nil {
		m.parts.Reach = func(Execution) Link { return nil }
	}
	if m.parts.Gone == nil {
		m.parts.Gone = func(string) bool { return true }
	}
	if m.parts.Held == nil {
		m.parts.Held = func(instrument.OperationID) bool { return false }
	}
	m.life, m.stop = context.WithCancel(context.Background())
	for _, b := range p.Bundles {
		reach := map[instrument.ClassID]bool{}
		for _, c := range b.Classes {
			reach[c.Info().ID] = true
		}
		for _, proto := range b.Protocols {
			info := proto.Info()
			if _, twice := m.installed[info.ID]; twice {
				return nil, fault.New(fault.Conflict, "the protocol %s is installed twice", info.ID).Because("protocol-installed-twice")
			}
			m.installed[info.ID] = installed{proto, info, reach}
		}
	}
	if in, ok := m.installed[p.PNP]; !ok || !in.negotiates() {
		return nil, fault.New(fault.Unsupported, "%q is no protocol negotiation protocol that is installed", p.PNP).
			Because("pnp-missing").WithHint("where settings have a `pnp`, it names one that is: %s", strings.Join(m.negotiators(), " or "))
	}
	m.versionText = m.version()
	return m, nil
}

// Close suspends running operations and waits, within ctx, for their code to return. Nothing
// begins after it, and no caller gets an outcome that was not durable before.
func (m *Manager) Close(ctx context.Context) error {
	m.mu.Lock() // nothing begins after this
	m.stop()
	m.mu.Unlock()
	done := make(chan struct{})
	go func() { m.work.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fault.New(fault.Timeout, "operations were still running when the time to close was over")
	}
}

// Available lists the protocols compatible with a class, by id: the paper's
// get-Local-Available-Protocols. Negotiation protocols are compatible with none.
func (m *Manager) Available(class instrument.ClassID) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(m.installed)) {
		if m.installed[id].serves(class) {
			out = append(out, id)
		}
	}
	return out
}

// Serves reports whether any protocol has an operation for a class with a peer of that role. A
// class of records that a party keeps for itself has none.
func (m *Manager) Serves(class instrument.ClassID, peer comm.Role) bool {
	for _, in := range m.installed {
		if in.serves(class) && len(in.protocol.Operations(class, peer)) > 0 {
			return true
		}
	}
	return false
}

// Operations lists what a protocol can do with a class while connected to a
// peer of that role: the paper's get-Available-Operations.
func (m *Manager) Operations(protocol string, class instrument.ClassID, peer comm.Role) ([]Operation, error) {
	in, err := m.find(protocol)
	if err != nil {
		return nil, err
	}
	return in.protocol.Operations(class, peer), nil
}

// Plain is Info.Plain of a protocol; false if it is not installed.
func (m *Manager) Plain(protocol string) bool { return m.installed[protocol].info.Plain }

// Operation is one operation of a protocol for a class and a peer; fault.Unsupported if there is
// none of that name.
func (m *Manager) Operation(protocol string, class instrument.ClassID, peer comm.Role, name string) (Operation, error) {
	ops, err := m.Operations(protocol, class, peer)
	if err != nil {
		return Operation{}, err
	}
	for _, op := range ops {
		if op.Name == name {
			return op, nil
		}
	}
	return Operation{}, fault.New(fault.Unsupported, "%s has no operation %s for %s with this peer", protocol, fault.Clip(name), class).
		Because("operation-unknown")
}

func (m *Manager) find(protocol string) (installed, error) {
	in, ok := m.installed[protocol]
	if !ok {
		return installed{}, fault.New(fault.Unsupported, "the protocol %q is not installed here", fault.Clip(protocol)).Because("protocol-unknown")
	}
	return in, nil
}
