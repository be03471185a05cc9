package rpc

import (
	"encoding/json"

	"github.com/sourcegraph/jsonrpc2"
)

// outgoing is the message that the library is about to write, as it tells just before, one at a
// time. It would compact and check params and results, which are compact JSON by then, three times
// more; the bytes that are written here are the same.
type outgoing struct {
	request *jsonrpc2.Request
	answer  *jsonrpc2.Response
}

// text is the message v as the library would write it.
func (o outgoing) text(v any) ([]byte, error) {
	switch r, a := o.request, o.answer; {
	case r != nil && len(r.ExtraFields) == 0 && r.Meta == nil:
		return requestText(r)
	case a != nil && a.Error == nil && a.Meta == nil && a.Result != nil && len(*a.Result) > 0:
		return answerText(a)
	}
	return json.Marshal(v)
}

func requestText(r *jsonrpc2.Request) ([]byte, error) {
	method, err := json.Marshal(r.Method)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(method)+64+raws(r.Params))
	b = append(b, '{')
	if !r.Notif {
		id, err := r.ID.MarshalJSON()
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, `"id":`...), id...), ',')
	}
	b = append(append(b, `"jsonrpc":"2.0","method":`...), method...)
	if r.Params != nil {
		b = append(append(b, `,"params":`...), *r.Params...)
	}
	return append(b, '}'), nil
}

func answerText(a *jsonrpc2.Response) ([]byte, error) {
	id, err := a.ID.MarshalJSON()
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, 64+raws(a.Result))
	b = append(append(b, `{"id":`...), id...)
	b = append(append(b, `,"result":`...), *a.Result...)
	return append(b, `,"jsonrpc":"2.0"}`...), nil
}

func raws(m *json.RawMessage) int {
	if m == nil {
		return 0
	}
	return len(*m)
}
