package till

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// read takes the request's JSON document, which has no members but those known.
func read(r *http.Request, into any) error {
	text, err := io.ReadAll(r.Body)
	var tooMuch *http.MaxBytesError
	switch {
	case errors.As(err, &tooMuch):
		return fault.New(fault.Invalid, "the body has more than %d bytes", bodyLimit).Because("body-too-large")
	case err != nil:
		return fault.Wrap(err, fault.Invalid, "the body ended too early").Because("json-malformed")
	}
	return decode(text, into)
}

// decode is the pure reading of a body. Nothing at all is an empty document.
func decode(text []byte, into any) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		var f *fault.Fault
		if errors.As(err, &f) { // of an amount
			return f
		}
		f = fault.Wrap(err, fault.Invalid, "the body is not the JSON that is expected here").Because("json-malformed")
		if wrong := wrongIn(err); wrong != "" {
			f = f.WithHint("%s", wrong)
		}
		return f
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "the body is more than one document").Because("json-malformed")
	}
	return nil
}

// wrongIn says what of a body is wrong, in words of JSON; nothing if the decoder does not know.
func wrongIn(err error) string {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch unknown, is := strings.CutPrefix(err.Error(), "json: unknown field "); {
	case is:
		return "there is no member " + fault.Line(unknown) + " here"
	case errors.As(err, &kind) && kind.Field != "":
		member := kind.Field[strings.LastIndex(kind.Field, ".")+1:] // the decoder names the Go types that it is in
		return fmt.Sprintf("%q is not of the kind %s", member, kind.Value)
	case errors.As(err, &kind):
		return "it is an object, not of the kind " + kind.Value
	case errors.As(err, &syntax):
		return fmt.Sprintf("it ends being JSON at byte %d", syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends too early"
	}
	return ""
}

// answer writes what was asked for.
func answer(w http.ResponseWriter, document any, err error) error {
	if err != nil {
		return err
	}
	text, err := json.Marshal(document)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "an answer cannot be written as JSON")
	}
	write(w, http.StatusOK, "application/json", text)
	return nil
}

func write(w http.ResponseWriter, status int, kind string, text []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // the caller may have gone; what was done is done
}

// refuse writes a fault as the command line does.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f := advised(fault.From(err), "")
	if f.Kind == fault.Internal {
		a.o.Log.Error("a request of till software failed", "method", r.Method, "error", err)
	}
	a.refuseWith(w, statusOf(f), f)
}

func (a *API) refuseWith(w http.ResponseWriter, status int, f *fault.Fault) {
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="till"`)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	}
	text, err := json.Marshal(map[string]*fault.Fault{"error": f})
	if err != nil {
		text = []byte(`{"error":{"kind":"internal","message":"an error cannot be written as JSON"}}`)
	}
	write(w, status, "application/json", text)
}

func statusOf(f *fault.Fault) int {
	switch f.Reason {
	case "method-unknown":
		return http.StatusMethodNotAllowed
	case "body-too-large":
		return http.StatusRequestEntityTooLarge
	}
	switch f.Kind {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Denied:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict, fault.Declined:
		return http.StatusConflict
	case fault.Unsupported:
		return http.StatusNotImplemented
	case fault.Unavailable, fault.Timeout, fault.Unknown, fault.Locked: // the last one is in use by another operation, for now
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
