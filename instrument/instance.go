package instrument

import (
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// ID names an instance: 26 characters of base32, a time in front so that ids
// made later sort later.
type ID string

// PrincipalID names who owns or uses an instance: a person, an agent, a group,
// a terminal, an exchange's gateway.
type PrincipalID string

// OperationID names one durable operation. A lease says by it which operation holds
// the instance.
type OperationID string

// Instance is an instrument: state of economic value that a protocol operates
// on (paper §2.1). Instances handed out are copies.
type Instance struct {
	ID      ID                `json:"id"`
	Class   ClassID           `json:"class"`
	Owner   PrincipalID       `json:"owner"`
	Name    string            `json:"name,omitempty"` // for people: "Gary's card"
	Status  string            `json:"status"`         // public word of the class
	Keys    map[string]string `json:"keys,omitempty"` // unique per class; stored blinded
	Version int64             `json:"version"`        // 0 before the first commit, then from 1
	State   json.RawMessage   `json:"state"`          // the class's own JSON; stored sealed
}

// Decode reads the state into v.
func (i Instance) Decode(v any) error {
	if err := ReadJSON(i.State, v); err != nil {
		return fault.Wrap(err, fault.Internal, "the state of %s %s cannot be read", i.Class, i.ID)
	}
	return nil
}

// Member reads the member of that very name in the state into v. Without one it
// leaves v as it is.
func (i Instance) Member(name string, v any) error {
	raw, sure := jsonMember(i.State, name)
	if !sure {
		var all map[string]json.RawMessage
		if err := i.Decode(&all); err != nil {
			return err
		}
		raw = all[name]
	}
	if raw == nil {
		return nil
	}
	if err := ReadJSON(raw, v); err != nil {
		return fault.Wrap(err, fault.Internal, "%q in the state of %s %s cannot be read", name, i.Class, i.ID)
	}
	return nil
}

// Encode replaces the state by v.
func (i *Instance) Encode(v any) error {
	text, err := WriteJSON(v)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "the state of %s %s cannot be written", i.Class, i.ID)
	}
	i.State = text
	return nil
}

// Clone copies the instance and what it points to.
func (i Instance) Clone() Instance {
	i.Keys = maps.Clone(i.Keys)
	i.State = slices.Clone(i.State)
	return i
}

var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID makes an id of a time and ten random bytes.
func NewID(now time.Time, random io.Reader) (ID, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[6:]); err != nil {
		return "", fault.Wrap(err, fault.Internal, "no random bytes for an id")
	}
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
	copy(b[:6], ms[2:])
	return ID(idText.EncodeToString(b[:])), nil
}

// Made is when NewID made the id, to the millisecond; zero if it did not make it.
func (id ID) Made() time.Time {
	b, err := idText.DecodeString(string(id))
	if err != nil || len(b) != 16 {
		return time.Time{}
	}
	var ms [8]byte
	copy(ms[2:], b[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(ms[:]))) //nolint:gosec // 48 bits
}

// CheckID refuses text that NewID cannot have made; ids come from plugins, too.
func CheckID(id ID) error {
	b, err := idText.DecodeString(string(id))
	if err != nil || len(b) != 16 || ID(idText.EncodeToString(b)) != id {
		return fault.New(fault.Invalid, "%q is not an instrument id", fault.Clip(string(id))).Because("id-malformed")
	}
	return nil
}
