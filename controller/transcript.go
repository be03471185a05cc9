package controller

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/swaperoo/swaperoo/comm"
)

// transcript is the hash of what a session rests on: the TLS exporter value, the
// PNP and the keys of the two. Both sides compute it; a signed offer bears it
// beside class, terms and price, and the payer signs the offer with the protocol
// that was chosen, so that a relay or a downgrade does not verify.
type transcript [32]byte

func newTranscript(c comm.Conn, pnp string, initiator, servicer string) transcript {
	var t transcript
	t.add("swaperoo session 1")
	if b, ok := c.(comm.Bound); ok {
		t.add(string(b.Binding()))
	}
	t.add(pnp)
	t.add(initiator)
	t.add(servicer)
	return t
}

func (t *transcript) add(text string) {
	h := sha256.New()
	h.Write(t[:])
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(text)))
	h.Write(n[:])
	h.Write([]byte(text))
	h.Sum(t[:0])
}
