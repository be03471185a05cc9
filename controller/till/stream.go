package till

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

const (
	// held is the longest that a stream goes on; its reader then asks again.
	held = 10 * time.Minute
	// breath is how long a stream is silent: what is between may cut what says nothing.
	breath = 15 * time.Second
)

// events streams what happens behind the cursor `after`, or the header
// Last-Event-ID, to whoever follows: as JSON lines, or as server-sent events for
// those who ask for them. It ends after timeout_ms; 0 gives what there is. With a
// WOPID in its path it is of one withdrawal.
func (a *API) events(w http.ResponseWriter, r *http.Request) error {
	after, wait, err := where(r)
	if err != nil {
		return err
	}
	if err := a.till.told(r.Context(), after); err != nil {
		return err
	}
	only := ""
	if name := named(r); name != "" {
		v, err := a.till.Show(r.Context(), name)
		if err != nil {
			return err
		}
		only = v.WOPID.Text()
	}
	select {
	case a.streams <- struct{}{}:
		defer func() { <-a.streams }()
	default:
		return fault.New(fault.Unavailable, "%d follow the events already", maxStreams).Because("streams-too-many")
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	defer context.AfterFunc(a.waits, cancel)()
	s := &stream{to: w, flush: http.NewResponseController(w), sse: wantsEvents(r)}
	s.begin()
	tell := func(n Numbered) error {
		if only != "" && n.WOPID.Text() != only {
			return nil
		}
		return s.write(n)
	}
	if wait == 0 {
		_, err = a.till.Past(r.Context(), after, tell)
	} else {
		err = s.follow(ctx, func(ctx context.Context, hear func(Numbered) error) error { return a.till.Events(ctx, after, hear) }, tell)
	}
	if err != nil { // the answer has begun, so that it can only end
		a.o.Log.Debug("a stream of events has ended", "error", err)
	}
	return nil
}

// wantsEvents reports whether the reader is one of server-sent events; the names of media
// types have no case.
func wantsEvents(r *http.Request) bool {
	return strings.Contains(strings.ToLower(strings.Join(r.Header.Values("Accept"), ",")), "text/event-stream")
}

// where is what the request says of the cursor and the time.
func where(r *http.Request) (after instrument.Seq, wait time.Duration, err error) {
	q, err := taler.ParseQuery(r.URL.RawQuery) // what cannot be read of it is no wish for all events once more
	if err != nil {
		return 0, 0, err
	}
	text := q.Get("after")
	if last := r.Header.Get("Last-Event-ID"); last != "" { // a reader that was cut off knows it better
		text = last
	}
	if after, err = cursor(text); err != nil {
		return 0, 0, err
	}
	wait = held
	if text := q.Get("timeout_ms"); text != "" {
		ms, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return 0, 0, fault.New(fault.Invalid, "timeout_ms is a number of milliseconds").Because("timeout-malformed")
		}
		wait = min(held, time.Duration(ms)*time.Millisecond)
	}
	if r.Method == http.MethodHead { // who wants no events waits for none
		wait = 0
	}
	return after, wait, nil
}

// stream writes events one after the other.
type stream struct {
	to    http.ResponseWriter
	flush *http.ResponseController
	sse   bool
}

func (s *stream) begin() {
	kind := "application/jsonl"
	if s.sse {
		kind = "text/event-stream"
	}
	s.to.Header().Set("Content-Type", kind)
	s.to.WriteHeader(http.StatusOK)
	_ = s.flush.Flush()
}

// follow writes on one goroutine what is told on another.
func (s *stream) follow(ctx context.Context, events func(context.Context, func(Numbered) error) error, tell func(Numbered) error) error {
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	heard, ended := make(chan Numbered), make(chan error, 1)
	go func() {
		ended <- events(within, func(n Numbered) error {
			select {
			case heard <- n:
				return nil
			case <-within.Done():
				return within.Err()
			}
		})
	}()
	alive := time.NewTicker(breath)
	defer alive.Stop()
	for {
		var err error
		select {
		case n := <-heard:
			err = tell(n)
		case <-alive.C:
			err = s.breathe()
		case err := <-ended:
			return err
		}
		if err != nil { // the reader has gone
			return err
		}
	}
}

func (s *stream) write(n Numbered) error {
	if !s.sse {
		text, err := json.Marshal(n)
		if err != nil {
			return err
		}
		return s.say("%s\n", text)
	}
	text, err := json.Marshal(n.Told)
	if err != nil {
		return err
	}
	return s.say("id: %d\ndata: %s\n\n", n.Cursor, text)
}

// breathe writes what no reader takes for an event.
func (s *stream) breathe() error {
	if s.sse {
		return s.say(":\n\n")
	}
	return s.say("\n")
}

func (s *stream) say(format string, args ...any) error {
	if _, err := fmt.Fprintf(s.to, format, args...); err != nil {
		return err
	}
	return s.flush.Flush()
}
