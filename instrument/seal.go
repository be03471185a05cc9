package instrument

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
)

// sealed is the part of an instance that is stored encrypted. Every request
// reads and writes it several times, so it is not JSON but lengths and bytes;
// the state, which is JSON already, stands at the end as it is.
type sealed struct {
	Name  string            `json:"n,omitempty"`
	Keys  map[string]string `json:"k,omitempty"`
	State json.RawMessage   `json:"s"`
}

// sealedForm begins what encode writes. Earlier databases hold a JSON object.
const sealedForm = 1

var errSealedForm = errors.New("the sealed part of an instance is malformed")

func (s sealed) encode() []byte {
	out := make([]byte, 0, 64+len(s.Name)+len(s.State)+64*len(s.Keys))
	out = appendText(append(out, sealedForm), s.Name)
	out = binary.AppendUvarint(out, uint64(len(s.Keys)))
	for key, value := range s.Keys { // in any order: it is read into a map
		out = appendText(appendText(out, key), value)
	}
	return append(out, s.State...)
}

func appendText(out []byte, text string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}

// decodeSealed reads both forms. The state shares the memory of what it reads.
func decodeSealed(plain []byte) (s sealed, err error) {
	if len(plain) == 0 || plain[0] != sealedForm {
		err = json.Unmarshal(plain, &s)
		return s, err
	}
	name, rest, err := cutText(plain[1:])
	if err != nil {
		return s, err
	}
	n, width := binary.Uvarint(rest)
	if width <= 0 || n > uint64(len(rest)) {
		return s, errSealedForm
	}
	pairs := rest[width:]
	rest = pairs
	for range 2 * n {
		if _, rest, err = cutText(rest); err != nil {
			return s, err
		}
	}
	s.State = rest
	s.Name = string(name)
	if n > 0 {
		s.Keys = readPairs(pairs[:len(pairs)-len(rest)], n)
	}
	return s, nil
}

// readPairs reads n keys with their values, which cutText has found to be there. They
// share one text.
func readPairs(pairs []byte, n uint64) map[string]string {
	all := string(pairs)
	next := func() string {
		text, rest, _ := cutText(pairs)
		end := len(all) - len(rest)
		pairs = rest
		return all[end-len(text) : end]
	}
	keys := make(map[string]string, n)
	for range n {
		key := next()
		keys[key] = next()
	}
	return keys
}

func cutText(from []byte) (text, rest []byte, err error) {
	n, width := binary.Uvarint(from)
	if width <= 0 || n > uint64(len(from)-width) {
		return nil, nil, errSealedForm
	}
	end := width + int(n) //nolint:gosec // not more than there is
	return from[width:end], from[end:], nil
}

// rowSeal is the associated data of an instance. It makes it noticed when a row was
// moved to another id, class or owner, when its status was altered, or when its
// content was turned back to an older version.
func rowSeal(i Instance) []byte {
	ad := make([]byte, 0, 128)
	for _, part := range []string{"instances", string(i.ID), string(i.Class), string(i.Owner), i.Status} {
		ad = append(appendQuoted(ad, part), 0)
	}
	return strconv.AppendInt(ad, i.Version, 10)
}

// appendQuoted is strconv.AppendQuote with a short cut for plain ASCII: AppendQuote
// alone takes longer than the rest of a seal.
func appendQuoted(out []byte, text string) []byte {
	for n := range len(text) {
		if c := text[n]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return strconv.AppendQuote(out, text)
		}
	}
	return append(append(append(out, '"'), text...), '"')
}

// entrySeal is the associated data of a journal entry.
func entrySeal(t Topic, n Seq) []byte { return appendEntrySeal(nil, t, n) }

// appendEntrySeal is entrySeal into memory that is used again, for reading many.
func appendEntrySeal(room []byte, t Topic, n Seq) []byte {
	room = append(append(append(room, "journal\x00"...), t...), 0)
	return strconv.AppendUint(room, uint64(n), 10)
}
