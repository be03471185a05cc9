package till_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/till"
)

// What is read of a body is what another reader of the same JSON reads, or a
// refusal with a reason.
func FuzzOrder(f *testing.F) {
	f.Add([]byte(`{"key":"a","amount":"CHF:20","exchange":"https://e.example/","card":"approved"}`))
	f.Add([]byte(`{"key":"a","amount":"CHF:1e9","peer":true} `))
	f.Add([]byte(`{"key":"a"}{"key":"b"}`))
	f.Add([]byte(`{"amount":20}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := till.Decode(text)
		if err != nil {
			if fault.ReasonOf(err) == "" || fault.KindOf(err) == fault.Internal {
				t.Errorf("refused without a reason: %v", err)
			}
			return
		}
		var other till.Order
		if len(bytes.TrimSpace(text)) == 0 {
			return
		}
		if err := json.Unmarshal(text, &other); err != nil || o != other {
			t.Errorf("%+v is read as %+v, %v", other, o, err)
		}
	})
}

func FuzzCursor(f *testing.F) {
	for _, text := range []string{"", "0", "17", "-1", "1e3", "999999999999999999", "9999999999999999999", "١"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := till.Cursor(text)
		if err != nil {
			if fault.ReasonOf(err) != "cursor-malformed" {
				t.Errorf("refused as %v", err)
			}
			return
		}
		if want, err := strconv.ParseUint(text, 10, 63); text != "" && (err != nil || c != want) {
			t.Errorf("%q is read as %d", text, c)
		}
	})
}

// So many may follow the events, and no more; the end of the API ends them all.
func TestStreamsAreCountedAndEnd(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	follow := func(ctx context.Context) *http.Response {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/events", nil)
		check(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		check(t, err)
		return answer
	}
	first, leave := context.WithCancel(t.Context())
	var open []*http.Response
	for n := range till.MaxStreams {
		ctx := t.Context()
		if n == 0 {
			ctx = first
		}
		answer := follow(ctx)
		defer func() { _ = answer.Body.Close() }()
		if open = append(open, answer); answer.StatusCode != http.StatusOK {
			t.Fatalf("stream %d: %d", n, answer.StatusCode)
		}
	}
	h.refuses(503, "streams-too-many", http.MethodGet, "/events", "")
	h.do(http.MethodGet, "/config", "") // and nothing else is
	leave()
	h.until(func() bool { return h.ask(http.MethodGet, "/events?timeout_ms=0", "").status == http.StatusOK })
	h.end()
	for _, answer := range open[1:] {
		var rest bytes.Buffer
		if _, err := rest.ReadFrom(answer.Body); err != nil {
			t.Errorf("a stream has no end: %v", err)
		}
	}
}
