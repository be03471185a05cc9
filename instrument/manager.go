package instrument

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Manager is the Instrument Manager (paper §3.1). It is the same in wallet,
// terminal and bank, and safe for concurrent use.
type Manager struct {
	store   Store
	sealer  Sealer
	clock   func() time.Time
	random  io.Reader
	classes map[ClassID]Class
	infos   map[ClassID]Info
	absent  map[ClassID]error
	leases  *leaseTable
	queues  *leaseTable // of writers, for contended instances: see Queue
	hub     *hub
	claims  claims
	changes changes
}

// Parts are what a Manager is made of. All but Absent are required.
type Parts struct {
	Store   Store
	Sealer  Sealer
	Clock   func() time.Time
	Random  io.Reader // safe for concurrent use
	Classes []Class   // those of this party's role

	// Absent says of classes that this party has, and that are not installed this time,
	// why they are not: Class answers that in the place of fault.Unsupported.
	Absent map[ClassID]error
}

// NewManager makes a manager. Two classes of one id are a programmer's mistake
// and an error.
func NewManager(p Parts) (*Manager, error) {
	m := &Manager{
		store: p.Store, sealer: p.Sealer, clock: p.Clock, random: p.Random,
		classes: map[ClassID]Class{}, infos: map[ClassID]Info{}, absent: p.Absent,
		leases: newLeaseTable(), queues: newLeaseTable(), hub: newHub(p.Store),
	}
	for _, c := range p.Classes {
		info := c.Info()
		if _, twice := m.classes[info.ID]; twice {
			return nil, fault.New(fault.Conflict, "the instrument class %s is installed twice", info.ID).Because("class-installed-twice")
		}
		m.classes[info.ID], m.infos[info.ID] = c, info
	}
	return m, nil
}

// Classes lists the installed classes, by id: the paper's
// get-Local-Available-Instrument-Classes.
func (m *Manager) Classes() []Info {
	out := make([]Info, 0, len(m.infos))
	for _, i := range m.infos {
		out = append(out, i)
	}
	slices.SortFunc(out, func(a, b Info) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return out
}

// Class finds an installed class; fault.Unsupported, or what Absent says of it.
func (m *Manager) Class(id ClassID) (Class, error) {
	c, ok := m.classes[id]
	if why := m.absent[id]; !ok && why != nil {
		return nil, why
	}
	if !ok {
		return nil, fault.New(fault.Unsupported, "there is no instrument class %q here", fault.Clip(string(id))).Because("class-unknown")
	}
	return c, nil
}

// Info is what an installed class says of itself; errors as of Class.
func (m *Manager) Info(id ClassID) (Info, error) {
	if _, err := m.Class(id); err != nil {
		return Info{}, err
	}
	return m.infos[id], nil
}

// View reads one instance with its seal opened; fault.NotFound. One that was altered, or whose
// unique keys are not its own in the database any more, is fault.Internal, reason "seal-broken".
func (m *Manager) View(ctx context.Context, id ID) (Instance, error) {
	row, err := m.store.Row(ctx, id)
	if err != nil {
		return Instance{}, err
	}
	return m.openChecked(ctx, row)
}

// Find looks up which instance of a class claims a unique key; fault.NotFound. Unlike
// Lookup it does not read the instance, and so cannot see that the row of the key was
// altered.
func (m *Manager) Find(ctx context.Context, class ClassID, key, value string) (ID, error) {
	k := claim{class, key, value}
	if id, ok := m.claims.find(k); ok {
		return id, nil
	}
	id, err := m.store.FindRow(ctx, class, m.blind(class, key, value))
	if err == nil {
		m.claims.add(k, id)
	}
	return id, err
}

// Lookup is Find and View in one. A key whose row was altered, so that it leads to an
// instance which has not claimed it, is fault.Internal, reason "seal-broken".
func (m *Manager) Lookup(ctx context.Context, class ClassID, key, value string) (Instance, error) {
	k := claim{class, key, value}
	for {
		id, err := m.Find(ctx, class, key, value)
		if err != nil {
			return Instance{}, err
		}
		i, err := m.View(ctx, id)
		if err != nil || k.by(i) {
			return i, err
		}
		if err := m.misled(ctx, k, m.blind(class, key, value), id); err != nil {
			return Instance{}, err
		}
	}
}

// List reads the instances that a filter chooses, in the order of their ids:
// the paper's get-Instruments.
func (m *Manager) List(ctx context.Context, f Filter) ([]Instance, error) {
	rows, err := m.store.Rows(ctx, f)
	if err != nil {
		return nil, err
	}
	out := make([]Instance, len(rows))
	for n, r := range rows {
		if out[n], err = m.open(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Tally counts the instances of a class by status.
func (m *Manager) Tally(ctx context.Context, class ClassID) ([]Tally, error) {
	return m.store.Tally(ctx, class)
}

// Update runs f over copies and commits what it changed, in one unit of work
// with one journal entry per change. When somebody else has changed an instance
// first, it queues for that instance and runs f again, so f follows the rules of Tx. Nil
// means committed. It fails with f's own error, the class's refusal, a taken key
// (conflict) or fault.Locked when an operation holds the instance.
func (m *Manager) Update(ctx context.Context, f func(*Draft) error) error {
	leave := func() {}
	defer func() { leave() }()
	for {
		d := m.NewDraft(ctx, "")
		if err := f(d); err != nil {
			return err
		}
		change, err := d.Prepare()
		if err != nil {
			return err
		}
		err = m.store.UpdateInstruments(ctx, change.Write)
		if again, ok := errors.AsType[*VersionConflict](err); ok {
			leave()
			if leave, err = m.Queue(ctx, again.ID); err != nil {
				leave = func() {}
				return err
			}
			continue
		}
		if err != nil {
			return plainFault(err)
		}
		m.Committed(change)
		return nil
	}
}

// openChecked unseals a row and checks that the database still has its claims; if it does not,
// the reason is "seal-broken".
func (m *Manager) openChecked(ctx context.Context, r Row) (Instance, error) {
	i, err := m.open(r)
	if err != nil {
		return Instance{}, err
	}
	if err := m.checkClaims(ctx, i); err != nil {
		return Instance{}, err
	}
	return i, nil
}

// open unseals a row.
func (m *Manager) open(r Row) (Instance, error) {
	i := Instance{ID: r.ID, Class: r.Class, Owner: r.Owner, Status: r.Status, Version: r.Version}
	s, err := m.sealerOf(r.Owner)
	if err != nil {
		return Instance{}, err
	}
	plain, err := s.Open(r.Sealed, rowSeal(i))
	if err != nil {
		return Instance{}, fault.Wrap(err, fault.Internal, "instrument %s cannot be opened: its seal is broken", r.ID).Because("seal-broken")
	}
	in, err := decodeSealed(plain)
	if err != nil {
		return Instance{}, fault.Wrap(err, fault.Internal, "instrument %s cannot be read", r.ID)
	}
	i.Name, i.Keys, i.State = in.Name, in.Keys, in.State
	return i, nil
}

func (m *Manager) blind(class ClassID, key, value string) BlindKey {
	return BlindKey{Name: key, Blind: m.sealer.Blind(string(class)+"/"+key, value)}
}
