package taler

import (
	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// exact reads JSON as Go's encoding/json does, but for the names of members, which
// are what they are spelled: Amount is not amount, and as any member that nobody
// knows it changes nothing. Taler's own programs read it so, and what two readers
// of one request take differently is a sum that one of them has not agreed to.
var exact = json.JoinOptions(jsonv1.DefaultOptionsV1(), json.MatchCaseInsensitiveNames(false))

func decode(document []byte, v any) error { return json.Unmarshal(document, v, exact) }
