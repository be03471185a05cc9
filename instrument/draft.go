package instrument

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Draft is one change in the making: copies of what was read and of what will be
// written. It is a Tx for the host's own code, which may append to topics as
// well. A Draft belongs to one goroutine. Nobody sees anything of it before a unit
// of work has run the Change that Prepare makes.
type Draft struct {
	m      *Manager
	ctx    context.Context
	holder OperationID // whose leases count as ours; empty for none
	rows   map[ID]*drafted
	order  []ID      // of writes
	peeked *Instance // read for Get, and not told yet
	finds  []found
	absent []ID // looked for and not there
	extra  []appended
}

// drafted is what a Draft knows of one instance. Callers hand in and get copies,
// so before and now may share the memory that they point to.
type drafted struct {
	before *Instance // as committed; nil if this draft creates it
	now    Instance
	held   bool // leased to the holder: nobody else can have changed it
	dirty  bool
}

type found struct {
	name claim
	key  BlindKey
	id   ID
}

type appended struct {
	topic Topic
	entry EntryRow
	body  []byte
	seq   *Seq // set by the commit
}

// NewDraft begins a change. Reads use ctx; holder is the operation whose leased
// instances Hold adds, empty outside of operations.
func (m *Manager) NewDraft(ctx context.Context, holder OperationID) *Draft {
	return &Draft{m: m, ctx: ctx, holder: holder, rows: map[ID]*drafted{}}
}

// Hold adds an instance that is leased to the holder, as it was seen then. What
// it points to must not be changed any more.
func (d *Draft) Hold(i Instance) {
	d.rows[i.ID] = &drafted{before: &i, now: i, held: true}
}

// Get reads an instance, with what this draft has already written to it. The commit
// proves the answer again, "not there" included.
func (d *Draft) Get(id ID) (Instance, error) {
	i, err := d.Look(id)
	if err != nil {
		return Instance{}, err
	}
	return i.Clone(), nil
}

// Look is Get without a copy, for callers that do not change the memory which the
// instance points to.
func (d *Draft) Look(id ID) (Instance, error) {
	if r, ok := d.rows[id]; ok {
		return r.now, nil
	}
	i, err := d.view(id)
	if errors.Is(err, fault.NotFound) {
		d.absent = append(d.absent, id)
	}
	if err == nil {
		err = d.genuine(i)
	}
	if err != nil {
		return Instance{}, err
	}
	d.rows[id] = &drafted{before: &i, now: i}
	return i, nil
}

// Peek is what Get would answer now. If the same instance is asked of Get next, that gives the
// same answer; if it never is, the commit proves nothing about the instance.
func (d *Draft) Peek(id ID) (Instance, error) {
	if r, ok := d.rows[id]; ok {
		return r.now.Clone(), nil
	}
	i, err := d.m.View(d.ctx, id)
	if err == nil {
		err = d.genuine(i)
	}
	if err != nil {
		return Instance{}, err
	}
	d.peeked = &i
	return i.Clone(), nil
}

// Unpeek forgets what was peeked at.
func (d *Draft) Unpeek() { d.peeked = nil }

// view is an instance as it was peeked at, or as it is.
func (d *Draft) view(id ID) (Instance, error) {
	if p := d.peeked; p != nil && p.ID == id {
		return *p, nil
	}
	return d.m.View(d.ctx, id)
}

// genuine refuses an instance that was found by a key which it has not claimed.
func (d *Draft) genuine(i Instance) error {
	for _, f := range d.finds {
		if f.id == i.ID && !f.name.by(i) {
			if err := d.m.misled(d.ctx, f.name, f.key, f.id); err != nil {
				return err
			}
		}
	}
	return nil
}

