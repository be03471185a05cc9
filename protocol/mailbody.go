package protocol

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// notKept stands for a message that is not kept, for no record could be written with
// it, nor given to code, which could not keep or say it. Who says just this says nothing
// better.
const notKept = `"(unreadable)"`

// notTaken stands likewise for a message that is longer than any that is taken. Dropped
// without a word it would be sent again and waited for until the deadline.
const notTaken = `"(too large)"`

// message is what is kept of a message that is no result.
func message(body json.RawMessage) json.RawMessage {
	if len(body) > maxMailBytes {
		return json.RawMessage(notTaken)
	}
	return readable(body)
}

const reasonTooLarge fault.Reason = "message-too-large"

// readable is what is kept of a message. A result may be empty.
func readable(body json.RawMessage) json.RawMessage {
	if len(body) == 0 || instrument.PeerJSON(body) {
		return body
	}
	return json.RawMessage(notKept)
}

func isInstead(body json.RawMessage) bool { return string(body) == notKept || string(body) == notTaken }
