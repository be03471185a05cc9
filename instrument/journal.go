package instrument

import (
	"encoding/json"
	"time"
)

// Topic names one numbered sequence of journal entries.
type Topic string

// Operations is the topic that gets one entry for each committed change of an
// instance; others are appended to by the host's own code.
const Operations Topic = "operations"

// Seq numbers the entries of one topic: from 1, without gaps but its Skips, in the
// order in which they become visible. A reader that follows by number misses
// nothing.
type Seq uint64

// Skip is numbers that a topic has left out: from First up to Next, which was
// given next.
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
	// Operation is the one that made the change; empty for the host's own work.
	Operation OperationID     `json:"-"`
	Body      json.RawMessage `json:"body,omitempty"`
}

// Page says which entries of a topic a reader wants.
type Page struct {
	After   Seq  // exclusive; ascending pages start behind it, descending ones before it (0: at the end)
	Limit   int  // at most this many, at least 1
	Reverse bool // newest first
	Bare    bool // of each entry the number and the body are enough: the reader of a long history needs no more
}
