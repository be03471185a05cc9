package controller

import (
	"encoding/hex"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// maxKey is the longest idempotency key of a person, in bytes.
const maxKey = 64

// OperationID is the operation that a person's idempotency key names: the same
// for the same key of the same party, and guessed by nobody else, for a secret
// of the party is in it. The error is fault.Invalid.
func (c *Controller) OperationID(key string) (instrument.OperationID, error) {
	if key == "" || len(key) > maxKey {
		return "", fault.New(fault.Invalid, "an idempotency key has 1 to %d bytes", maxKey).Because("key-malformed")
	}
	return instrument.OperationID(hex.EncodeToString(c.parts.Engine.Blind("operation", key)[:16])), nil
}

// NewOperationID is an id that nothing has yet, for what a role names itself.
func (c *Controller) NewOperationID() (instrument.OperationID, error) {
	return protocol.NewOperationID(c.parts.Random)
}
