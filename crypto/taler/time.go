package taler

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Timestamp is a moment in whole seconds since 1970, UTC. Zero is a legal
// moment that Taler uses for "no deadline". Timestamps compare with < and ==;
// Never is after all others.
//
// In JSON it is {"t_s": seconds} or {"t_s": "never"}.
type Timestamp uint64

// Never is the moment that does not come.
const Never Timestamp = math.MaxUint64

// maxSeconds is the last second whose microseconds fit the binary form.
const maxSeconds = (math.MaxUint64 - 1) / 1_000_000

// At is the second in which t lies; times before 1970 are 1970.
func At(t time.Time) Timestamp { return Timestamp(max(t.Unix(), 0)) }

// Time is the moment as a time.Time in UTC. Never becomes the zero Time, which
// callers tell apart with IsNever.
func (t Timestamp) Time() time.Time {
	if t.IsNever() {
		return time.Time{}
	}
	return time.Unix(int64(t), 0).UTC()
}

// IsNever reports whether the moment does not come; so does every second that
// has no binary form.
func (t Timestamp) IsNever() bool { return t > maxSeconds }

// NBO is the moment as it stands in signed messages: microseconds, all ones for
// Never.
func (t Timestamp) NBO() [8]byte {
	if t.IsNever() {
		return [8]byte(u64(math.MaxUint64))
	}
	return [8]byte(u64(uint64(t) * 1_000_000))
}

// String is the moment in RFC 3339, or "never".
func (t Timestamp) String() string {
	if t.IsNever() {
		return never
	}
	return t.Time().Format(time.RFC3339)
}

const (
	never   = "never"
	forever = "forever"
)

// MarshalJSON writes {"t_s": …}.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	if t.IsNever() {
		return []byte(`{"t_s":"never"}`), nil
	}
	return append(strconv.AppendUint([]byte(`{"t_s":`), uint64(t), 10), '}'), nil
}

// UnmarshalJSON reads {"t_s": …}. The error is fault.Invalid.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	var in map[string]json.RawMessage // a struct would take any case of the name
	if err := json.Unmarshal(data, &in); err != nil {
		return badTime(`a time is {"t_s": seconds}`)
	}
	n, err := parseTime(in["t_s"], never, maxSeconds)
	if err != nil {
		return err
	}
	*t = Timestamp(n)
	return nil
}

func moment(t Timestamp) []byte {
	nbo := t.NBO()
	return nbo[:]
}

// RelativeTime is a duration in microseconds. Forever is longer than all others.
//
// In JSON it is {"d_us": microseconds} or {"d_us": "forever"}.
type RelativeTime uint64

// Forever is the duration without end.
const Forever RelativeTime = math.MaxUint64

// maxMicros is the largest number that every JSON reader keeps exact; it is 285
// years.
const maxMicros = 1<<53 - 1

// Lasting is d in microseconds; a negative duration is none.
func Lasting(d time.Duration) RelativeTime { return RelativeTime(max(d.Microseconds(), 0)) }

// Duration is the time as a time.Duration, whose longest also stands for Forever.
func (r RelativeTime) Duration() time.Duration {
	if r > math.MaxInt64/1000 {
		return math.MaxInt64
	}
	return time.Duration(r) * time.Microsecond
}

// IsForever reports whether the duration has no end.
func (r RelativeTime) IsForever() bool { return r > maxMicros }

// NBO is the duration as it stands in signed messages; all ones for Forever.
func (r RelativeTime) NBO() [8]byte {
	if r.IsForever() {
		r = Forever
	}
	return [8]byte(u64(uint64(r)))
}

// String is the duration in Go's notation, or "forever".
func (r RelativeTime) String() string {
	if r.IsForever() {
		return forever
	}
	return r.Duration().String()
}

// MarshalJSON writes {"d_us": …}.
func (r RelativeTime) MarshalJSON() ([]byte, error) {
	if r.IsForever() {
		return []byte(`{"d_us":"forever"}`), nil
	}
	return append(strconv.AppendUint([]byte(`{"d_us":`), uint64(r), 10), '}'), nil
}

// UnmarshalJSON reads {"d_us": …}. The error is fault.Invalid.
func (r *RelativeTime) UnmarshalJSON(data []byte) error {
	var in map[string]json.RawMessage // a struct would take any case of the name
	if err := json.Unmarshal(data, &in); err != nil {
		return badTime(`a duration is {"d_us": microseconds}`)
	}
	n, err := parseTime(in["d_us"], forever, maxMicros)
	if err != nil {
		return err
	}
	*r = RelativeTime(n)
	return nil
}

func lasting(r RelativeTime) []byte {
	nbo := r.NBO()
	return nbo[:]
}

// parseTime reads a whole number up to limit, or the word for all ones.
func parseTime(data json.RawMessage, word string, limit uint64) (uint64, error) {
	if string(data) == `"`+word+`"` {
		return math.MaxUint64, nil
	}
	n, err := strconv.ParseUint(string(data), 10, 64)
	if err != nil || n > limit {
		return 0, badTime("its number is missing, not whole or out of range")
	}
	return n, nil
}

func badTime(why string) error {
	return fault.New(fault.Invalid, "this is not a time of Taler's: %s", why).Because("time-malformed")
}
