package protocol

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// notKept takes the place of a message that is no JSON: it could not be written into the
// log. Code that reads it gets an error instead. A peer that sends just this text is
// treated alike.
const notKept = `"(unreadable)"`

// notTaken takes the place of a message that is too long. If the message were dropped
// instead, the peer would send it again until the deadline.
const notTaken = `"(too large)"`

// message is what is kept of a message in the middle of an operation.
func message(body json.RawMessage) json.RawMessage {
	if len(body) > maxMailBytes {
		return json.RawMessage(notTaken)
	}
	return readable(body)
}

const reasonTooLarge fault.Reason = "message-too-large"

// readable is what is kept of a message or a result. A result may be empty.
func readable(body json.RawMessage) json.RawMessage {
	if len(body) == 0 || instrument.PeerJSON(body) {
		return body
	}
	return json.RawMessage(notKept)
}

// isInstead reports whether a message was replaced by one of the texts above.
func isInstead(body json.RawMessage) bool { return string(body) == notKept || string(body) == notTaken }
