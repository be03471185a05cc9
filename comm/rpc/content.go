package rpc

import (
	"encoding/json"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// content is what a request says and what is answered to it. The library is given neither: it would check and compact
// both several times over. It goes along with a request as a field of ours, and outgoing puts it in its place.
type content struct {
	params json.RawMessage // nil: none
	result json.RawMessage // set before the library says that there is an answer
}

const contentField = "content"

func (c *content) along() jsonrpc2.CallOption { return jsonrpc2.ExtraField(contentField, c) }

// contentOf finds it again; nil if a request has none.
func contentOf(r *jsonrpc2.Request) *content {
	if len(r.ExtraFields) != 1 {
		return nil
	}
	c, _ := r.ExtraFields[0].Value.(*content)
	return c
}

// writer and reader are what values of params and results may have that write or read their JSON themselves, as
// json.Marshal and json.Unmarshal would, or report false.
type writer interface {
	AppendJSON(out []byte) ([]byte, bool)
}

type reader interface {
	ReadJSON(text []byte) bool
}

// encode makes JSON of a value once, before the library's lock is held; nil of none.
func encode(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	if w, ok := v.(writer); ok {
		if text, ok := w.AppendJSON(nil); ok {
			return text, nil
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "these parameters cannot be written as JSON").Because("params-malformed")
	}
	return text, nil
}

func decode(text json.RawMessage, v any) error {
	if v == nil {
		return nil
	}
	if r, ok := v.(reader); ok && r.ReadJSON(text) {
		return nil
	}
	return json.Unmarshal(text, v)
}
