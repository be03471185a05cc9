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
	recorded instrument.Seq // rows up to here are of what was on record when instruments were read
	count    int
	rows     []row
	of       map[instrument.ID]given
	raised   []bank.Numbering // by which rows were given again; of the exchanges' own histories
}

// given are the rows of an instrument.
type given struct {
	count int // without those that were given again
	last  instrument.Seq
}

// histories are one topic of all exchanges, by how records name these.
type histories map[string]*history

// row is an entry of a topic.
type row struct {
	seq  instrument.Seq
	of   instrument.ID
	body []byte
}

func newHistory(t instrument.Topic) *history {
	return &history{topic: t, of: map[instrument.ID]given{}}
}

func (h *history) where(n instrument.Seq) Difference {
	return Difference{Topic: string(h.topic), Row: uint64(n)}
}

// readRows reads what a topic has beyond the last row that was read, and looks at
// the numbers.
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
	g := h.of[e.Instance]
	again := slices.ContainsFunc(h.raised, func(n bank.Numbering) bool { return n.Since <= g.last && g.last < n.Next && n.Next <= e.Seq })
	if g.count == 0 || !again {
		g.count++
	}
	g.last = e.Seq
	h.of[e.Instance] = g
}

// readNumberings reads after which numbers a restored bank has given rows again.
func (a *auditor) readNumberings(ctx context.Context) (raised []bank.Numbering, err error) {
	for after := instrument.Seq(0); ; {
		page, err := a.b.Instruments().Journal(ctx, bank.Numberings, instrument.Page{After: after, Limit: atOnce})
		if err != nil || len(page) == 0 {
			return raised, err
		}
		for _, e := range page {
			var n bank.Numbering
			if err := json.Unmarshal(e.Body, &n); err != nil {
				return nil, err
			}
			if after = e.Seq; n.Since != 0 {
				raised = append(raised, n)
			}
		}
	}
}

// follows wants a row to have the next number.
func (a *auditor) follows(h *history, skips []instrument.Skip, n instrument.Seq) {
	if next := h.last + 1; n != next && !skipped(skips, next, n) {
		d := h.where(next)
		d.Kind = RowGap
		a.differs(d, "row %d of %s is followed by row %d: what is between was given to nobody, or is lost", h.last, h.topic, n)
	}
	h.last = n
}

// skipped reports whether the numbers from first up to next were left out on
// purpose.
func skipped(skips []instrument.Skip, first, next instrument.Seq) bool {
	for _, s := range skips {
		if s.First == first && s.Next == next {
			return true
		}
	}
	return false
}

// readable reads row by row up to one that cannot be opened, names it and goes
// behind it.
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
			page = append(page, instrument.Entry{Topic: h.topic, Seq: after})
			continue
		case err != nil || len(one) == 0:
			return page, err
		}
		page, after = append(page, one...), one[0].Seq
	}
	return page, nil
}
