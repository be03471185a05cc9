package controller

import (
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/plain"
)

// offerJSON is the body of an offer, read without reflection: a vendor reads it with each payment.
type offerJSON instrument.OfferBody

// ReadJSON implements instrument.JSONReader.
func (o *offerJSON) ReadJSON(text []byte) bool { return plain.Read(text, o, o.member) }

func (o *offerJSON) member(name string, c *plain.Cursor) bool {
	switch name {
	case "id":
		return c.String(&o.ID)
	case "class":
		return c.String((*string)(&o.Class))
	case "terms":
		return c.Object((*termsJSON)(&o.Terms).member)
	case "invoice":
		return c.Pairs((*map[string]string)(&o.Invoice))
	case "transcript":
		return c.Bytes(&o.Transcript)
	case "payer":
		return c.String(&o.Payer)
	case "until":
		return c.Text(o.Until.UnmarshalText)
	}
	return false
}

type termsJSON instrument.Terms

func (t *termsJSON) member(name string, c *plain.Cursor) bool {
	switch name {
	case "price":
		return c.Amount(&t.Price)
	case "text":
		return c.String(&t.Text)
	}
	return false
}
