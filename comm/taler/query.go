package taler

import (
	"errors"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// percent finds each percent sign, with the two digits that make an escape of it if they are there.
var percent = regexp.MustCompile("%([0-9A-Fa-f]{2})?")

// ParseQuery reads the query of an address. One that cannot be read as a whole is
// refused (fault.Invalid with ReasonParameterMalformed): what net/url leaves out of
// it would become a default that nobody has asked for. A semicolon, and a percent sign
// that begins no escape, are characters like others, as for Taler's servers: net/url would
// refuse them, even in a parameter that nobody reads.
func ParseQuery(raw string) (url.Values, error) {
	raw = percent.ReplaceAllStringFunc(raw, func(s string) string {
		if s == "%" {
			return "%25"
		}
		return s
	})
	q, err := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the query of the address cannot be read").Because(ReasonParameterMalformed)
	}
	return q, nil
}

// LongPoll asks a server to hold its answer until the operation's status is
// another than OldState, at most Timeout. The zero LongPoll asks for an answer at
// once.
type LongPoll struct {
	Timeout  time.Duration
	OldState State
}

// ParseLongPoll reads timeout_ms or long_poll_ms (the new spelling wins) and
// old_state, default pending. A timeout above limit is cut to it. The error is
// fault.Invalid with ReasonParameterMalformed. Other parameters are ignored.
func ParseLongPoll(q url.Values, limit time.Duration) (LongPoll, error) {
	timeout, err := parseTimeout(q, limit)
	if err != nil {
		return LongPoll{}, err
	}
	old := StatePending
	if q.Has("old_state") {
		if old, err = ParseState(q.Get("old_state")); err != nil {
			return LongPoll{}, err
		}
	}
	return LongPoll{timeout, old}, nil
}

func parseTimeout(q url.Values, limit time.Duration) (time.Duration, error) {
	name, text, given := either(q, "timeout_ms", "long_poll_ms")
	if !given {
		return 0, nil
	}
	ms, err := parseNumber(name, text)
	if err != nil {
		return 0, err
	}
	if ms > uint64(limit.Milliseconds()) {
		return limit, nil
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// query writes both spellings, for the old one is all that some servers know.
func (p LongPoll) query() url.Values {
	q := url.Values{}
	if p.Timeout <= 0 {
		return q
	}
	ms := strconv.FormatInt(p.Timeout.Milliseconds(), 10)
	q.Set("timeout_ms", ms)
	q.Set("long_poll_ms", ms)
	if p.OldState != "" {
		q.Set("old_state", string(p.OldState))
	}
	return q
}

// Page asks for a part of a history. Rows are named by their row id; Offset is
// exclusive.
type Page struct {
	Descending bool   // newest first, rows below Offset; else oldest first, rows above it
	Rows       int    // at most so many
	Offset     uint64 // where to begin; at most math.MaxInt64
	// Timeout is how long the server may hold an answer that would be empty. It
	// is zero for a descending page.
	Timeout time.Duration
}

const defaultLimit = -20

// ParsePage reads limit or delta, offset or start, timeout_ms or long_poll_ms; of
// two spellings the new one wins. The default is the newest 20 rows. More rows
// than maxRows, or a longer wait than maxWait, are cut. The error is
// fault.Invalid with ReasonParameterMalformed.
func ParsePage(q url.Values, maxRows int, maxWait time.Duration) (Page, error) {
	limit := int64(defaultLimit)
	if name, text, given := either(q, "limit", "delta"); given {
		var err error
		if limit, err = parseLimit(name, text); err != nil {
			return Page{}, err
		}
	}
	p := Page{Descending: limit < 0}
	if p.Descending {
		p.Offset = math.MaxInt64
		limit = -max(limit, -math.MaxInt64)
	}
	p.Rows = int(min(limit, int64(maxRows)))
	if name, text, given := either(q, "offset", "start"); given {
		offset, err := parseNumber(name, text)
		if err != nil {
			return Page{}, err
		}
		p.Offset = min(offset, math.MaxInt64)
	}
	timeout, err := parseTimeout(q, maxWait)
	if err != nil {
		return Page{}, err
	}
	if !p.Descending {
		p.Timeout = timeout
	}
	return p, nil
}

// ParseRow reads a row id of a path. The error is that of ParsePage.
func ParseRow(text string) (uint64, error) { return parseNumber("row id", text) }

// query writes what taler-exchange-wirewatch sends: the old spellings, which
// every version of the API takes, and no start while it is 0.
func (p Page) query() url.Values {
	q := url.Values{}
	delta := strconv.Itoa(p.Rows)
	if p.Descending {
		delta = "-" + delta
	}
	q.Set("delta", delta)
	if p.Offset > 0 && p.Offset < math.MaxInt64 {
		q.Set("start", strconv.FormatUint(p.Offset, 10))
	}
	if p.Timeout > 0 && !p.Descending {
		q.Set("long_poll_ms", strconv.FormatInt(p.Timeout.Milliseconds(), 10))
	}
	return q
}

// either is the first of two spellings that is given.
func either(q url.Values, newName, oldName string) (name, text string, given bool) {
	if q.Has(newName) {
		return newName, q.Get(newName), true
	}
	return oldName, q.Get(oldName), q.Has(oldName)
}

// parseNumber reads decimal digits; a number beyond 64 bits is the largest one.
func parseNumber(name, text string) (uint64, error) {
	if !onlyDigits(text) {
		return 0, badParameter(name, "digits")
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		n, err = math.MaxUint64, nil
	}
	return n, err
}

// parseLimit reads digits with an optional sign; zero is refused.
func parseLimit(name, text string) (int64, error) {
	digits, sign := text, int64(1)
	if text != "" && (text[0] == '-' || text[0] == '+') {
		digits = text[1:]
		if text[0] == '-' {
			sign = -1
		}
	}
	n, err := parseNumber(name, digits)
	if err != nil || n == 0 {
		return 0, badParameter(name, "a number other than 0")
	}
	return sign * int64(min(n, math.MaxInt64)), nil
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func badParameter(name, want string) error {
	return fault.New(fault.Invalid, "the parameter %s must be %s", name, want).Because(ReasonParameterMalformed)
}
