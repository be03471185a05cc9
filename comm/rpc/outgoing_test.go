package rpc

import (
	"encoding/json"
	"testing"

	"github.com/sourcegraph/jsonrpc2"
)

// TestTheBytesAreTheLibrarys compares what is written here with what the library would write.
func TestTheBytesAreTheLibrarys(t *testing.T) {
	values := []any{nil, json.RawMessage(`null`), "<a> & \u2028", map[string]any{"a": []int{1}, "b": json.RawMessage(`{ "c" : [ 1, "<" ] }`)}, 5, ""}
	ids := []jsonrpc2.ID{{}, {Num: 7}, {Num: 1<<63 + 1}, {IsString: true}, {Str: "<\"x\">", IsString: true}}
	same := func(o outgoing, v any) {
		t.Helper()
		want, failed := json.Marshal(v)
		got, err := o.text(v)
		if string(got) != string(want) || (err == nil) != (failed == nil) {
			t.Errorf("%s, %v, and the library: %s, %v", got, err, want, failed)
		}
	}
	for _, id := range ids {
		for _, v := range values {
			for _, method := range []string{"operation.execute", "<\"é\">", "\xff"} {
				for _, notif := range []bool{false, true} {
					r := &jsonrpc2.Request{Method: method, ID: id, Notif: notif}
					same(outgoing{request: r}, r)
					ours := *r
					ours.ExtraFields = []jsonrpc2.RequestField{{Name: contentField, Value: &content{}}}
					same(outgoing{request: &ours}, r) // no params
					if err := r.SetParams(v); err != nil {
						t.Fatal(err)
					}
					same(outgoing{request: r}, r)
					raw, err := encode(v)
					if err != nil {
						t.Fatal(err)
					}
					if v == nil {
						raw = json.RawMessage(`null`)
					}
					ours.ExtraFields[0].Value = &content{params: raw}
					same(outgoing{request: &ours}, r)
					more := *r
					more.ExtraFields = []jsonrpc2.RequestField{{Name: "x", Value: 1}}
					same(outgoing{request: &more}, more)
					more = *r
					more.Meta = r.Params
					same(outgoing{request: &more}, more)
				}
			}
			a := &jsonrpc2.Response{ID: id}
			same(outgoing{answer: a}, a) // neither result nor error
			if err := a.SetResult(v); err != nil {
				t.Fatal(err)
			}
			same(outgoing{answer: a}, a)
			more := *a
			more.Meta = a.Result
			same(outgoing{answer: &more}, more)
			more = *a
			more.Error = &jsonrpc2.Error{Code: 1, Message: "no"}
			same(outgoing{answer: &more}, more)
		}
	}
	same(outgoing{}, map[string]int{"a": 1})
}
