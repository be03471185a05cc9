package taler

import "github.com/swaperoo/swaperoo/instrument/plain"

// The arguments of operations at the bank go from its controller to the plugin as JSON. They are read and written as
// the state of a withdrawal is, see there.

// ReadJSON implements instrument.JSONReader. What a till's fees and quotas are it leaves to others.
func (a *SetupArgs) ReadJSON(text []byte) bool {
	return plain.Read(text, a, a.member)
}

func (a *SetupArgs) member(name string, c *plain.Cursor) bool {
	switch name {
	case "request":
		return c.Object(a.Request.member)
	case "terminal":
		return c.String(&a.Terminal)
	case "provider":
		return c.String(&a.Provider)
	case "currency":
		return c.String(&a.Currency)
	case "withdrawal_fees":
		return c.Amount(&a.WithdrawalFees)
	case "exchange":
		return c.String(&a.Exchange)
	case "exchange_url":
		return c.String(&a.ExchangeURL)
	case "exchange_account":
		return c.Text(a.ExchangeAccount.UnmarshalText)
	case "min_amount":
		return c.Amount(&a.MinAmount)
	case "max_amount":
		return c.Amount(&a.MaxAmount)
	}
	return false
}

// member reads one of a terminal's request, an amount only if it is one: see UnmarshalJSON.
func (r *TerminalWithdrawalSetup) member(name string, c *plain.Cursor) bool {
	switch name {
	case "request_uid":
		return c.String(&r.RequestUID)
	case "amount":
		return c.Amount(&r.Amount) && r.Amount != Amount{}
	case "suggested_amount":
		return c.Amount(&r.SuggestedAmount) && r.SuggestedAmount != Amount{}
	case "provider_transaction_id":
		return c.String(&r.ProviderTransactionID)
	case "terminal_fees":
		return c.Amount(&r.TerminalFees)
	case "user_uuid":
		return c.String(&r.UserUUID)
	case "lock":
		return c.String(&r.Lock)
	case "exchange":
		return c.String(&r.Exchange)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (a SetupArgs) AppendJSON(out []byte) ([]byte, bool) {
	if a.Till != nil || a.Quota != nil {
		return out, false
	}
	w := plain.Begin(out, 512)
	w.Name("request")
	a.Request.append(&w)
	w.String("terminal", a.Terminal)
	w.String("provider", a.Provider)
	w.String("currency", a.Currency)
	w.SomeAmount("withdrawal_fees", a.WithdrawalFees)
	w.SomeString("exchange", a.Exchange)
	w.String("exchange_url", a.ExchangeURL)
	w.String("exchange_account", string(a.ExchangeAccount))
	w.SomeAmount("min_amount", a.MinAmount)
	w.SomeAmount("max_amount", a.MaxAmount)
	return w.End()
}

func (r *TerminalWithdrawalSetup) append(w *plain.Writer) {
	w.Bracket('{')
	w.String("request_uid", r.RequestUID)
	w.SomeString("provider_transaction_id", r.ProviderTransactionID)
	w.SomeString("user_uuid", r.UserUUID)
	w.SomeString("lock", r.Lock)
	w.SomeString("exchange", r.Exchange)
	w.PresentAmount("amount", r.Amount)
	w.PresentAmount("suggested_amount", r.SuggestedAmount)
	w.PresentAmount("terminal_fees", r.TerminalFees)
	w.Bracket('}')
}

// ReadJSON implements instrument.JSONReader.
func (a *SelectArgs) ReadJSON(text []byte) bool {
	return plain.Read(text, a, a.member)
}

func (a *SelectArgs) member(name string, c *plain.Cursor) bool {
	switch name {
	case "wopid":
		return c.Text(a.WOPID.UnmarshalText)
	case "reserve_pub":
		return c.Text(a.ReservePub.UnmarshalText)
	case "selected_exchange":
		return c.Text(a.SelectedExchange.UnmarshalText)
	case "amount":
		return c.Amount(&a.Amount)
	case "min_amount":
		return c.Amount(&a.MinAmount)
	case "max_amount":
		return c.Amount(&a.MaxAmount)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (a SelectArgs) AppendJSON(out []byte) ([]byte, bool) {
	if a.NoAmountToWallet {
		return out, false
	}
	w := plain.Begin(out, 512)
	w.String("wopid", a.WOPID.text)
	key(&w, "reserve_pub", a.ReservePub[:])
	w.String("selected_exchange", string(a.SelectedExchange))
	w.SomeAmount("min_amount", a.MinAmount)
	w.SomeAmount("max_amount", a.MaxAmount)
	w.PresentAmount("amount", a.Amount)
	return w.End()
}

// ReadJSON implements instrument.JSONReader.
func (a *ConfirmArgs) ReadJSON(text []byte) bool {
	return plain.Read(text, a, a.member)
}

func (a *ConfirmArgs) member(name string, c *plain.Cursor) bool {
	switch name {
	case "wopid":
		return c.Text(a.WOPID.UnmarshalText)
	case "provider_transaction_id":
		return c.String(&a.ProviderTransactionID)
	case "terminal_fees":
		return c.Amount(&a.TerminalFees)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (a ConfirmArgs) AppendJSON(out []byte) ([]byte, bool) {
	w := plain.Begin(out, 512)
	key(&w, "wopid", a.WOPID[:])
	w.String("provider_transaction_id", a.ProviderTransactionID)
	w.SomeAmount("terminal_fees", a.TerminalFees)
	return w.End()
}
