package rpc

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/sourcegraph/jsonrpc2"
)

func TestParseFrame(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       error
	}{
		{"request", `{"jsonrpc":"2.0","id":1,"method":"a","params":{}}`, nil},
		{"request with a text id", `{"jsonrpc":"2.0","id":"a1","method":"a"}`, nil},
		{"notification", ` {"jsonrpc":"2.0","method":"a","params":[1]} `, nil},
		{"answer", `{"jsonrpc":"2.0","id":0,"result":{"a":1}}`, nil},
		{"answer without content", `{"jsonrpc":"2.0","id":0,"result":null}`, nil},
		{"fault", `{"jsonrpc":"2.0","id":0,"error":{"code":-32001,"message":"no"}}`, nil},
		{"from a newer peer", `{"jsonrpc":"2.0","method":"a","trace":"x"}`, nil},
		{"nothing", ``, ErrMalformed},
		{"spaces", " \n", ErrMalformed},
		{"no object", `7`, ErrMalformed},
		{"two frames", `{"jsonrpc":"2.0","method":"a"}{"jsonrpc":"2.0","method":"a"}`, ErrMalformed},
		{"no UTF-8", "{\"jsonrpc\":\"2.0\",\"method\":\"\xc3\x28\"}", ErrMalformed},
		{"batch", `[]`, errBatch},
		{"no version", `{"method":"a"}`, errVersion},
		{"no method", `{"jsonrpc":"2.0","id":1}`, ErrMalformed},
		{"empty method", `{"jsonrpc":"2.0","method":""}`, ErrMalformed},
		{"method that is no text", `{"jsonrpc":"2.0","method":1}`, ErrMalformed},
		{"request and answer", `{"jsonrpc":"2.0","id":1,"method":"a","result":1}`, ErrMalformed},
		{"result and error", `{"jsonrpc":"2.0","id":1,"result":1,"error":{}}`, ErrMalformed},
		{"answer with params", `{"jsonrpc":"2.0","id":1,"result":1,"params":1}`, ErrMalformed},
		{"answer to nobody", `{"jsonrpc":"2.0","result":1}`, ErrMalformed},
		{"answer to null", `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}`, ErrMalformed},
		{"error that is text", `{"jsonrpc":"2.0","id":1,"error":"no"}`, ErrMalformed},
		{"error null", `{"jsonrpc":"2.0","id":1,"error":null}`, ErrMalformed},
		{"id null", `{"jsonrpc":"2.0","id":null,"method":"a"}`, ErrMalformed},
		{"id negative", `{"jsonrpc":"2.0","id":-1,"method":"a"}`, ErrMalformed},
		{"id broken", `{"jsonrpc":"2.0","id":1.5,"method":"a"}`, ErrMalformed},
		{"id huge", `{"jsonrpc":"2.0","id":9223372036854775808,"method":"a"}`, ErrMalformed},
		{"id long", `{"jsonrpc":"2.0","id":"` + strings.Repeat("a", 63) + `","method":"a"}`, ErrMalformed},
		{"id object", `{"jsonrpc":"2.0","id":{},"method":"a"}`, ErrMalformed},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := parseFrame([]byte(row.text)); !errors.Is(err, row.want) {
				t.Errorf("error is %v, want %v", err, row.want)
			}
		})
	}
}

// What was parsed must mean the same to the library that gets the skeleton.
func FuzzParseFrame(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"a","params":{"b":[1,"\u2028"]}}`,
		`{"jsonrpc":"2.0","method":"\u0000<","params":null}`,
		`{"jsonrpc":"2.0","id":"x","result":null}`,
		`{"jsonrpc":"2.0","id":18,"error":{"code":-32003,"message":"no","data":{"kind":"not-found"}}}`,
		`{"JSONRPC":"2.0","Method":"a","method":"b","ID":1,"id":2}`,
		`[{}]`, `{"jsonrpc":"2.0","id":00,"method":"a"}`, "\xff", `{`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := parseFrame(data)
		if err != nil {
			return
		}
		skeleton := parsed.skeleton()
		if !json.Valid(skeleton) {
			t.Fatalf("skeleton of %q is %q", data, skeleton)
		}
		if parsed.Method == nil {
			var r jsonrpc2.Response
			if parsed.Error == nil && json.Unmarshal(skeleton, &r) != nil {
				t.Fatalf("no answer: %q", skeleton)
			}
			return
		}
		var r jsonrpc2.Request
		if err := json.Unmarshal(skeleton, &r); err != nil {
			t.Fatalf("no request: %q: %v", skeleton, err)
		}
		if r.Method != *parsed.Method || r.Notif != (parsed.ID == nil) || r.Params != nil {
			t.Fatalf("%q is read as %+v", data, r)
		}
	})
}
