package protocol

import (
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument/plain"
)

// Asked is comm.Execute, the request that begins or resumes the peer's run, with JSON that is read and written without
// reflection. The reader takes the spelling of our own writer; any other spelling, and requests with proofs of further
// keys, are left to encoding/json.
type Asked comm.Execute

// Told is comm.Executed, the answer to Asked, likewise. One with a fault is left to encoding/json.
type Told comm.Executed

// ReadJSON implements instrument.JSONReader.
func (e *Asked) ReadJSON(text []byte) bool { return plain.Read(text, e, e.member) }

func (e *Asked) member(name string, c *plain.Cursor) bool {
	switch name {
	case "op":
		return c.String(&e.Op)
	case "call":
		return c.Object((*sentCall)(&e.Call).member)
	case "msgs":
		return readMessages(&e.Msgs, c)
	case "have":
		return c.Uint(&e.Have)
	case "ended":
		return e.Ended == nil && c.List(func(c *plain.Cursor) bool {
			var id string
			read := c.String(&id)
			e.Ended = append(e.Ended, id)
			return read
		})
	}
	return false
}

type sentCall comm.Call

func (s *sentCall) member(name string, c *plain.Cursor) bool {
	switch name {
	case "protocol":
		return c.String(&s.Protocol)
	case "replay":
		var n int64
		read := c.Int(&n)
		s.Replay = int(n)
		return read && int64(s.Replay) == n
	case "operation":
		return c.String(&s.Operation)
	case "class":
		return c.String(&s.Class)
	case "args":
		return s.Args == nil && c.Raw(&s.Args)
	case "offer":
		if s.Offer != nil {
			return false
		}
		s.Offer = new(comm.Offer)
		return c.Object((*sentOffer)(s.Offer).member)
	case "payer":
		if s.Payer != nil {
			return false
		}
		s.Payer = new(comm.Payer)
		return c.Object((*sentPayer)(s.Payer).member)
	case "deadline":
		return c.Text(s.Deadline.UnmarshalText)
	}
	return false
}

type sentOffer comm.Offer

func (o *sentOffer) member(name string, c *plain.Cursor) bool {
	switch name {
	case "body":
		return c.Bytes(&o.Body)
	case "signature":
		return c.Bytes(&o.Signature)
	}
	return false
}

type sentPayer comm.Payer

func (p *sentPayer) member(name string, c *plain.Cursor) bool {
	switch name {
	case "counter":
		return c.Uint(&p.Counter)
	case "expiry":
		return c.Text(p.Expiry.UnmarshalText)
	case "signature":
		return c.Bytes(&p.Signature)
	}
	return false
}

func readMessages(into *[]comm.Message, c *plain.Cursor) bool {
	return *into == nil && c.List(func(c *plain.Cursor) bool {
		var m sentMessage
		read := c.Object(m.member)
		*into = append(*into, comm.Message(m))
		return read
	})
}

type sentMessage comm.Message

func (m *sentMessage) member(name string, c *plain.Cursor) bool {
	switch name {
	case "n":
		return c.Uint(&m.N)
	case "body":
		return c.Raw(&m.Body)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (e Asked) AppendJSON(out []byte) ([]byte, bool) {
	room := 1024 + len(e.Call.Args) + roomOf(e.Msgs)
	if e.Call.Offer != nil {
		room += 2 * len(e.Call.Offer.Body)
	}
	w := plain.Begin(out, room)
	w.String("op", e.Op)
	w.Name("call")
	(*sentCall)(&e.Call).spell(&w)
	spellMessages(&w, e.Msgs)
	w.Uint("have", e.Have)
	spellTexts(&w, "ended", e.Ended)
	return w.End()
}

func (s *sentCall) spell(w *plain.Writer) {
	w.Bracket('{')
	w.String("protocol", s.Protocol)
	w.SomeInt("replay", int64(s.Replay))
	w.String("operation", s.Operation)
	w.String("class", s.Class)
	w.SomeRaw("args", s.Args)
	spellOffer(w, s.Offer)
	spellPayer(w, s.Payer)
	w.SomeTime("deadline", s.Deadline)
	w.Bracket('}')
}

func spellOffer(w *plain.Writer, o *comm.Offer) {
	if o == nil {
		return
	}
	w.Name("offer")
	w.Bracket('{')
	w.Bytes("body", o.Body)
	w.Bytes("signature", o.Signature)
	w.Bracket('}')
}

func spellPayer(w *plain.Writer, p *comm.Payer) {
	if p == nil {
		return
	}
	if len(p.Proofs) > 0 {
		w.Leave()
	}
	w.Name("payer")
	w.Bracket('{')
	w.Uint("counter", p.Counter)
	w.Time("expiry", p.Expiry)
	w.Bytes("signature", p.Signature)
	w.Bracket('}')
}

// ReadJSON implements instrument.JSONReader.
func (e *Told) ReadJSON(text []byte) bool { return plain.Read(text, e, e.member) }

func (e *Told) member(name string, c *plain.Cursor) bool {
	switch name {
	case "op":
		return c.String(&e.Op)
	case "have":
		return c.Uint(&e.Have)
	case "msgs":
		return readMessages(&e.Msgs, c)
	case "result":
		return e.Result == nil && c.Raw(&e.Result)
	case "receipt":
		return c.Bytes(&e.Receipt)
	case "again":
		return c.True(&e.Again)
	}
	return false
}

// AppendJSON implements instrument.JSONWriter.
func (e Told) AppendJSON(out []byte) ([]byte, bool) {
	w := plain.Begin(out, 512+len(e.Result)+roomOf(e.Msgs))
	if e.Fault != nil {
		w.Leave()
	}
	w.String("op", e.Op)
	w.Uint("have", e.Have)
	spellMessages(&w, e.Msgs)
	w.SomeRaw("result", e.Result)
	w.SomeBytes("receipt", e.Receipt)
	w.SomeTrue("again", e.Again)
	return w.End()
}
