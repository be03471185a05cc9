package instrument

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"slices"
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
	for _, key := range slices.Sorted(maps.Keys(s.Keys)) {
		out = appendText(appendText(out, key), s.Keys[key])
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
	rest := plain[1:]
	if s.Name, rest, err = cutText(rest); err != nil {
		return s, err
	}
	n, width := binary.Uvarint(rest)
	if width <= 0 || n > uint64(len(rest)) {
		return s, errSealedForm
	}
	rest = rest[width:]
	if n > 0 {
		s.Keys = make(map[string]string, n)
	}
	for range n {
		var key, value string
		if key, rest, err = cutText(rest); err != nil {
			return s, err
		}
		if value, rest, err = cutText(rest); err != nil {
			return s, err
		}
		s.Keys[key] = value
	}
	s.State = rest
	return s, nil
}

func cutText(from []byte) (text string, rest []byte, err error) {
	n, width := binary.Uvarint(from)
	if width <= 0 || n > uint64(len(from)-width) {
		return "", nil, errSealedForm
	}
	end := width + int(n) //nolint:gosec // not more than there is
	return string(from[width:end]), from[end:], nil
}

// rowSeal is the associated data of an instance: a row cannot be moved to
// another id, class or owner, nor can its status be altered or its content be
// turned back to an older version, without being seen.
func rowSeal(i Instance) []byte {
	ad := make([]byte, 0, 128)
	for _, part := range []string{"instances", string(i.ID), string(i.Class), string(i.Owner), i.Status} {
		ad = append(strconv.AppendQuote(ad, part), 0)
	}
	return strconv.AppendInt(ad, i.Version, 10)
}

// entrySeal is the associated data of a journal entry.
func entrySeal(t Topic, n Seq) []byte { return appendEntrySeal(nil, t, n) }

// appendEntrySeal is entrySeal in room that is there already, for who reads many.
func appendEntrySeal(room []byte, t Topic, n Seq) []byte {
	room = append(append(append(room, "journal\x00"...), t...), 0)
	return strconv.AppendUint(room, uint64(n), 10)
}
