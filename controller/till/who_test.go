package till_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// No page of a browser drives a till, whatever it knows, and nobody without the
// token.
func TestWhoMayDriveTheTill(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	for _, row := range []struct {
		name, header, reason string
		status               int
	}{
		{"a page of another place", "Origin: https://evil.example", "origin-refused", 403},
		{"a page of this machine", "Origin: http://127.0.0.1:80", "origin-refused", 403},
		{"a sandboxed page", "Origin: null", "origin-refused", 403},
		{"a page that asks without an origin", "Sec-Fetch-Site: same-origin", "origin-refused", 403},
		{"a name that leads here", "Host: evil.example", "origin-refused", 403},
		{"another token", "Authorization: Bearer " + token + "x", "unauthorized", 401},
		{"a beginning of the token", "Authorization: Bearer " + token[:8], "unauthorized", 401},
		{"no token", "Authorization: Bearer ", "unauthorized", 401},
		{"another scheme", "Authorization: Basic " + token, "unauthorized", 401},
	} {
		for _, what := range []string{"/withdrawals", "/events?timeout_ms=0", "/nothing"} {
			h.refuses(row.status, row.reason, http.MethodGet, what, "", row.header)
		}
		h.refuses(row.status, row.reason, http.MethodOptions, "/withdrawals", "", row.header)
		h.refuses(row.status, row.reason, http.MethodPost, "/withdrawals", `{"amount":"CHF:20","key":"k"}`, row.header)
	}
	old, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	check(t, err)
	defer func() { _ = old.Close() }()
	_, err = fmt.Fprintf(old, "GET /withdrawals HTTP/1.0\r\nAuthorization: Bearer %s\r\n\r\n", token)
	check(t, err)
	if first, err := bufio.NewReader(old).ReadString('\n'); err != nil || first != "HTTP/1.0 200 OK\r\n" {
		t.Errorf("till software of HTTP/1.0, which names no host: %q, %v", first, err)
	}
	r := h.ask(http.MethodGet, "/withdrawals", "")
	if r.status != 200 || r.body != `{"withdrawals":[]}` || r.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %s %v", r.status, r.body, r.header)
	}
}

// The stream as a browser's library reads it has the cursor as its id, and its data
// are the events of the command line.
func TestServerSentEvents(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	v := h.begin("")
	h.do(http.MethodPost, path(v)+"/decline", "")
	h.wantEvents(v, "setup", "aborted")
	r := h.ask(http.MethodGet, "/events?timeout_ms=0", "", "Accept: text/event-stream")
	if r.header.Get("Content-Type") != "text/event-stream" || !strings.HasPrefix(r.body, "id: 1\ndata: {\"event\":\"setup\"") || strings.Count(r.body, "\n\n") != 2 {
		t.Errorf("%v\n%s", r.header, r.body)
	}
	r = h.ask(http.MethodGet, "/events?timeout_ms=0&after=0", "", "Accept: Text/Event-Stream;q=0.9", "Last-Event-ID: 1")
	if !strings.HasPrefix(r.body, "id: 2\ndata: {\"event\":\"aborted\",\"reason\":\"the customer did not accept\",\"wopid\":") {
		t.Errorf("behind 1: %s", r.body)
	}
}
