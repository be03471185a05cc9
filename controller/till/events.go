package till

import (
	"context"
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

// Told is one event of the stream: that of `terminal withdraw --json`, and the
// withdrawal that it is of.
type Told struct {
	vendor.Event
	WOPID taler.WOPID `json:"wopid"`
}

// Numbered is an event with its place in the stream.
type Numbered struct {
	Cursor instrument.Seq `json:"cursor"` // dense; where the reader goes on
	Told
}

// told refuses a cursor that no event has yet: it is of another terminal, or of this one before it
// was set up anew, and its reader would miss everything up to there.
func (t *Till) told(ctx context.Context, cursor instrument.Seq) error {
	next, err := t.terminal.Instruments().Next(ctx, topic)
	if err == nil && cursor >= next {
		err = fault.New(fault.Conflict, "the stream has not come to %d: its last event is %d", cursor, next-1).Because("cursor-ahead").
			WithHint("is it the cursor of another terminal? begin again with after=0")
	}
	return err
}

// eventsPage is how many events are read at a time.
const eventsPage = 100

// Past tells of the events after a cursor that there are by now, in order, and returns the
// cursor for the next call.
func (t *Till) Past(ctx context.Context, cursor instrument.Seq, tell func(Numbered) error) (instrument.Seq, error) {
	for ctx.Err() == nil {
		page, err := t.terminal.Instruments().Journal(ctx, topic, instrument.Page{After: cursor, Limit: eventsPage})
		if err != nil || len(page) == 0 {
			return cursor, err
		}
		for _, entry := range page {
			n := Numbered{Cursor: entry.Seq}
			if err := json.Unmarshal(entry.Body, &n.Told); err != nil {
				return cursor, fault.Wrap(err, fault.Internal, "event %d cannot be read", entry.Seq)
			}
			if err := tell(n); err != nil {
				return cursor, err
			}
			cursor = entry.Seq
		}
	}
	return cursor, ctx.Err()
}

// Events tells of every event after a cursor, in order, and of further ones until ctx ends,
// which is no error. The reader keeps the cursor, so one that was away misses nothing.
func (t *Till) Events(ctx context.Context, cursor instrument.Seq, tell func(Numbered) error) error {
	return t.terminal.Instruments().WaitTopic(ctx, topic, func(context.Context) (done bool, err error) {
		cursor, err = t.Past(ctx, cursor, tell)
		return ctx.Err() != nil, unlessOver(ctx, err)
	})
}

func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
