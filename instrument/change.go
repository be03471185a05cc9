package instrument

import (
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Change is a finished draft: sealed rows and entries, ready for one unit of
// work. It may be written again as long as no attempt succeeded.
type Change struct {
	writes  []rowWrite
	proofs  []proof
	finds   []found
	claims  *claims
	entries []entryWrite
	holder  OperationID
	topics  []Topic
	ids     []ID
}

type rowWrite struct {
	row    Row
	claims []claim // of the row's keys
	seen   int64   // 0: insert
}

type proof struct {
	id   ID
	seen int64
}

type entryWrite struct {
	row  EntryRow
	seal func(Seq) ([]byte, error)
	seq  *Seq // where its number goes; nil: nobody asks
}

// Prepare seals what will be written and makes the Change of it.
func (d *Draft) Prepare() (*Change, error) { return d.prepare("") }

// PrepareLeased is Prepare for a flush that is not the last one of the holder:
// what is written stays leased to it, as Kept says.
func (d *Draft) PrepareLeased() (*Change, error) { return d.prepare(d.holder) }

// Kept lists those of Written that PrepareLeased leases to the holder: all but
// instances of shareable classes that were there before.
func (d *Draft) Kept() []Instance {
	var out []Instance
	for _, id := range d.order {
		if r := d.rows[id]; d.keeps(r) {
			out = append(out, r.now.Clone())
		}
	}
	return out
}

func (d *Draft) keeps(r *drafted) bool {
	return r.before == nil || r.held || d.m.Exclusive(r.now.Class)
}

func (d *Draft) prepare(lease OperationID) (*Change, error) {
	c := &Change{holder: d.holder, finds: d.finds, claims: &d.m.claims}
	c.writes, c.ids = make([]rowWrite, 0, len(d.order)), make([]ID, 0, len(d.order))
	c.entries, c.topics = make([]entryWrite, 0, len(d.order)+len(d.extra)), make([]Topic, 0, 1+len(d.extra))
	now := d.m.clock()
	for _, id := range d.order {
		r := d.rows[id]
		holder := lease
		if !d.keeps(r) {
			holder = ""
		}
		w, err := d.m.seal(r, holder)
		if err != nil {
			return nil, err
		}
		c.writes = append(c.writes, w)
		c.ids = append(c.ids, id)
		c.entries = append(c.entries, entryWrite{seal: noBody, row: EntryRow{
			Topic: Operations, Time: now, Class: r.now.Class, Status: r.now.Status, Instance: id, By: d.holder,
		}})
	}
	if len(d.order) > 0 {
		c.topics = append(c.topics, Operations)
	}
	for id, r := range d.rows {
		if !r.dirty && !r.held {
			c.proofs = append(c.proofs, proof{id, r.before.Version})
		}
	}
	for _, id := range d.absent {
		if _, created := d.rows[id]; !created { // an insertion proves by itself that nothing was there
			c.proofs = append(c.proofs, proof{id: id})
		}
	}
	for _, a := range d.extra {
		e := a.entry
		e.Time, e.By = now, d.holder
		c.entries = append(c.entries, entryWrite{row: e, seq: a.seq, seal: func(n Seq) ([]byte, error) {
			return d.m.sealer.Seal(a.body, entrySeal(a.topic, n))
		}})
		c.topics = append(c.topics, a.topic)
	}
	return c, nil
}

// noBody is the seal of an entry that says nothing beyond its clear columns.
func noBody(Seq) ([]byte, error) { return nil, nil }

func (m *Manager) seal(r *drafted, lease OperationID) (rowWrite, error) {
	i := r.now
	s, err := m.sealerOf(i.Owner)
	if err != nil {
		return rowWrite{}, err
	}
	bytes, err := s.Seal(sealed{Name: i.Name, Keys: i.Keys, State: i.State}.encode(), rowSeal(i))
	if err != nil {
		return rowWrite{}, fault.Wrap(err, fault.Internal, "%s cannot be sealed", i.ID)
	}
	w := rowWrite{row: Row{
		ID: i.ID, Class: i.Class, Owner: i.Owner, Status: i.Status, Version: i.Version, Lease: lease, Sealed: bytes,
	}}
	if r.before != nil {
		w.seen = r.before.Version
	}
	for key, value := range i.Keys {
		if r.before == nil || r.before.Keys[key] != value {
			w.row.Keys = append(w.row.Keys, m.blind(i.Class, key, value))
			w.claims = append(w.claims, claim{i.Class, key, value})
		}
	}
	return w, nil
}

// Empty reports whether there is nothing to write and nothing to prove.
func (c *Change) Empty() bool {
	return len(c.writes)+len(c.entries)+len(c.proofs)+len(c.finds) == 0
}

// Writes reports whether the change writes anything.
func (c *Change) Writes() bool { return len(c.writes)+len(c.entries) > 0 }

// Write is the unit of work of the change. It runs on the store's writer: it
// compares versions, claims keys, writes rows and appends entries, nothing else.
func (c *Change) Write(w Writer) error {
	for _, p := range c.proofs {
		if err := w.Validate(p.id, p.seen); err != nil {
			return err
		}
	}
	for _, f := range c.finds {
		if err := w.ValidateKey(f.name.class, f.key, f.id); err != nil {
			c.claims.drop(f.name) // so that what is remembered is not found again
			return err
		}
	}
	for _, r := range c.writes {
		if err := c.writeRow(w, r); err != nil {
			return err
		}
	}
	for _, e := range c.entries {
		seq, err := w.Append(e.row, e.seal)
		if err != nil {
			return err
		}
		if e.seq != nil {
			*e.seq = seq
		}
	}
	return nil
}

func (c *Change) writeRow(w Writer, r rowWrite) error {
	if r.seen == 0 {
		err := w.Insert(r.row)
		if taken, ok := errors.AsType[*VersionConflict](err); ok && taken.ID == r.row.ID { // no later attempt can succeed
			return &Refused{ID: r.row.ID, Fault: idTaken(r.row.ID)}
		}
		return err
	}
	err := w.Update(r.row, r.seen, c.holder)
	if errors.Is(err, fault.Locked) {
		return &Refused{ID: r.row.ID, Fault: fault.From(err)}
	}
	return err
}

func idTaken(id ID) *fault.Fault {
	return fault.New(fault.Conflict, "instrument %s exists", id).Because("id-taken")
}

// Committed wakes all who wait for what a committed change has touched, counts it, and
// remembers the keys that it has claimed.
func (m *Manager) Committed(c *Change) {
	for _, w := range c.writes {
		m.changes.add(w.row.Class)
		for _, k := range w.claims {
			m.claims.add(k, w.row.ID)
		}
	}
	for _, id := range c.ids {
		m.hub.wake(string(id))
	}
	for _, t := range c.topics {
		m.hub.wake(topicKey(t))
	}
}

// plainFault turns the conflicts of a unit of work into what a caller sees.
func plainFault(err error) error {
	if k, ok := errors.AsType[*KeyConflict](err); ok {
		return k.Fault()
	}
	if r, ok := errors.AsType[*Refused](err); ok {
		return r.Fault
	}
	if v, ok := errors.AsType[*VersionConflict](err); ok {
		return fault.Wrap(v, fault.Conflict, "the instrument was changed by somebody else").Because("version-changed")
	}
	return err
}
