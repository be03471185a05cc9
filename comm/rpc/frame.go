package rpc

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// frame is one JSON-RPC message as read: a request (method, id), a notification
// (method) or an answer (id, and a result or an error).
type frame struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  *string         `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   json.RawMessage `json:"error"`
}

// parseFrame reads the bytes of one frame. It is the only place where foreign
// bytes are looked at before their sender may do anything.
func parseFrame(data []byte) (*frame, error) {
	text := bytes.TrimLeft(data, " \t\r\n")
	if len(text) == 0 || !utf8.Valid(text) {
		return nil, ErrMalformed
	}
	if text[0] == '[' {
		return nil, errBatch
	}
	var f frame
	if json.Unmarshal(text, &f) != nil {
		return nil, ErrMalformed
	}
	if f.Version != "2.0" {
		return nil, errVersion
	}
	if !f.wellFormed() {
		return nil, ErrMalformed
	}
	return &f, nil
}

func (f *frame) wellFormed() bool {
	if f.Method != nil {
		return *f.Method != "" && f.Result == nil && f.Error == nil && (f.ID == nil || validID(f.ID))
	}
	if f.Params != nil || (f.Result == nil) == (f.Error == nil) {
		return false
	}
	return validID(f.ID) && (f.Error == nil || f.Error[0] == '{')
}

// validID takes whole numbers and short strings; null, which JSON-RPC answers
// with when it could not read a request, belongs to no request of ours.
func validID(id json.RawMessage) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	if id[0] == '"' {
		return true
	}
	n, err := strconv.ParseInt(string(id), 10, 64)
	return err == nil && n >= 0
}

// skeleton is the frame without its contents. The library gets no more than
// this: it would read params and results into maps and write them anew, three
// times over, and their bytes would not be those on the wire.
func (f *frame) skeleton() []byte {
	b := []byte(`{"jsonrpc":"2.0"`)
	if f.ID != nil {
		b = append(append(b, `,"id":`...), f.ID...)
	}
	switch {
	case f.Method != nil:
		method, _ := json.Marshal(*f.Method) // a string always marshals
		b = append(append(b, `,"method":`...), method...)
	case f.Error != nil:
		b = append(append(b, `,"error":`...), f.Error...)
	default:
		b = append(b, `,"result":true`...)
	}
	return append(b, '}')
}
