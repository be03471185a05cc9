package rpc

import (
	"encoding/json"
	"strconv"

	"github.com/sourcegraph/jsonrpc2"
)

// outgoing is the message that the library is about to write, as it tells just before, one at a
// time. It is written here with what the library was not given, in the bytes that it would write.
type outgoing struct {
	request *jsonrpc2.Request
	answer  *jsonrpc2.Response
}

// text is the message v as the library would write it.
func (o outgoing) text(v any) ([]byte, error) {
	switch r, a := o.request, o.answer; {
	case r != nil && r.Params == nil && r.Meta == nil:
		if said := contentOf(r); said != nil {
			return requestText(r, said)
		}
	case a != nil && a.Error == nil && a.Meta == nil && a.Result != nil && len(*a.Result) > 0:
		return answerText(a)
	}
	return json.Marshal(v)
}

func requestText(r *jsonrpc2.Request, said *content) ([]byte, error) {
	method, err := json.Marshal(r.Method)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(method)+64+len(said.params))
	b = append(b, '{')
	if !r.Notif {
		if b, err = appendID(append(b, `"id":`...), r.ID); err != nil {
			return nil, err
		}
		b = append(b, ',')
	}
	b = append(append(b, `"jsonrpc":"2.0","method":`...), method...)
	if said.params != nil {
		b = append(append(b, `,"params":`...), said.params...)
	}
	return append(b, '}'), nil
}

func answerText(a *jsonrpc2.Response) ([]byte, error) {
	b, err := appendID(append(make([]byte, 0, 64+len(*a.Result)), `{"id":`...), a.ID)
	if err != nil {
		return nil, err
	}
	b = append(append(b, `,"result":`...), *a.Result...)
	return append(b, `,"jsonrpc":"2.0"}`...), nil
}

func appendID(b []byte, id jsonrpc2.ID) ([]byte, error) {
	if !id.IsString {
		return strconv.AppendUint(b, id.Num, 10), nil
	}
	text, err := id.MarshalJSON()
	return append(b, text...), err
}
