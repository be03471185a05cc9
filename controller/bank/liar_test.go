package bank_test

import (
	"bytes"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// liar is a provider's server that does something wrong with every third request
// or so: it hangs up before or after it has done what was asked, fails, does it
// twice, answers late, or says pending of what it has decided.
type liar struct {
	kinds []string

	mu   sync.Mutex
	dice *rand.Rand
	done map[string]int // which fault, how often
}

func newLiar(seed uint64, kinds ...string) *liar {
	return &liar{kinds: kinds, dice: rand.New(rand.NewPCG(seed, 2)), done: map[string]int{}}
}

const (
	shareOfFaults = 0.3
	lateness      = 2 * time.Millisecond
)

func (l *liar) choose() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dice.Float64() >= shareOfFaults {
		return ""
	}
	kind := l.kinds[l.dice.IntN(len(l.kinds))]
	l.done[kind]++
	return kind
}

// told is how often each fault was made so far.
func (l *liar) told() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.done)
}

func (l *liar) meddle(w http.ResponseWriter, r *http.Request, honest http.HandlerFunc) {
	switch l.choose() {
	case "":
		honest(w, r)
	case "hangs up before":
		panic(http.ErrAbortHandler)
	case "hangs up after":
		twice(r, honest)
		panic(http.ErrAbortHandler)
	case "500":
		w.WriteHeader(http.StatusInternalServerError)
	case "503":
		w.WriteHeader(http.StatusServiceUnavailable)
	case "twice":
		twice(r, honest)
		honest(w, r)
	case "late":
		timer := time.NewTimer(lateness)
		defer timer.Stop()
		<-timer.C
		honest(w, r)
	case "flaps":
		_, _ = w.Write(bytes.ReplaceAll(twice(r, honest), []byte(`"state":"paid"`), []byte(`"state":"pending"`)))
	case "garbles":
		answer := twice(r, honest)
		_, _ = w.Write(answer[:len(answer)/2])
	}
}

// twice has a request done aside, of which the caller hears nothing, and leaves
// it as it was.
func twice(r *http.Request, honest http.HandlerFunc) []byte {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	aside := httptest.NewRecorder()
	honest(aside, r)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return aside.Body.Bytes()
}
