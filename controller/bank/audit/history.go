package audit

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

// history is a topic of the journal as far as it was read.
type history struct {
	topic    instrument.Topic
	last     instrument.Seq // that was read
	recorded instrument.Seq // rows up to here were there before the instruments were read
	count    int            // of all rows
	rows     []row
	rowsOf   map[instrument.ID]given // by what they are about
	closed   map[instrument.Seq]bool // rows that could not be opened
	raised   []bank.Numbering        // by which rows were given again; of the exchanges' own histories
}

// given are the rows of an instrument.
type given struct {
	count int // without those that were given again
	last  instrument.Seq
}

// histories are one topic of all exchanges, by how records name these.
type histories map[string]*history

// row is an entry of a topic. One that could not be opened is about nothing and has no body.
type row struct {
	seq  instrument.Seq
	of   instrument.ID // what it is about
	body []byte
}

func newHistory(t instrument.Topic) *history {
	return &history{topic: t, rowsOf: map[instrument.ID]given{}, closed: map[instrument.Seq]bool{}}
}

func (h *history) where(n instrument.Seq) Difference {
	return Difference{Topic: string(h.topic), Row: uint64(n)}
}

// readRows reads the rows of a topic after the last one that was read before, and compares
// their numbers: each follows the one before it, or a gap that was made on purpose.
func (a *auditor) readRows(ctx context.Context, h *history) error {
	skips, err := a.b.Instruments().Skips(ctx, h.topic)
	if err != nil {
		return err
	}
	for {
		page, err := a.b.Instruments().Journal(ctx, h.topic, instrument.Page{After: h.last, Limit: atOnce})
		if fault.ReasonOf(err) == "seal-broken" {
			page, err = a.readable(ctx, h)
		}
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			a.follows(h, skips, e.Seq)
			h.count++
			h.gives(e)
			h.rows = append(h.rows, row{e.Seq, e.Instance, e.Body})
		}
	}
}

// gives counts a row of an instrument, unless it is one that the bank has given again.
func (h *history) gives(e instrument.Entry) {
	g := h.rowsOf[e.Instance]
	again := slices.ContainsFunc(h.raised, func(n bank.Numbering) bool { return n.Since <= g.last && g.last < n.Next && n.Next <= e.Seq })
	if g.count == 0 || !again {
		g.count++
	}
	g.last = e.Seq
	h.rowsOf[e.Instance] = g
}

// readNumberings reads after which numbers a restored bank has given rows again. An entry that
// cannot be read is a difference, and what it told is not known.
func (a *auditor) readNumberings(ctx context.Context) (raised []bank.Numbering, err error) {
	h := newHistory(bank.Numberings)
	if err := a.readRows(ctx, h); err != nil {
		return nil, err
	}
	for _, r := range h.rows {
		var n bank.Numbering
		switch err := json.Unmarshal(r.body, &n); {
		case err != nil:
			a.unreadable(h, r.seq)
		case n.Since != 0:
			raised = append(raised, n)
		}
	}
	return raised, nil
}

// unreadable notes that row n says nothing that could be read, unless it could not even be opened,
// which is said already.
func (a *auditor) unreadable(h *history, n instrument.Seq) {
	if !h.closed[n] {
		d := h.where(n)
		d.Kind = RowUnreadable
		a.differs(d, "row %d of %s cannot be read", n, h.topic)
	}
}

// follows notes that row n comes next, and a difference if numbers before it are missing.
func (a *auditor) follows(h *history, skips []instrument.Skip, n instrument.Seq) {
	if next := h.last + 1; n != next && !skipped(skips, next, n) {
		d := h.where(next)
		d.Kind = RowGap
		a.differs(d, "row %d of %s is followed by row %d: what is between was given to nobody, or is lost", h.last, h.topic, n)
	}
	h.last = n
}

// skipped reports whether the numbers from first up to, and without, next were left out on
// purpose, after a restore.
func skipped(skips []instrument.Skip, first, next instrument.Seq) bool {
	return slices.ContainsFunc(skips, func(s instrument.Skip) bool { return s.First == first && s.Next == next })
}

// readable reads a page of which a row cannot be opened, row by row. In the place of such a row
// it notes a difference, and gives an entry that has nothing but its number.
func (a *auditor) readable(ctx context.Context, h *history) ([]instrument.Entry, error) {
	var page []instrument.Entry
	for after := h.last; len(page) < atOnce; {
		one, err := a.b.Instruments().Journal(ctx, h.topic, instrument.Page{After: after, Limit: 1})
		switch {
		case fault.ReasonOf(err) == "seal-broken":
			after++
			d := h.where(after)
			d.Kind = RowUnreadable
			a.differs(d, "row %d of %s cannot be opened: it was altered", after, h.topic)
			h.closed[after] = true
			page = append(page, instrument.Entry{Topic: h.topic, Seq: after})
			continue
		case err != nil || len(one) == 0:
			return page, err
		}
		page, after = append(page, one...), one[0].Seq
	}
	return page, nil
}
