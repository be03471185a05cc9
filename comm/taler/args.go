package taler

// The arguments of operations at the bank go from its controller to the plugin as JSON. They are read and written as
// the state of a withdrawal is, see there.

// ReadJSON implements instrument.JSONReader. What a till's fees and quotas are it leaves to others.
func (a *SetupArgs) ReadJSON(text []byte) bool {
	before, c := *a, cursor(text)
	if !c.object(a.member) || len(c) > 0 {
		*a = before
		return false
	}
	return true
}

func (a *SetupArgs) member(name []byte, c *cursor) bool {
	switch string(name) {
	case "request":
		return c.object(a.Request.member)
	case "terminal":
		return c.string(&a.Terminal)
	case "provider":
		return c.string(&a.Provider)
	case "currency":
		return c.string(&a.Currency)
	case "withdrawal_fees":
		return c.text(a.WithdrawalFees.UnmarshalText)
	case "exchange":
		return c.string(&a.Exchange)
	case "exchange_url":
		return c.string(&a.ExchangeURL)
	case "exchange_account":
		return c.text(a.ExchangeAccount.UnmarshalText)
	case "min_amount":
		return c.text(a.MinAmount.UnmarshalText)
	case "max_amount":
		return c.text(a.MaxAmount.UnmarshalText)
	}
	return false
}

// member reads one of a terminal's request, an amount only if it is one: see UnmarshalJSON.
func (r *TerminalWithdrawalSetup) member(name []byte, c *cursor) bool {
	switch string(name) {
	case "request_uid":
		return c.string(&r.RequestUID)
	case "amount":
		return c.text(r.Amount.UnmarshalText) && r.Amount != Amount{}
	case "suggested_amount":
		return c.text(r.SuggestedAmount.UnmarshalText) && r.SuggestedAmount != Amount{}
	case "provider_transaction_id":
		return c.string(&r.ProviderTransactionID)
	case "terminal_fees":
		return c.text(r.TerminalFees.UnmarshalText)
	case "user_uuid":
		return c.string(&r.UserUUID)
	case "lock":
		return c.string(&r.Lock)
	case "exchange":
		return c.string(&r.Exchange)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (a SetupArgs) AppendJSON(out []byte) ([]byte, bool) {
	if a.Till != nil || a.Quota != nil {
		return out, false
	}
	w := begun(out)
	w.name("request")
	a.Request.append(&w)
	w.string("terminal", a.Terminal)
	w.string("provider", a.Provider)
	w.string("currency", a.Currency)
	w.amount("withdrawal_fees", a.WithdrawalFees)
	w.some("exchange", a.Exchange)
	w.string("exchange_url", a.ExchangeURL)
	w.string("exchange_account", string(a.ExchangeAccount))
	w.amount("min_amount", a.MinAmount)
	w.amount("max_amount", a.MaxAmount)
	return append(w.out, '}'), !w.failed
}

func (r *TerminalWithdrawalSetup) append(w *written) {
	w.out = append(w.out, '{')
	w.string("request_uid", r.RequestUID)
	w.some("provider_transaction_id", r.ProviderTransactionID)
	w.some("user_uuid", r.UserUUID)
	w.some("lock", r.Lock)
	w.some("exchange", r.Exchange)
	w.present("amount", r.Amount)
	w.present("suggested_amount", r.SuggestedAmount)
	w.present("terminal_fees", r.TerminalFees)
	w.out = append(w.out, '}')
}

// ReadJSON implements instrument.JSONReader.
func (a *SelectArgs) ReadJSON(text []byte) bool {
	before, c := *a, cursor(text)
	if !c.object(a.member) || len(c) > 0 {
		*a = before
		return false
	}
	return true
}

func (a *SelectArgs) member(name []byte, c *cursor) bool {
	switch string(name) {
	case "wopid":
		return c.text(a.WOPID.UnmarshalText)
	case "reserve_pub":
		return c.text(a.ReservePub.UnmarshalText)
	case "selected_exchange":
		return c.text(a.SelectedExchange.UnmarshalText)
	case "amount":
		return c.text(a.Amount.UnmarshalText)
	case "min_amount":
		return c.text(a.MinAmount.UnmarshalText)
	case "max_amount":
		return c.text(a.MaxAmount.UnmarshalText)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (a SelectArgs) AppendJSON(out []byte) ([]byte, bool) {
	if a.NoAmountToWallet {
		return out, false
	}
	w := begun(out)
	w.string("wopid", a.WOPID.text)
	w.name("reserve_pub")
	w.key(a.ReservePub[:])
	w.string("selected_exchange", string(a.SelectedExchange))
	w.amount("min_amount", a.MinAmount)
	w.amount("max_amount", a.MaxAmount)
	w.present("amount", a.Amount)
	return append(w.out, '}'), !w.failed
}

// ReadJSON implements instrument.JSONReader.
func (a *ConfirmArgs) ReadJSON(text []byte) bool {
	before, c := *a, cursor(text)
	if !c.object(a.member) || len(c) > 0 {
		*a = before
		return false
	}
	return true
}

func (a *ConfirmArgs) member(name []byte, c *cursor) bool {
	switch string(name) {
	case "wopid":
		return c.text(a.WOPID.UnmarshalText)
	case "provider_transaction_id":
		return c.string(&a.ProviderTransactionID)
	case "terminal_fees":
		return c.text(a.TerminalFees.UnmarshalText)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (a ConfirmArgs) AppendJSON(out []byte) ([]byte, bool) {
	w := begun(out)
	w.name("wopid")
	w.key(a.WOPID[:])
	w.string("provider_transaction_id", a.ProviderTransactionID)
	w.amount("terminal_fees", a.TerminalFees)
	return append(w.out, '}'), !w.failed
}
