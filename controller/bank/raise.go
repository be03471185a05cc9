package bank

import (
	"context"
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Numberings is the topic of the numbers that a restored bank was told: each entry is one.
// From that number on, the histories hold what this bank has given since.
const Numberings instrument.Topic = "numberings"

// Numbering is an entry of Numberings.
type Numbering struct {
	Next instrument.Seq `json:"next"` // that the next row of each exchange's history got
	// Since is set by Raise: rows from this number up to Next were given again from Next on.
	Since instrument.Seq `json:"since,omitempty"`
}

// Raise corrects a number that GoOn was told and that was too low: an exchange had read
// further. What it gets under numbers up to there it never reads. So its history goes on at
// next, and the rows that were given since GoOn, or since the last Raise, are given again from
// there; it returns how many. An exchange that has read one of them drops the second one, for
// it credits a reserve once.
//
// All rows are given again in one commit. If it is interrupted before, it may be repeated. A
// bank that was never told a number is fault.Conflict, reason "not-restored"; a number that is
// not higher than what was given is reason "number-taken". Nobody may serve meanwhile.
func (b *Bank) Raise(ctx context.Context, next instrument.Seq) (again int, err error) {
	told, err := b.told(ctx)
	if err != nil {
		return 0, err
	}
	if next <= told.Next {
		return 0, fault.New(fault.Conflict, "the history goes on at %d already", told.Next).Because("number-taken").WithHint("a number is raised only")
	}
	if err := b.mayGoOn(ctx, next); err != nil {
		return 0, err
	}
	all, err := b.skipTo(ctx, next)
	if err != nil {
		return 0, err
	}
	var rows []instrument.Entry
	for _, x := range all {
		if rows, err = b.givenSince(ctx, x.Topic(Incoming), told.Next, rows); err != nil {
			return 0, err
		}
	}
	return len(rows), b.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		for _, r := range rows {
			if err := tx.Append(r.Topic, r.Instance, r.Body); err != nil {
				return err
			}
		}
		return tx.Append(Numberings, "", Numbering{next, told.Next})
	})
}

// told is the number that a restored bank was told last. Earlier versions have not put it on
// record, but it is where the gap ends that they have left in the default exchange's history.
func (b *Bank) told(ctx context.Context) (n Numbering, err error) {
	last, err := b.Instruments().Journal(ctx, Numberings, instrument.Page{Reverse: true, Limit: 1})
	if err != nil {
		return n, err
	}
	if len(last) > 0 {
		err = readEntry(last[0], &n)
		return n, err
	}
	gaps, err := b.Instruments().Skips(ctx, b.Default().Topic(Incoming))
	if err != nil {
		return n, err
	}
	if len(gaps) == 0 {
		return n, fault.New(fault.Conflict, "this bank was not restored").Because("not-restored")
	}
	return Numbering{Next: gaps[len(gaps)-1].Next}, nil
}

// readEntry reads the body of an entry of this bank's journal.
func readEntry(e instrument.Entry, v any) error {
	if err := json.Unmarshal(e.Body, v); err != nil {
		return fault.Wrap(err, fault.Internal, "entry %d of %s cannot be read", e.Seq, e.Topic).Because("entry-malformed")
	}
	return nil
}

// givenSince adds the rows of a topic from a number on.
func (b *Bank) givenSince(ctx context.Context, topic instrument.Topic, first instrument.Seq, rows []instrument.Entry) ([]instrument.Entry, error) {
	for after := first - 1; ; {
		page, err := b.Instruments().Journal(ctx, topic, instrument.Page{After: after, Limit: journalled})
		if err != nil || len(page) == 0 {
			return rows, err
		}
		rows, after = append(rows, page...), page[len(page)-1].Seq
	}
}
