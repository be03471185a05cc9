package till_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A body that is not read says what of it is wrong, in words of its own.
func TestABodySaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	for body, want := range map[string]string{
		`{"key":"a","amount":"CHF:1","tip":"CHF:1"}`:                              `there is no member \"tip\" here`,
		`{"key":4711,"amount":"CHF:1"}`:                                           `"hint":"\"key\" is not of the kind number`,
		`{"key":"a","amount":20}`:                                                 `"hint":"\"amount\" is not of the kind number`,
		`{"key":"a","amount":"CHF:1","card":5}`:                                   `"hint":"\"card\" is not of the kind number`,
		`{"key":"a","amount":"CHF:1","peer":"yes"}`:                               `"hint":"\"peer\" is not of the kind string`,
		`{"key":"a","amount":"CHF:1","card":"` + strings.Repeat("c", 1025) + `"}`: `payment-malformed`,
		`[]`:                  `it is an object, not of the kind array`,
		`key=a&amount=CHF:20`: `at byte 1`,
		`{"key":"a",`:         `it ends too early`,
		`{"key":"a"}`:         `{\"amount\":\"CHF:20\"}`,
	} {
		if r := h.ask(http.MethodPost, "/withdrawals", body); r.status != 400 || !strings.Contains(r.body, want) {
			t.Errorf("%s: %d %s", body, r.status, r.body)
		}
	}
}

// A cursor that no event has is another terminal's: whoever waits behind it would miss everything.
func TestACursorAheadOfTheStreamIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	h.refuses(409, "cursor-ahead", http.MethodGet, "/events?timeout_ms=0&after=1", "")
	v := h.begin("")
	_, last := h.events("/events?timeout_ms=0")
	for _, path := range []string{"/events", path(v) + "/events"} {
		if names, _ := h.events(path + fmt.Sprintf("?timeout_ms=0&after=%d", last)); len(names) != 0 {
			t.Errorf("%s: behind the last there are %v", path, names)
		}
		h.refuses(409, "cursor-ahead", http.MethodGet, path+fmt.Sprintf("?timeout_ms=0&after=%d", last+1), "")
		h.refuses(409, "cursor-ahead", http.MethodGet, path+"?timeout_ms=0", "", fmt.Sprintf("Last-Event-ID: %d", last+1))
	}
}
