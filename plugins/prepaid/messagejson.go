package prepaid

import "github.com/swaperoo/swaperoo/instrument/plain"

// Each payment reads and writes its messages and states, and what is signed, some twenty times on both sides. What they
// read and write here is what encoding/json does, to the byte: signatures cover it, and databases hold it.

func (m *marks) member(name string, c *plain.Cursor) bool {
	switch name {
	case "high":
		return c.Uint(&m.High)
	case "holes":
		return c.Uints(&m.Holes)
	}
	return false
}

func (m *marks) append(w *plain.Writer) {
	w.Uint("high", m.High)
	w.SomeUints("holes", m.Holes)
}

func (s *statement) member(name string, c *plain.Cursor) bool {
	switch name {
	case "account":
		return c.String(&s.Account)
	case "seq":
		return c.Uint(&s.Seq)
	case "credited":
		return c.Amount(&s.Credited)
	case "spent":
		return c.Amount(&s.Spent)
	case "refunded":
		return c.Amount(&s.Refunded)
	case "time":
		return c.Int(&s.Time)
	}
	return s.marks.member(name, c)
}

func (s *statement) append(w *plain.Writer) {
	w.Bracket('{')
	w.String("account", s.Account)
	w.Uint("seq", s.Seq)
	w.Amount("credited", s.Credited)
	w.Amount("spent", s.Spent)
	w.Amount("refunded", s.Refunded)
	s.marks.append(w)
	w.Int("time", s.Time)
	w.Bracket('}')
}

func (o *order) member(name string, c *plain.Cursor) bool {
	switch name {
	case "account":
		return c.String(&o.Account)
	case "offer":
		return c.String(&o.Offer)
	case "operation":
		return c.String((*string)(&o.Operation))
	case "amount":
		return c.Amount(&o.Amount)
	case "counter":
		return c.Uint(&o.Counter)
	case "spent":
		return c.Amount(&o.Spent)
	}
	return false
}

func (o *order) append(w *plain.Writer) {
	w.String("account", o.Account)
	w.String("offer", o.Offer)
	w.String("operation", string(o.Operation))
	w.Amount("amount", o.Amount)
	w.Uint("counter", o.Counter)
	w.Amount("spent", o.Spent)
}

// signedOrder is the order as a signature covers it. An order has no AppendJSON, for a proof embeds it.
type signedOrder struct{ order }

// AppendJSON implements instrument.JSONWriter.
func (o signedOrder) AppendJSON(out []byte) ([]byte, bool) {
	w := plain.Begin(out, 448)
	o.append(&w)
	return w.End()
}

func (p *proof) member(name string, c *plain.Cursor) bool {
	if name == "signature" {
		return c.Bytes(&p.Signature)
	}
	return p.order.member(name, c)
}

func (p *proof) append(w *plain.Writer) {
	p.order.append(w)
	w.SomeBytes("signature", p.Signature)
}

// shown reads a proof where there was none. Into one that is there, encoding/json reads.
func shown(p **proof, c *plain.Cursor) bool {
	if *p != nil {
		return false
	}
	*p = new(proof)
	return c.Object((*p).member)
}

// appendShown leaves out a proof that there is not.
func appendShown(p *proof, w *plain.Writer) {
	if p != nil {
		w.Name("proof")
		w.Bracket('{')
		p.append(w)
		w.Bracket('}')
	}
}

// ReadJSON implements instrument.JSONReader.
func (r *receipt) ReadJSON(text []byte) bool { return plain.Read(text, r, r.member) }

func (r *receipt) member(name string, c *plain.Cursor) bool {
	switch name {
	case "payment":
		return c.String((*string)(&r.Payment))
	case "counter":
		return c.Uint(&r.Counter)
	case "amount":
		return c.Amount(&r.Amount)
	case "statement":
		return c.Object(r.Statement.member)
	case "proof":
		return shown(&r.Proof, c)
	case "key":
		return c.String(&r.Key)
	case "signature":
		return c.Bytes(&r.Signature)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (r receipt) AppendJSON(out []byte) ([]byte, bool) {
	w := plain.Begin(out, 448)
	r.append(&w)
	return w.End()
}

func (r *receipt) append(w *plain.Writer) {
	w.SomeString("payment", string(r.Payment))
	w.SomeUint("counter", r.Counter)
	w.SomeAmount("amount", r.Amount)
	w.Name("statement")
	r.Statement.append(w)
	appendShown(r.Proof, w)
	w.String("key", r.Key)
	w.SomeBytes("signature", r.Signature)
}

// ReadJSON implements instrument.JSONReader.
func (m *transfer) ReadJSON(text []byte) bool { return plain.Read(text, m, m.member) }

func (m *transfer) member(name string, c *plain.Cursor) bool {
	switch name {
	case "account":
		return c.String(&m.Account)
	case "amount":
		return c.Amount(&m.Amount)
	case "counter":
		return c.Uint(&m.Counter)
	case "spent":
		return c.Amount(&m.Spent)
	case "signature":
		return c.Bytes(&m.Signature)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (m transfer) AppendJSON(out []byte) ([]byte, bool) {
	w := plain.Begin(out, 256)
	w.String("account", m.Account)
	w.Amount("amount", m.Amount)
	w.Uint("counter", m.Counter)
	w.Amount("spent", m.Spent)
	w.SomeBytes("signature", m.Signature)
	return w.End()
}
