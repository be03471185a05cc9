package taler

import (
	"errors"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

func values(t testing.TB, query string) url.Values {
	t.Helper()
	q, err := ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// Rows: long poll parameters.
func TestLongPollParameters(t *testing.T) {
	const limit = 10 * time.Minute
	for name, row := range map[string]struct {
		query string
		want  LongPoll
	}{
		"nothing":             {"", LongPoll{0, StatePending}},
		"new spelling":        {"timeout_ms=2000", LongPoll{2 * time.Second, StatePending}},
		"old spelling":        {"long_poll_ms=2000&old_state=selected", LongPoll{2 * time.Second, StateSelected}},
		"the new one wins":    {"long_poll_ms=9000&timeout_ms=1", LongPoll{time.Millisecond, StatePending}},
		"zero":                {"timeout_ms=0", LongPoll{0, StatePending}},
		"cut to the limit":    {"timeout_ms=3600000", LongPoll{limit, StatePending}},
		"beyond 64 bits":      {"timeout_ms=99999999999999999999999", LongPoll{limit, StatePending}},
		"others are ignored":  {"external-confirmation=1&old_state=aborted", LongPoll{0, StateAborted}},
		"others of any kind":  {"note=a;b&timeout_ms=1", LongPoll{time.Millisecond, StatePending}},
		"others of no escape": {"a=%zz&b=100%&%=%4&timeout_ms=1", LongPoll{time.Millisecond, StatePending}},
		"an escape":           {"old%5fstate=%73elected", LongPoll{0, StateSelected}},
		"the first of two":    {"timeout_ms=1&timeout_ms=2", LongPoll{time.Millisecond, StatePending}},
		"state without a cap": {"old_state=confirmed", LongPoll{0, StateConfirmed}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseLongPoll(values(t, row.query), limit)
			if err != nil || got != row.want {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	for name, query := range map[string]string{
		"negative": "timeout_ms=-1", "a word": "long_poll_ms=soon", "empty": "timeout_ms=", "a fraction": "timeout_ms=1.5", "no separator": "timeout_ms=1;old_state=selected",
		"bad new beside good old": "timeout_ms=x&long_poll_ms=1", "unknown state": "old_state=done", "empty state": "old_state=", "no escape": "timeout_ms=%zz", "half an escape": "timeout_ms=1%3",
		"state of another case": "old_state=Pending",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseLongPoll(values(t, query), limit)
			if !errors.Is(err, fault.Invalid) || fault.ReasonOf(err) != ReasonParameterMalformed {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// A query that is not read as a whole is refused, also for its length.
func TestAQueryOfTooMany(t *testing.T) {
	if q, err := ParseQuery("limit=5" + strings.Repeat("&a", 10_001)); !errors.Is(err, fault.Invalid) || fault.ReasonOf(err) != ReasonParameterMalformed {
		t.Errorf("%d are read, %v", len(q), err)
	}
}

// Rows: page parameters.
func TestPageParameters(t *testing.T) {
	const rows, wait = 1024, 10 * time.Minute
	for name, row := range map[string]struct {
		query string
		want  Page
	}{
		"nothing":                 {"", Page{true, 20, math.MaxInt64, 0}},
		"wirewatch's first":       {"delta=1024&long_poll_ms=60000", Page{false, 1024, 0, time.Minute}},
		"wirewatch's next":        {"delta=1023&start=1&long_poll_ms=60000", Page{false, 1023, 1, time.Minute}},
		"newest ten":              {"delta=-10", Page{true, 10, math.MaxInt64, 0}},
		"new spelling":            {"limit=5&offset=7&timeout_ms=1000", Page{false, 5, 7, time.Second}},
		"the new one wins":        {"limit=5&delta=-9&offset=7&start=8", Page{false, 5, 7, 0}},
		"descending from a row":   {"limit=-5&offset=7", Page{true, 5, 7, 0}},
		"descending never waits":  {"limit=-5&timeout_ms=1000", Page{true, 5, math.MaxInt64, 0}},
		"too many":                {"limit=100000", Page{false, rows, 0, 0}},
		"too many, descending":    {"limit=-100000", Page{true, rows, math.MaxInt64, 0}},
		"far too many":            {"limit=-99999999999999999999", Page{true, rows, math.MaxInt64, 0}},
		"offset of all ones":      {"limit=5&offset=18446744073709551615", Page{false, 5, math.MaxInt64, 0}},
		"offset without limit":    {"offset=9", Page{true, 20, 9, 0}},
		"wait cut to the longest": {"limit=1&timeout_ms=86400000", Page{false, 1, 0, wait}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParsePage(values(t, row.query), rows, wait)
			if err != nil || got != row.want {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	for name, query := range map[string]string{
		"limit zero": "limit=0", "minus zero": "delta=-0", "limit a word": "limit=all", "limit empty": "limit=",
		"limit a fraction": "limit=1.0", "two signs": "limit=--1", "negative offset": "limit=1&offset=-1",
		"offset a word": "start=x", "bad wait": "limit=-1&timeout_ms=x", "blank": "limit=%201",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParsePage(values(t, query), rows, wait)
			if !errors.Is(err, fault.Invalid) || fault.ReasonOf(err) != ReasonParameterMalformed {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// Our pages ask with the very parameters of the recorded wirewatch.
func TestPagesAskAsWirewatchDoes(t *testing.T) {
	var recs []struct{ Query string }
	recorded(t, "wirewatch-incoming.json", &recs)
	for _, rec := range recs {
		page, err := ParsePage(values(t, rec.Query), 1024, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if got := page.query().Encode(); got != values(t, rec.Query).Encode() {
			t.Errorf("%s, not %s", got, rec.Query)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"delta=1024&start=8&long_poll_ms=60000", "limit=-9223372036854775808", "offset=%2B1", "old_state=pending&timeout_ms=5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		if p, err := ParsePage(q, 1024, time.Minute); err == nil {
			if p.Rows < 1 || p.Rows > 1024 || p.Offset > math.MaxInt64 || p.Timeout < 0 || p.Timeout > time.Minute || p.Descending && p.Timeout != 0 {
				t.Errorf("%q is %+v", query, p)
			}
			if again, err := ParsePage(p.query(), 1024, time.Minute); err != nil || again != p && p.Offset != 0 {
				t.Errorf("%q is %+v, asked again %+v, %v", query, p, again, err)
			}
		}
		if p, err := ParseLongPoll(q, time.Minute); err == nil && (p.Timeout < 0 || p.Timeout > time.Minute || p.OldState == "") {
			t.Errorf("%q is %+v", query, p)
		}
	})
}
