package controller

import (
	"encoding/hex"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// maxKey is the longest idempotency key of a person, in bytes.
const maxKey = 64

// OperationID is the id of the operation that a person's idempotency key names. The
// same key of the same party gives the same id, and nobody else can guess it, because
// it is made with a secret of the party. The error is fault.Invalid.
func (c *Controller) OperationID(key string) (instrument.OperationID, error) {
	if key == "" || len(key) > maxKey {
		return "", fault.New(fault.Invalid, "an idempotency key has 1 to %d bytes", maxKey).Because("key-malformed")
	}
	return instrument.OperationID(hex.EncodeToString(c.parts.Engine.Blind("operation", key)[:16])), nil
}

// NewOperationID is a new id, for a role that names something by itself.
func (c *Controller) NewOperationID() (instrument.OperationID, error) {
	return protocol.NewOperationID(c.parts.Random)
}
