package controller

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
)

// genuine remembers offers whose signature was verified to be ours. A payer shows the offer of its
// session with each payment, and verifying it again would take longer than reading the payment. An
// offer is remembered by body and signature together, to the byte. A signature that does not fit is
// never remembered.
type genuine struct {
	mu   sync.Mutex
	seen map[[sha256.Size]byte]bool
}

// mostGenuine bounds how many are remembered; when it is reached, all are forgotten.
const mostGenuine = 4096

func (g *genuine) has(name [sha256.Size]byte) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.seen[name]
}

func (g *genuine) add(name [sha256.Size]byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen == nil || len(g.seen) >= mostGenuine {
		g.seen = map[[sha256.Size]byte]bool{}
	}
	g.seen[name] = true
}

// nameOf is the hash by which an offer is remembered. The length of the body comes first, so that
// no two offers are the same text.
func nameOf(o comm.Offer) (name [sha256.Size]byte) {
	h := sha256.New()
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(o.Body)))
	h.Write(size[:])
	h.Write(o.Body)
	h.Write(o.Signature)
	h.Sum(name[:0])
	return name
}

// ownOffer reads an offer that a peer shows us, and refuses one that does not bear our signature.
// Its caller checks whether it is still valid, and for whom.
func (c *Controller) ownOffer(o comm.Offer) (instrument.OfferBody, error) {
	name := nameOf(o)
	if c.genuine.has(name) {
		return OfferBody(o)
	}
	body, err := readOffer(o, c.parts.Identity.KeyText(), nil)
	if err == nil {
		c.genuine.add(name)
	}
	return body, err
}
