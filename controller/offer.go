package controller

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// offerLife is how long a vendor's offer is valid.
const offerLife = 15 * time.Minute

// offer makes and signs the offer for one class, for the payer with that key.
func (c *Controller) offer(payer string, class instrument.ClassID, t instrument.Terms, inv instrument.Invoice, tr transcript) (comm.Offer, error) {
	id, err := protocol.NewOperationID(c.parts.Random)
	if err != nil {
		return comm.Offer{}, err
	}
	body, err := json.Marshal(instrument.OfferBody{
		ID: string(id), Class: class, Terms: t, Invoice: inv, Payer: payer, Transcript: tr[:], Until: c.parts.Clock().Add(offerLife).UTC().Truncate(time.Second),
	})
	if err != nil {
		return comm.Offer{}, fault.Wrap(err, fault.Internal, "an offer cannot be written as JSON")
	}
	return comm.Offer{Body: body, Signature: c.parts.Identity.Sign(offerText(body))}, nil
}

// readOffer checks the vendor's signature and, unless tr is nil, that the offer
// was made in this session.
func readOffer(o comm.Offer, key string, tr *transcript) (instrument.OfferBody, error) {
	var body instrument.OfferBody
	pub, err := crypto.ParseKey(key)
	if err != nil {
		return body, err
	}
	if !crypto.Verify(pub, offerText(o.Body), o.Signature) {
		return body, fault.New(fault.Denied, "the offer does not bear its vendor's signature").Because("offer-signature")
	}
	if body, err = OfferBody(o); err != nil {
		return body, err
	}
	if tr != nil && !bytes.Equal(body.Transcript, tr[:]) {
		return body, fault.New(fault.Denied, "the offer was made in another session").Because("transcript-differs")
	}
	return body, nil
}

// madeTo refuses an offer that was made to somebody else.
func madeTo(body instrument.OfferBody, payer string) error {
	if body.Payer != payer {
		return fault.New(fault.Denied, "the offer was made to another payer").Because("payer-differs").WithHint("ask for an offer of your own")
	}
	return nil
}

// OfferBody reads an offer, without its signature: its caller has verified that, or has made the
// offer.
func OfferBody(o comm.Offer) (instrument.OfferBody, error) {
	var body instrument.OfferBody
	if err := instrument.ReadJSON(o.Body, (*offerJSON)(&body)); err != nil {
		return body, fault.Wrap(err, fault.Invalid, "the offer cannot be read").Because("message-malformed")
	}
	return body, nil
}

func offerText(body []byte) []byte { return append([]byte("swaperoo offer 1\x00"), body...) }

// PayerText is what a payer signs: the offer, the operation under it, the counter in the session and
// the expiry in seconds since 1970. It names the operation id, so a replay finds the first result.
// It holds the offer, with price, payer and transcript, so a relay or another price does not verify.
func PayerText(o comm.Offer, op instrument.OperationID, protocolID, operation string, p comm.Payer) []byte {
	text := signed("payer", o, len(op)+len(protocolID)+len(operation))
	for _, part := range []string{string(op), protocolID, operation} {
		text = append(append(text, part...), 0)
	}
	text = append(strconv.AppendUint(text, p.Counter, 10), 0)
	return strconv.AppendInt(text, p.Expiry.Unix(), 10)
}

// signed begins a text to be signed: what the signature is for, then the offer behind its length. It has room for more
// bytes and some numbers.
func signed(what string, o comm.Offer, more int) []byte {
	text := make([]byte, 0, 128+len(o.Body)+more)
	text = append(append(append(text, "swaperoo "...), what...), " 1\x00"...)
	text = append(strconv.AppendInt(text, int64(len(o.Body)), 10), 0)
	return append(append(text, o.Body...), 0)
}

// receiptText is what a vendor signs after a payment: the offer, the operation id and the result.
func receiptText(o comm.Offer, op string, result json.RawMessage) []byte {
	text := signed("receipt", o, len(op)+len(result))
	return append(append(append(text, op...), 0), result...)
}

// checkPayer refuses a payment if its offer is not ours, was made to somebody else or has expired,
// or if the payer has not signed it with the key of this connection. The offer may have been made
// over another connection of the same key. On an unencrypted connection nobody has a key and nothing
// is signed; there only a Plain protocol pays.
func (c *Controller) checkPayer(peer comm.Peer, e comm.Execute) (*instrument.OfferBody, error) {
	if e.Call.Offer == nil && e.Call.Operation == protocol.Pay {
		return nil, fault.New(fault.Denied, "a payment is signed and has an offer").Because("payer-signature")
	}
	if e.Call.Offer == nil {
		return nil, nil
	}
	body, err := c.ownOffer(*e.Call.Offer)
	if err != nil {
		return nil, err
	}
	if err := madeTo(body, peer.Key); err != nil {
		return nil, err
	}
	now := c.parts.Clock()
	if now.After(body.Until) {
		return nil, fault.New(fault.Declined, "this offer was valid until %s", body.Until.Format(time.RFC3339)).
			Because("offer-expired").WithHint("ask for a new offer, and pay it under a key of its own: this answer belongs to the one that was used")
	}
	if string(body.Class) != e.Call.Class {
		return nil, fault.New(fault.Denied, "the offer is for %s", body.Class).Because("class-not-offered")
	}
	if peer.Key == "" && e.Call.Operation == protocol.Pay && c.protocols.Plain(e.Call.Protocol) {
		return &body, nil // over an unencrypted connection, which our settings allow
	}
	if p := e.Call.Payer; p == nil || now.After(p.Expiry) || p.Expiry.After(body.Until) {
		return nil, fault.New(fault.Denied, "the payment is not signed, or its signature is over").Because("payer-signature")
	}
	return &body, signedBy(peer.Key, e)
}

// signedBy refuses a payment that does not bear the signature of this payer.
func signedBy(key string, e comm.Execute) error {
	pub, err := crypto.ParseKey(key)
	if err != nil {
		return err
	}
	text := PayerText(*e.Call.Offer, instrument.OperationID(e.Op), e.Call.Protocol, e.Call.Operation, *e.Call.Payer)
	if !crypto.Verify(pub, text, e.Call.Payer.Signature) {
		return fault.New(fault.Denied, "the payer's signature does not fit").Because("payer-signature")
	}
	return nil
}
