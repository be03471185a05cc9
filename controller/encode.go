package controller

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

func encode(v any) (json.RawMessage, error) {
	if raw, ok := v.(json.RawMessage); ok || v == nil {
		return raw, nil
	}
	raw, err := instrument.WriteJSON(v)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "arguments cannot be written as JSON")
	}
	return raw, nil
}

func decode(raw json.RawMessage, v any) error {
	if err := instrument.ReadJSON(raw, v); err != nil {
		return fault.Wrap(err, fault.Invalid, "a request of the peer cannot be read").Because("message-malformed")
	}
	return nil
}
