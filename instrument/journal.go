package instrument

import (
	"context"
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Topic names one numbered sequence of journal entries.
type Topic string

// Operations is the topic that gets one entry for each committed change of an
// instance; others are appended to by the host's own code.
const Operations Topic = "operations"

// Seq numbers the entries of one topic: from 1, in the order in which they become
// visible, and without gaps except for its Skips. A reader that follows by number
// misses nothing.
type Seq uint64

// Skip is a gap in the numbers of a topic: those from First on were left out, and
// Next is the first that was given after them.
type Skip struct{ First, Next Seq }

// Entry is one journal entry. Class, status, topic, number and time are stored
// in clear; the body is sealed with topic and number as associated data.
type Entry struct {
	Topic    Topic     `json:"topic"`
	Seq      Seq       `json:"seq"`
	Time     time.Time `json:"time"`
	Class    ClassID   `json:"class,omitempty"`
	Status   string    `json:"status,omitempty"`
	Instance ID        `json:"instance,omitempty"`
	// Operation made the change; empty for the host's own work.
	Operation OperationID     `json:"-"`
	Body      json.RawMessage `json:"body,omitempty"`
}

// Page says which entries of a topic a reader wants.
type Page struct {
	After   Seq  // exclusive: a page begins after it, or with Reverse before it (then 0 is the end)
	Limit   int  // at most this many, at least 1
	Reverse bool // newest first
	Bare    bool // read number and body only, which are all that a long history needs
}

// Journal reads a page of a topic, with the seals of its entries opened.
func (m *Manager) Journal(ctx context.Context, t Topic, p Page) ([]Entry, error) {
	rows, err := m.store.Entries(ctx, t, p)
	if err != nil {
		return nil, err
	}
	out := make([]Entry, len(rows))
	var ad []byte
	for n, r := range rows {
		e := Entry{Topic: r.Topic, Seq: r.Seq, Time: r.Time, Class: r.Class, Status: r.Status, Instance: r.Instance, Operation: r.By}
		if r.Sealed != nil {
			ad = appendEntrySeal(ad[:0], r.Topic, r.Seq)
			body, err := m.sealer.Open(r.Sealed, ad)
			if err != nil {
				return nil, fault.Wrap(err, fault.Internal, "entry %d of %s cannot be opened", r.Seq, r.Topic).Because("seal-broken")
			}
			e.Body = body
		}
		out[n] = e
	}
	return out, nil
}

// Skip makes next the number of the topic's next entry, and leaves out those before
// it. It is for a party that was restored from a backup: others may have read
// entries that the backup does not hold. It goes forwards only: fault.Conflict,
// reason "number-taken".
func (m *Manager) Skip(ctx context.Context, t Topic, next Seq) error {
	return m.store.UpdateInstruments(ctx, func(w Writer) error { return w.Skip(t, next) })
}

// Skips lists the numbers that a topic has left out.
func (m *Manager) Skips(ctx context.Context, t Topic) ([]Skip, error) { return m.store.Skips(ctx, t) }

// Next is the number that the next entry of a topic gets, unless somebody else
// appends one first.
func (m *Manager) Next(ctx context.Context, t Topic) (Seq, error) {
	skips, err := m.Skips(ctx, t)
	if err != nil {
		return 0, err
	}
	last, err := m.store.Entries(ctx, t, Page{Limit: 1, Reverse: true})
	if err != nil {
		return 0, err
	}
	next := Seq(1)
	if len(last) > 0 {
		next = last[0].Seq + 1
	}
	if len(skips) > 0 {
		next = max(next, skips[len(skips)-1].Next)
	}
	return next, nil
}
