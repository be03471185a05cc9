package prepaid

import "github.com/swaperoo/swaperoo/instrument/plain"

// ReadJSON implements instrument.JSONReader.
func (p *purse) ReadJSON(text []byte) bool { return plain.Read(text, p, p.member) }

func (p *purse) member(name string, c *plain.Cursor) bool {
	switch name {
	case "account":
		return c.String(&p.Account)
	case "currency":
		return c.String(&p.Currency)
	case "vendor":
		return c.String(&p.Vendor)
	case "vendor_key":
		return c.String(&p.VendorKey)
	case "key":
		return c.String((*string)(&p.Key.Text))
	case "receipt_key":
		return c.String(&p.Receipts)
	case "counter":
		return c.Uint(&p.Counter)
	case "signed":
		return c.Amount(&p.Signed)
	case "open":
		return p.Open == nil && c.List(p.intent)
	case "statement":
		return c.Object(p.Statement.member)
	case "balance":
		return c.Amount(&p.Balance)
	case "last":
		if p.Last != nil {
			return false
		}
		p.Last = new(receipt)
		return c.Object(p.Last.member)
	case "behind":
		return c.True(&p.Behind)
	}
	return false
}

func (p *purse) intent(c *plain.Cursor) bool {
	var i intent
	read := c.Object(i.member)
	p.Open = append(p.Open, i)
	return read
}

func (i *intent) member(name string, c *plain.Cursor) bool {
	switch name {
	case "operation":
		return c.String((*string)(&i.Operation))
	case "counter":
		return c.Uint(&i.Counter)
	case "amount":
		return c.Amount(&i.Amount)
	case "until":
		return c.Int(&i.Until)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (p purse) AppendJSON(out []byte) ([]byte, bool) {
	w := plain.Begin(out, 1088+128*len(p.Open))
	w.String("account", p.Account)
	w.String("currency", p.Currency)
	w.String("vendor", p.Vendor)
	w.String("vendor_key", p.VendorKey)
	w.String("key", string(p.Key.Text))
	w.String("receipt_key", p.Receipts)
	w.Uint("counter", p.Counter)
	w.Amount("signed", p.Signed)
	p.appendOpen(&w)
	w.Name("statement")
	p.Statement.append(&w)
	w.Amount("balance", p.Balance)
	if p.Last != nil {
		w.Name("last")
		w.Bracket('{')
		p.Last.append(&w)
		w.Bracket('}')
	}
	w.SomeTrue("behind", p.Behind)
	return w.End()
}

func (p *purse) appendOpen(w *plain.Writer) {
	if len(p.Open) == 0 {
		return
	}
	w.Name("open")
	w.Bracket('[')
	for _, i := range p.Open {
		w.Item()
		w.Bracket('{')
		w.String("operation", string(i.Operation))
		w.Uint("counter", i.Counter)
		w.Amount("amount", i.Amount)
		w.Int("until", i.Until)
		w.Bracket('}')
	}
	w.Bracket(']')
}

// ReadJSON implements instrument.JSONReader.
func (l *ledger) ReadJSON(text []byte) bool { return plain.Read(text, l, l.member) }

func (l *ledger) member(name string, c *plain.Cursor) bool {
	switch name {
	case "account":
		return c.String(&l.Account)
	case "currency":
		return c.String(&l.Currency)
	case "holder":
		return c.String(&l.Holder)
	case "key":
		return c.String((*string)(&l.Key.Text))
	case "seq":
		return c.Uint(&l.Seq)
	case "credited":
		return c.Amount(&l.Credited)
	case "spent":
		return c.Amount(&l.Spent)
	case "refunded":
		return c.Amount(&l.Refunded)
	case "balance":
		return c.Amount(&l.Balance)
	case "proof":
		return shown(&l.Proof, c)
	}
	return l.marks.member(name, c)
}

// AppendJSON implements instrument.JSONWriter.
func (l ledger) AppendJSON(out []byte) ([]byte, bool) {
	w := plain.Begin(out, 704)
	w.String("account", l.Account)
	w.String("currency", l.Currency)
	w.String("holder", l.Holder)
	w.String("key", string(l.Key.Text))
	w.Uint("seq", l.Seq)
	w.Amount("credited", l.Credited)
	w.Amount("spent", l.Spent)
	w.Amount("refunded", l.Refunded)
	w.Amount("balance", l.Balance)
	l.marks.append(&w)
	appendShown(l.Proof, &w)
	return w.End()
}

// ReadJSON implements instrument.JSONReader. A payment that has refunds it leaves to others.
func (p *payment) ReadJSON(text []byte) bool { return plain.Read(text, p, p.member) }

func (p *payment) member(name string, c *plain.Cursor) bool {
	switch name {
	case "time":
		return c.Int(&p.Time)
	case "refunded":
		return c.Amount(&p.Refunded)
	}
	return p.proof.member(name, c)
}

// AppendJSON implements instrument.JSONWriter.
func (p payment) AppendJSON(out []byte) ([]byte, bool) {
	if len(p.Refunds) > 0 {
		return out, false
	}
	w := plain.Begin(out, 448)
	p.proof.append(&w)
	w.Int("time", p.Time)
	w.Amount("refunded", p.Refunded)
	return w.End()
}
