package till_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/till"
)

// words splits a command line whose words may be in quotes.
var words = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)

// curl reads the few options that the page uses.
func curl(line string) (method, path, body string) {
	method = http.MethodGet
	args := words.FindAllString(line, -1)[1:]
	for i := 0; i < len(args); i++ {
		value := func() string { i++; return strings.Trim(args[i], `'"`) }
		switch args[i] {
		case "-H":
			value()
		case "-X":
			method = value()
		case "-d":
			method, body = http.MethodPost, value()
		default:
			path = strings.Trim(args[i], `'"`)
		}
	}
	return method, path, body
}

// TestThePageOfTheTill runs the curl lines of docs/till.md in their order and
// compares the answers with those that are printed there: members, and the values
// that are not left open.
func TestThePageOfTheTill(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/till.md")
	check(t, err)
	h := open(t, false)
	h.keys = 1
	var v till.View
	lines := strings.Split(string(page), "\n")
	for n, line := range lines {
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		method, path, body := curl(strings.NewReplacer("$TILL", "", "$WOPID", v.WOPID.Text()).Replace(line))
		switch { // what customers and wallets do between the lines of the page
		case method == http.MethodGet && strings.HasSuffix(path, v.WOPID.Text()) && !v.WOPID.IsZero():
			h.selects(v)
			h.waits(v, needs("payment"))
		case strings.HasSuffix(path, "/same-wallet"):
			h.waits(v, needs("same-wallet"))
		case strings.HasPrefix(path, "/events"):
			h.waits(v, is(taler.TerminalConfirmed))
			path += "&timeout_ms=0"
		}
		got := h.ask(method, path, body)
		printed(t, line, got, lines[n+1:])
		if v.WOPID.IsZero() {
			_ = json.Unmarshal([]byte(got.body), &v)
		}
	}
	if v.WOPID.IsZero() {
		t.Error("the page begins no withdrawal")
	}
}

// printed compares an answer with the lines that are printed below its request.
func printed(t *testing.T, line string, got said, want []string) {
	t.Helper()
	if start, picture := strings.CutSuffix(want[0], "…"); picture {
		if !strings.HasPrefix(got.body, start) {
			t.Errorf("%s: %.80s", line, got.body)
		}
		return
	}
	for n, text := range strings.Split(strings.TrimSpace(got.body), "\n") {
		var ours, theirs map[string]any
		check(t, json.Unmarshal([]byte(text), &ours))
		if err := json.Unmarshal([]byte(want[n]), &theirs); err != nil {
			t.Fatalf("%s: %v: %s", line, err, want[n])
		}
		alike(t, line, ours, theirs)
	}
	if failed := strings.Contains(want[0], `"error"`); failed != (got.status >= 400) {
		t.Errorf("%s: %d %s", line, got.status, got.body)
	}
}

func alike(t *testing.T, line string, ours, theirs map[string]any) {
	t.Helper()
	// What the software has said may be done by now.
	if strings.HasSuffix(line, "/pay") || strings.HasSuffix(line, "/same-wallet") {
		for _, late := range []string{"status", "accepted", "needs", "provider_transaction_id", "ended", "terms"} {
			delete(ours, late)
			delete(theirs, late)
		}
	}
	if a, b := slices.Sorted(maps.Keys(ours)), slices.Sorted(maps.Keys(theirs)); !slices.Equal(a, b) {
		t.Errorf("%s: the members are %v, and the page says %v", line, a, b)
	}
	for name, value := range theirs {
		if inner, ok := value.(map[string]any); ok {
			mine, _ := ours[name].(map[string]any)
			alike(t, line, mine, inner)
		} else if text, ok := value.([]any); ok && len(text) == 0 {
			if mine, _ := ours[name].([]any); len(mine) != 0 {
				t.Errorf("%s: %s is %v", line, name, ours[name])
			}
		} else if !ok && value != "…" && ours[name] != value {
			t.Errorf("%s: %s is %v, and the page says %v", line, name, ours[name], value)
		}
	}
}
