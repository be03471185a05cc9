package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/https/httpstest"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
)

func recorded(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// wireRequest is one request of wirewatch-requests.json.
type wireRequest struct {
	Client      string          `json:"client"`
	RequestLine string          `json:"request_line"`
	Headers     []string        `json:"headers"`
	Body        json.RawMessage `json:"body"`
	Answer      json.RawMessage `json:"answer"`
}

func (w wireRequest) request(t *testing.T, h *banktest.House) request {
	t.Helper()
	parts := strings.Fields(w.RequestLine)
	r := request{method: parts[0], path: strings.TrimPrefix(parts[1], "/accounts/exchange"), header: http.Header{}}
	for _, line := range w.Headers {
		name, value, _ := strings.Cut(line, ": ")
		r.header.Add(name, value)
	}
	if string(w.Body) != "null" {
		r.body = string(w.Body)
		if r.header.Get("Content-Encoding") == "deflate" {
			r.body = httpstest.Zlibbed(t, r.body)
		}
	}
	r.login = banktest.Login{Name: h.Gateway.User, Token: h.Gateway.Password}
	return r
}

// TestRecordedWirewatch asks our bank, which has three rows, what the real
// programs asked theirs. An answer with rows has the shape of fakebank's.
//
// Rows: wirewatch, row again.
func TestRecordedWirewatch(t *testing.T) {
	h := open(t, banktest.Options{Rest: rest.Options{LongPollCap: time.Millisecond}})
	for n := range 3 {
		id := selected(t, h, fmt.Sprint(n), key(byte(n+1)))
		pay(t, h, id, fmt.Sprint("tx-", n))
		notify(t, h, id, fmt.Sprint("tx-", n))
		settled(t, h, id)
	}
	rows := map[string][]uint64{ // by query
		"delta=1024&long_poll_ms=60000":         {1, 2, 3},
		"delta=1023&start=1&long_poll_ms=60000": {2, 3},
		"delta=1022&start=2&long_poll_ms=60000": {3},
		"delta=1021&start=3&long_poll_ms=60000": nil,
		"delta=-10":                             {3, 2, 1},
	}
	var all []wireRequest
	recorded(t, "wirewatch-requests.json", &all)
	asked := 0
	for _, w := range all {
		if !strings.Contains(w.RequestLine, "/history/incoming?") {
			continue
		}
		asked++
		got := send(t, h, w.request(t, h))
		_, query, _ := strings.Cut(strings.Fields(w.RequestLine)[1], "?")
		want, known := rows[query]
		if !known {
			t.Fatalf("what is the answer to %s?", query)
		}
		if len(want) == 0 {
			got.want(t, 204, 0)
			continue
		}
		var page taler.IncomingHistory
		if err := taler.Unmarshal([]byte(got.body), &page); err != nil {
			t.Fatal(err)
		}
		var ids []uint64
		for _, row := range page.IncomingTransactions {
			ids = append(ids, row.RowID)
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%s: %v, want %v", query, ids, want)
		}
		if bytes.Contains(w.Answer, []byte("incoming_transactions")) {
			sameShape(t, query, []byte(got.body), w.Answer)
		}
	}
	if asked != 5 {
		t.Errorf("%d requests were replayed", asked)
	}
}

// TestRecordedPosts: their headers, and their way of compressing, are ours to
// read, whatever they are about.
//
// Rows: deflate, content type.
func TestRecordedPosts(t *testing.T) {
	h := open(t, banktest.Options{})
	var all []wireRequest
	recorded(t, "wirewatch-requests.json", &all)
	posts := 0
	for n, w := range all {
		if !strings.HasPrefix(w.RequestLine, "POST ") {
			continue
		}
		posts++
		w.Body = json.RawMessage(fmt.Sprintf(`{"request_uid":"%d","amount":"CHF:20"}`, n))
		r := w.request(t, h)
		r.path, r.login = "/withdrawals", h.Terminal
		send(t, h, r).want(t, 200, 0)
	}
	if posts != 4 {
		t.Errorf("%d requests were replayed", posts)
	}
}

// TestRecordedOperations does what was done at the real fakebank, and compares
// the answers with its: ours have all members that a real wallet finds there, of
// the same types, but for the sender's account, which a card has not.
//
// Rows: old wallets, select 14.
func TestRecordedOperations(t *testing.T) {
	h := open(t, banktest.Options{Rest: rest.Options{LongPollCap: time.Millisecond}})
	ctx := withTimeout(t)
	var steps []struct {
		Method    string
		Operation int
		Rest      string
		Body      map[string]string
		Status    int
		Answer    map[string]any
	}
	recorded(t, "fakebank-operations.json", &steps)
	ids := []taler.WOPID{setUp(t, h, "one"), setUp(t, h, "two")}
	for n, step := range steps {
		id := ids[step.Operation]
		switch step.Answer["status"] { // what was done at the bank's own page
		case "confirmed":
			if s, err := h.Wallet().Operation(ctx, id, taler.LongPoll{}); err == nil && s.Status == taler.StateSelected {
				pay(t, h, id, "tx")
				notify(t, h, id, "tx")
				settled(t, h, id)
			}
		case "aborted":
			if err := h.Wallet().AbortOperation(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		r := request{method: step.Method, path: "/taler-integration/withdrawal-operation/" + id.Text() + step.Rest}
		if step.Body != nil {
			step.Body["selected_exchange"] = goodExchange
			text, err := json.Marshal(step.Body)
			if err != nil {
				t.Fatal(err)
			}
			r.body = string(text)
		}
		got := send(t, h, r)
		if step.Answer["status"] == "aborted" && step.Method == http.MethodPost {
			got.want(t, 409, 5153) // what the document says since; fakebank says 200 and aborted
			continue
		}
		if got.status != step.Status {
			t.Errorf("step %d: %d %s, and fakebank %d", n, got.status, got.body, step.Status)
		}
		for _, only := range []string{"sender_wire", "field", "line", "detail"} {
			delete(step.Answer, only)
		}
		want, err := json.Marshal(step.Answer)
		if err != nil {
			t.Fatal(err)
		}
		sameShape(t, fmt.Sprint("step ", n), []byte(got.body), want)
		var ours map[string]any
		if err := json.Unmarshal([]byte(got.body), &ours); err != nil {
			t.Fatal(err)
		}
		for _, member := range []string{"status", "aborted", "selection_done", "transfer_done", "code"} {
			if step.Answer[member] != nil && ours[member] != step.Answer[member] {
				t.Errorf("step %d: %s is %v, and at fakebank %v", n, member, ours[member], step.Answer[member])
			}
		}
	}
}

// sameShape checks that ours has every member of theirs, of the same type.
func sameShape(t *testing.T, what string, ours, theirs []byte) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal(ours, &a); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if err := json.Unmarshal(theirs, &b); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	compareShape(t, what, a, b)
}

func compareShape(t *testing.T, at string, ours, theirs any) {
	t.Helper()
	switch theirs := theirs.(type) {
	case map[string]any:
		object, ok := ours.(map[string]any)
		if !ok {
			t.Errorf("%s is no object", at)
			return
		}
		for name, value := range theirs {
			if _, has := object[name]; !has {
				t.Errorf("%s has no %s", at, name)
				continue
			}
			compareShape(t, at+"."+name, object[name], value)
		}
	case []any:
		list, ok := ours.([]any)
		if !ok || len(list) == 0 {
			t.Errorf("%s is no list, or an empty one", at)
			return
		}
		compareShape(t, at+"[0]", list[0], theirs[0])
	default:
		if fmt.Sprintf("%T", ours) != fmt.Sprintf("%T", theirs) {
			t.Errorf("%s is a %T, and theirs a %T", at, ours, theirs)
		}
	}
}