// Find looks a unique key up. The commit proves the answer again, "nobody" included.
// Whether the instance has really claimed the key is proved when it is read.
func (d *Draft) Find(class ClassID, key, value string) (ID, error) {
	for _, id := range d.order {
		if i := d.rows[id].now; i.Class == class && value != "" && i.Keys[key] == value {
			return id, nil
		}
	}
	name, blind := claim{class, key, value}, d.m.blind(class, key, value)
	id, known := d.m.claims.find(name)
	var err error
	if !known {
		id, err = d.m.store.FindRow(d.ctx, class, blind)
	}
	switch {
	case err == nil && !known:
		d.m.claims.add(name, id)
	case err != nil && !errors.Is(err, fault.NotFound):
		return "", err
	}
	d.finds = append(d.finds, found{name, blind, id})
	if r, ok := d.rows[id]; ok {
		if err := d.genuine(r.now); err != nil {
			return "", err
		}
	}
	return id, err
}

// Create adds an instance and gives it an id if it has none. It fails with the
// class's refusal; that the id or a key is taken is found by the commit.
func (d *Draft) Create(i Instance) (ID, error) { return d.CreateGiven(i.Clone()) }

// CreateGiven is Create without a copy: the caller gives the instance away and does
// not change the memory that it points to any more.
func (d *Draft) CreateGiven(i Instance) (ID, error) {
	if _, err := d.m.Info(i.Class); err != nil {
		return "", err
	}
	if i.ID == "" {
		id, err := NewID(d.m.clock(), d.m.random)
		if err != nil {
			return "", err
		}
		i.ID = id
	} else if err := CheckID(i.ID); err != nil {
		return "", err
	}
	if _, exists := d.rows[i.ID]; exists {
		return "", idTaken(i.ID)
	}
	i.Version = 1
	if err := d.m.permits(nil, i); err != nil {
		return "", err
	}
	d.rows[i.ID] = &drafted{now: i, dirty: true}
	d.order = append(d.order, i.ID)
	return i.ID, nil
}

// Put changes an instance. It must have been read here, and i must bear the
// version that was read. It fails with the class's refusal.
func (d *Draft) Put(i Instance) error { return d.PutGiven(i.Clone()) }

// PutGiven is Put without a copy, under the rule of CreateGiven.
func (d *Draft) PutGiven(i Instance) error {
	r, ok := d.rows[i.ID]
	if !ok {
		return fault.New(fault.Internal, "%s was written without being read", i.ID).Because("write-without-read")
	}
	if i.Version != r.now.Version {
		return fault.New(fault.Internal, "%s was written over version %d, and %d was read", i.ID, i.Version, r.now.Version).
			Because("write-without-read")
	}
	i.Version++
	if err := d.m.permits(&r.now, i); err != nil {
		return err
	}
	r.now = i
	if !r.dirty {
		r.dirty = true
		d.order = append(d.order, i.ID)
	}
	return nil
}

// Append adds an entry with a body to a topic, about an instance of this draft
// or about none.
func (d *Draft) Append(t Topic, about ID, body any) error {
	text, err := WriteJSON(body)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "an entry of %s cannot be written as JSON", t)
	}
	e := EntryRow{Topic: t, Instance: about}
	if r, ok := d.rows[about]; ok {
		e.Class, e.Status = r.now.Class, r.now.Status
	}
	d.extra = append(d.extra, appended{topic: t, entry: e, body: text, seq: new(Seq)})
	return nil
}

// Numbers are the numbers that the entries of Append got, in the order of the calls.
// They are known once the change is committed.
func (d *Draft) Numbers() []Seq {
	out := make([]Seq, len(d.extra))
	for n, a := range d.extra {
		out[n] = *a.seq
	}
	return out
}

// Writes reports whether this draft writes an instance.
func (d *Draft) Writes(id ID) bool {
	r, ok := d.rows[id]
	return ok && r.dirty
}

// Written lists the instances that this draft writes, as they will be, in the
// order of the first write.
func (d *Draft) Written() []Instance {
	out := make([]Instance, len(d.order))
	for n, id := range d.order {
		out[n] = d.rows[id].now.Clone()
	}
	return out
}
