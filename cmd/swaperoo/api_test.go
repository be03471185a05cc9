package main

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// api sends a request with a bearer token and wants its status:
// api URL TOKENFILE STATUS METHOD PATH [BODY]. With GET the last is a pattern, and
// the request is sent until the answer has it.
func api(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 5 || len(args) > 6 {
		ts.Fatalf("usage: api URL TOKENFILE STATUS METHOD PATH [BODY|PATTERN]")
	}
	last := ""
	if len(args) == 6 {
		last = args[5]
	}
	token := strings.TrimSpace(ts.ReadFile(args[1]))
	status, text := "", ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		body := ""
		if args[3] != http.MethodGet {
			body = last
		}
		r, err := http.NewRequest(args[3], args[0]+args[4], strings.NewReader(body))
		ts.Check(err)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		ts.Check(err)
		read, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		ts.Check(err)
		status, text = strconv.Itoa(answer.StatusCode), string(read)
		if args[3] != http.MethodGet || regexp.MustCompile(last).MatchString(text) {
			break
		}
	}
	_, _ = io.WriteString(ts.Stdout(), text+"\n")
	if status != args[2] {
		ts.Fatalf("the answer is %s: %s", status, text)
	}
}
