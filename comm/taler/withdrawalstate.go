package taler

import (
	"github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument/plain"
)

// A withdrawal is read some eight times and written four times until it is confirmed, in the bank and in the
// plugin. Through reflection that is a tenth of what it costs. What these two read and write is what encoding/json
// does, to the byte; a test compares them on whatever a fuzzer finds.

// ReadJSON implements instrument.JSONReader. It reads what AppendJSON has written. Blanks, escapes, null and
// members that it does not know it leaves to others, and all that is wrong, for they say why.
func (w *Withdrawal) ReadJSON(text []byte) bool {
	return plain.Read(text, w, w.member)
}

func (w *Withdrawal) member(name string, c *plain.Cursor) bool {
	switch name {
	case "state":
		return c.Text(w.State.UnmarshalText)
	case "wopid":
		return c.Text(w.WOPID.UnmarshalText)
	case "currency":
		return c.String(&w.Currency)
	case "terminal":
		return c.String(&w.Terminal)
	case "request_uid":
		return c.String(&w.RequestUID)
	case "provider":
		return c.String(&w.Provider)
	case "amount":
		return c.Amount(&w.Amount)
	case "amount_by":
		return c.String((*string)(&w.AmountBy))
	case "suggested_amount":
		return c.Amount(&w.SuggestedAmount)
	case "max_amount":
		return c.Amount(&w.MaxAmount)
	case "user_uuid":
		return c.String(&w.UserUUID)
	case "withdrawal_fees":
		return c.Amount(&w.WithdrawalFees)
	case "terminal_fees":
		return c.Amount(&w.TerminalFees)
	case "fees_by":
		return c.String((*string)(&w.FeesBy))
	case "exchange":
		return c.String(&w.Exchange)
	case "exchange_account":
		return c.Text(w.ExchangeAccount.UnmarshalText)
	case "exchange_url":
		return c.String(&w.ExchangeURL)
	case "created":
		return c.Int(&w.Created)
	case "reserve_pub":
		return c.Text(w.ReservePub.UnmarshalText)
	case "selected":
		return c.Int(&w.Selected)
	}
	return w.laterMember(name, c)
}

// laterMember reads what CONFIRM and the verdict have set.
func (w *Withdrawal) laterMember(name string, c *plain.Cursor) bool {
	switch name {
	case "provider_transaction_id":
		return c.String(&w.ProviderTransactionID)
	case "noticed":
		return c.Int(&w.Noticed)
	case "unfound":
		return c.Int(&w.Unfound)
	case "misnamed":
		return c.String(&w.Misnamed)
	case "confirmed":
		return c.Int(&w.Confirmed)
	case "aborted":
		return c.Int(&w.Aborted)
	case "abort_reason":
		return c.String(&w.AbortReason)
	case "proof":
		return c.Raw(&w.Proof)
	case "row":
		return c.Uint(&w.Row)
	case "paid":
		return c.Amount(&w.Paid)
	case "restored":
		return c.Int(&w.Restored)
	case "foreign":
		return c.String(&w.Foreign)
	case "explained":
		return c.String(&w.Explained)
	case "earlier_foreign":
		return w.EarlierForeign == nil && c.List(func(c *plain.Cursor) bool {
			w.EarlierForeign = append(w.EarlierForeign, ForeignPayment{})
			return c.Object(w.EarlierForeign[len(w.EarlierForeign)-1].member)
		}) && w.EarlierForeign != nil
	case "refunds_explained":
		return c.Object(w.RefundsExplained.member)
	case "searched":
		return c.Int(&w.Searched)
	}
	return false
}

func (f *ForeignPayment) member(name string, c *plain.Cursor) bool {
	switch name {
	case "payment":
		return c.String(&f.Payment)
	case "explained":
		return c.String(&f.Explained)
	}
	return false
}

func (r *RefundsExplained) member(name string, c *plain.Cursor) bool {
	switch name {
	case "amount":
		return c.Amount(&r.Amount)
	case "text":
		return c.String(&r.Text)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (w Withdrawal) AppendJSON(out []byte) ([]byte, bool) {
	d := plain.Begin(out, 1024+len(w.Proof))
	d.String("state", string(w.State))
	key(&d, "wopid", w.WOPID[:])
	d.String("currency", w.Currency)
	d.String("terminal", w.Terminal)
	d.String("request_uid", w.RequestUID)
	d.String("provider", w.Provider)
	d.SomeAmount("amount", w.Amount)
	d.SomeString("amount_by", string(w.AmountBy))
	d.SomeAmount("suggested_amount", w.SuggestedAmount)
	d.SomeAmount("max_amount", w.MaxAmount)
	d.SomeString("user_uuid", w.UserUUID)
	d.SomeAmount("withdrawal_fees", w.WithdrawalFees)
	d.SomeAmount("terminal_fees", w.TerminalFees)
	d.SomeString("fees_by", string(w.FeesBy))
	d.SomeString("exchange", w.Exchange)
	d.String("exchange_account", string(w.ExchangeAccount))
	d.String("exchange_url", w.ExchangeURL)
	d.Int("created", w.Created)
	if !w.ReservePub.IsZero() {
		key(&d, "reserve_pub", w.ReservePub[:])
	}
	d.SomeInt("selected", w.Selected)
	w.appendLater(&d)
	return d.End()
}

func (w *Withdrawal) appendLater(d *plain.Writer) {
	d.SomeString("provider_transaction_id", w.ProviderTransactionID)
	d.SomeInt("noticed", w.Noticed)
	d.SomeInt("unfound", w.Unfound)
	d.SomeString("misnamed", w.Misnamed)
	d.SomeInt("confirmed", w.Confirmed)
	d.SomeInt("aborted", w.Aborted)
	d.SomeString("abort_reason", w.AbortReason)
	if len(w.Proof) > 0 {
		d.Name("proof")
		d.Other(w.Proof)
	}
	d.SomeUint("row", w.Row)
	d.SomeAmount("paid", w.Paid)
	d.SomeInt("restored", w.Restored)
	d.SomeString("foreign", w.Foreign)
	d.SomeString("explained", w.Explained)
	if len(w.EarlierForeign) > 0 {
		d.Name("earlier_foreign")
		d.Other(w.EarlierForeign)
	}
	if w.RefundsExplained != (RefundsExplained{}) {
		d.Name("refunds_explained")
		d.Other(w.RefundsExplained)
	}
	d.SomeInt("searched", w.Searched)
}

// key is bytes in base32.
func key(w *plain.Writer, name string, bytes []byte) {
	w.Name(name)
	w.Out = append(taler.AppendEncode(append(w.Out, '"'), bytes), '"')
}
