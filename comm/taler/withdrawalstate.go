package taler

import "strconv"

// A withdrawal is read some eight times and written four times until it is confirmed, in the bank and in the
// plugin. Through reflection that is a tenth of what it costs. What these two read and write is what encoding/json
// does, to the byte; a test compares them on whatever a fuzzer finds.

// ReadJSON implements instrument.JSONReader. It reads what AppendJSON has written. Blanks, escapes, null and
// members that it does not know it leaves to others, and all that is wrong, for they say why.
func (w *Withdrawal) ReadJSON(text []byte) bool {
	before, c := *w, cursor(text)
	if !c.object(w.member) || len(c) > 0 {
		*w = before
		return false
	}
	return true
}

func (w *Withdrawal) member(name []byte, c *cursor) bool {
	switch string(name) {
	case "state":
		return c.text(w.State.UnmarshalText)
	case "wopid":
		return c.text(w.WOPID.UnmarshalText)
	case "currency":
		return c.string(&w.Currency)
	case "terminal":
		return c.string(&w.Terminal)
	case "request_uid":
		return c.string(&w.RequestUID)
	case "provider":
		return c.string(&w.Provider)
	case "amount":
		return c.text(w.Amount.UnmarshalText)
	case "suggested_amount":
		return c.text(w.SuggestedAmount.UnmarshalText)
	case "max_amount":
		return c.text(w.MaxAmount.UnmarshalText)
	case "user_uuid":
		return c.string(&w.UserUUID)
	case "withdrawal_fees":
		return c.text(w.WithdrawalFees.UnmarshalText)
	case "terminal_fees":
		return c.text(w.TerminalFees.UnmarshalText)
	case "exchange":
		return c.string(&w.Exchange)
	case "exchange_account":
		return c.text(w.ExchangeAccount.UnmarshalText)
	case "exchange_url":
		return c.string(&w.ExchangeURL)
	case "created":
		return c.number(&w.Created)
	case "reserve_pub":
		return c.text(w.ReservePub.UnmarshalText)
	case "selected":
		return c.number(&w.Selected)
	}
	return w.laterMember(name, c)
}

// laterMember reads what CONFIRM and the verdict have set.
func (w *Withdrawal) laterMember(name []byte, c *cursor) bool {
	switch string(name) {
	case "provider_transaction_id":
		return c.string(&w.ProviderTransactionID)
	case "noticed":
		return c.number(&w.Noticed)
	case "unfound":
		return c.number(&w.Unfound)
	case "misnamed":
		return c.string(&w.Misnamed)
	case "confirmed":
		return c.number(&w.Confirmed)
	case "aborted":
		return c.number(&w.Aborted)
	case "abort_reason":
		return c.string(&w.AbortReason)
	case "proof":
		return c.raw(&w.Proof)
	case "row":
		var row int64
		read := c.number(&row)
		w.Row = uint64(row) //nolint:gosec // no number that is read is negative
		return read
	case "paid":
		return c.text(w.Paid.UnmarshalText)
	case "restored":
		return c.number(&w.Restored)
	case "foreign":
		return c.string(&w.Foreign)
	case "searched":
		return c.number(&w.Searched)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (w Withdrawal) AppendJSON(out []byte) ([]byte, bool) {
	if out == nil {
		out = make([]byte, 0, 1024+len(w.Proof))
	}
	d := written{out: append(out, '{')}
	d.string("state", string(w.State))
	d.name("wopid")
	d.key(w.WOPID[:])
	d.string("currency", w.Currency)
	d.string("terminal", w.Terminal)
	d.string("request_uid", w.RequestUID)
	d.string("provider", w.Provider)
	d.amount("amount", w.Amount)
	d.amount("suggested_amount", w.SuggestedAmount)
	d.amount("max_amount", w.MaxAmount)
	d.some("user_uuid", w.UserUUID)
	d.amount("withdrawal_fees", w.WithdrawalFees)
	d.amount("terminal_fees", w.TerminalFees)
	d.some("exchange", w.Exchange)
	d.string("exchange_account", string(w.ExchangeAccount))
	d.string("exchange_url", w.ExchangeURL)
	d.name("created")
	d.out = strconv.AppendInt(d.out, w.Created, 10)
	if !w.ReservePub.IsZero() {
		d.name("reserve_pub")
		d.key(w.ReservePub[:])
	}
	d.count("selected", w.Selected)
	w.appendLater(&d)
	return append(d.out, '}'), !d.failed
}

func (w *Withdrawal) appendLater(d *written) {
	d.some("provider_transaction_id", w.ProviderTransactionID)
	d.count("noticed", w.Noticed)
	d.count("unfound", w.Unfound)
	d.some("misnamed", w.Misnamed)
	d.count("confirmed", w.Confirmed)
	d.count("aborted", w.Aborted)
	d.some("abort_reason", w.AbortReason)
	if len(w.Proof) > 0 {
		d.name("proof")
		d.other(w.Proof)
	}
	if w.Row != 0 {
		d.name("row")
		d.out = strconv.AppendUint(d.out, w.Row, 10)
	}
	d.amount("paid", w.Paid)
	d.count("restored", w.Restored)
	d.some("foreign", w.Foreign)
	d.count("searched", w.Searched)
}
