package audit

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

// changes are what the journal tells of all instruments, whatever their class, and what
// they are: each change has an entry, and nothing takes an instrument or an entry away.
type changes struct {
	numbers history
	told    map[instrument.ID]standing // by the last entry of each, as the journal was before the instruments were read
	seen    map[instrument.ID]reading  // as each was read
	closed  map[instrument.ID]bool     // those that cannot be read
	words   map[string]string          // classes and statuses, one copy of each: there are few, and very many instruments
}

// standing is where an instrument stands.
type standing struct {
	class  instrument.ClassID
	status string
	since  time.Time
	times  int64 // of its changes; each makes a version of its own, if not several
}

// reading is an instrument as it was read. Its version is under its seal.
type reading struct {
	status  string
	version int64
}

func newChanges() *changes {
	return &changes{
		numbers: *newHistory(instrument.Operations), told: map[instrument.ID]standing{}, seen: map[instrument.ID]reading{},
		closed: map[instrument.ID]bool{}, words: map[string]string{},
	}
}

func (c *changes) word(text string) string {
	if one, known := c.words[text]; known {
		return one
	}
	c.words[text] = text
	return text
}

// see notes that an instrument was read.
func (c *changes) see(i instrument.Instance) {
	c.seen[i.ID] = reading{c.word(i.Status), i.Version}
}

// classes are all that the journal tells of and that are installed.
func (a *auditor) classes() []instrument.ClassID {
	all := map[instrument.ClassID]bool{}
	var out []instrument.ClassID
	add := func(class instrument.ClassID) {
		if !all[class] {
			all[class] = true
			out = append(out, class)
		}
	}
	for _, i := range a.b.Instruments().Classes() {
		add(i.ID)
	}
	for _, s := range a.books.changes.told {
		add(s.class)
	}
	return out
}

// readChanges reads what the journal tells beyond the last entry that was read.
func (a *auditor) readChanges(ctx context.Context, found func(instrument.Entry)) error {
	h := &a.books.changes.numbers
	for {
		page, err := a.b.Instruments().Journal(ctx, h.topic, instrument.Page{After: h.last, Limit: atOnce})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			a.follows(h, nil, e.Seq) // no restore leaves out numbers of this topic
			found(e)
		}
	}
}

func (a *auditor) tell(e instrument.Entry) {
	c := a.books.changes
	c.told[e.Instance] = standing{instrument.ClassID(c.word(string(e.Class))), c.word(e.Status), e.Time, c.told[e.Instance].times + 1}
}

// compareChanges wants every instrument that the journal tells of to be there, in the
// status to which its last entry has brought it, or one that has come since. A record that
// was turned back whole opens: its status is an old one, or its version is less than its changes.
func (a *auditor) compareChanges(ctx context.Context) error {
	c := a.books.changes
	gone, back, odd := map[instrument.ID]standing{}, map[instrument.ID]standing{}, map[instrument.ID]standing{}
	for id, s := range c.told {
		read, there := c.seen[id]
		switch {
		case c.closed[id]: // which is said already
		case !there:
			gone[id] = s
		case read.version < s.times:
			back[id] = s
		case read.status != s.status:
			odd[id] = s
		}
	}
	for id, read := range c.seen {
		if _, told := c.told[id]; !told {
			odd[id] = standing{status: read.status}
		}
	}
	err := a.readChanges(ctx, func(e instrument.Entry) {
		if e.Status == c.seen[e.Instance].status {
			delete(odd, e.Instance)
		}
	})
	if err != nil {
		return err
	}
	for id, s := range gone {
		a.differs(Difference{Kind: RecordMissing}, "the journal tells of the %s %s, which is not on record", s.class, id)
	}
	for id, s := range back {
		a.differs(Difference{Kind: RecordDiffers}, "the %s %s is on record as %s, in its version %d, and the journal has it %s last, after %d changes: it was turned back",
			s.class, id, c.seen[id].status, c.seen[id].version, s.status, s.times)
	}
	for id, s := range odd {
		if s.class == "" {
			a.differs(Difference{Kind: RecordDiffers}, "the journal does not tell of the instrument %s, which is %s", id, s.status)
		} else {
			a.differs(Difference{Kind: RecordDiffers}, "the %s %s is on record as %s, and the journal has it %s last", s.class, id, c.seen[id].status, s.status)
		}
	}
	return nil
}
