package controller

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
)

// Prover makes the proofs of further keys for a payment: signatures of the payer's text, by name.
type Prover func(ctx context.Context, text []byte) (map[string][]byte, error)

// Execute runs an operation with the peer: the paper's execute-Transaction
// (§5.5). A payment under a signed offer is signed with our identity key, and
// its receipt must bear the vendor's signature.
func (s *Session) Execute(ctx context.Context, t Transaction, prove Prover) (protocol.Result, error) {
	protocolID, err := s.protocolOf(t.Class)
	if err != nil {
		return protocol.Result{}, err
	}
	t.Protocol = protocolID
	s.mu.Lock()
	offered := s.offers[t.Class]
	s.mu.Unlock()
	if t.Operation == protocol.Pay && offered.Class == "" { // the last offers do not have the class
		return protocol.Result{}, s.wasOffered(t.Class)
	}
	pays := offered.Signed && t.Operation == protocol.Pay
	plain := t.Operation == protocol.Pay && !pays && s.inClear()
	if plain && !s.c.protocols.Plain(protocolID) {
		return protocol.Result{}, fault.New(fault.Denied, "%s is paid with signatures, and nobody has a key on this line: it is in clear", protocolID).
			Because("payer-signature").WithHint("pay over a line with TLS")
	}
	if pays || plain {
		t.Amount = offered.Body.Terms.Price
		if err := s.c.stillOffered(ctx, offered, t.ID); err != nil {
			return protocol.Result{}, err
		}
	}
	r, err := s.c.execution(ctx, t, protocol.Initiator)
	if err != nil {
		return protocol.Result{}, err
	}
	r.Peer, r.Link = s.Peer(), link{s}
	switch {
	case pays:
		err = s.sign(ctx, &r, offered, prove)
	case plain:
		body := offered.Body
		r.Offer, r.Call.Offer = &offered.Offer, &body
	}
	if err != nil {
		return protocol.Result{}, err
	}
	return s.c.perform(ctx, t, r)
}

// inClear reports whether the connection is not encrypted, so that the peer proves no key.
func (s *Session) inClear() bool { return s.Peer().Key == "" && s.address().InClear() }

// sign adds the payer's signature to a payment, and first the operation id, which it covers.
func (s *Session) sign(ctx context.Context, r *protocol.Execution, offered Offered, prove Prover) error {
	if r.ID == "" {
		id, err := protocol.NewOperationID(s.c.parts.Random)
		if err != nil {
			return err
		}
		r.ID = id
	}
	s.mu.Lock()
	s.counter++
	payer := comm.Payer{Counter: s.counter, Expiry: offered.Body.Until.Truncate(time.Second)}
	self := s.self
	s.mu.Unlock()
	if self == nil { // it was never connected
		self = s.c.towards(s.Peer().Key)
	}
	text := PayerText(offered.Offer, r.ID, r.Protocol, r.Call.Operation, payer)
	payer.Signature = self.Sign(text)
	if prove != nil {
		proofs, err := prove(ctx, text)
		if err != nil {
			return err
		}
		payer.Proofs = proofs
	}
	body := offered.Body
	r.Offer, r.Payer, r.Call.Offer = &offered.Offer, &payer, &body
	return nil
}
