package taler

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Unmarshal reads one JSON document of Taler's APIs into v; members that v does
// not name are ignored. The error is fault.Invalid: ReasonJSONInvalid for
// everything but a malformed amount, and the account of a transfer, which keep
// their own reasons as Taler's servers do. A byte order mark before it is ignored, as RFC 8259
// permits: some editors and shells put one into each file.
func Unmarshal(body []byte, v any) error {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if len(bytes.TrimSpace(body)) == 0 {
		return fault.New(fault.Invalid, "a JSON document was expected and nothing came").Because(ReasonJSONInvalid)
	}
	if !utf8.Valid(body) { // the decoder would read different texts as the same
		return fault.New(fault.Invalid, "a JSON document is UTF-8, and this is not").Because(ReasonJSONInvalid)
	}
	if crowded(body) {
		return fault.New(fault.Invalid, "the JSON document has more than %d values", maxValues).Because(ReasonJSONInvalid)
	}
	err := decode(body, v)
	if err == nil {
		return nil
	}
	if looksLikeHTML(body) {
		return fault.Wrap(err, fault.Invalid, "a JSON document was expected and a web page came").Because(ReasonJSONInvalid)
	}
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		switch f.Reason {
		case reasonAmountMalformed, reasonAmountTooLarge, ReasonAccountMalformed:
			return f
		}
		return fault.Wrap(err, fault.Invalid, "the JSON document is not of the expected form: %s", f.Message).Because(ReasonJSONInvalid)
	}
	return fault.Wrap(err, fault.Invalid, "the JSON document is not of the expected form: %s", shapeOf(err)).Because(ReasonJSONInvalid)
}

// shapeOf says where a document is wrong without repeating any value of it,
// which may be a secret.
func shapeOf(err error) string {
	if ill, ok := errors.AsType[*jsonv1.UnmarshalTypeError](err); ok && ill.Field != "" {
		return fmt.Sprintf("member %q holds another type", printable(clip(memberOf(ill.Field))))
	}
	if syntax, ok := errors.AsType[*jsonv1.SyntaxError](err); ok {
		return fmt.Sprintf("it is not JSON at byte %d", syntax.Offset)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	return "a member holds another type"
}

// memberOf is a member's name without those of our own embedded types before it,
// which are no members.
func memberOf(field string) string { return strings.TrimPrefix(field, "plain.") }
