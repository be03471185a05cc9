package protocol

import (
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument/plain"
)

func (p *logPart) spell(w *plain.Writer) {
	if p.Over != nil || p.Last != nil {
		w.Leave()
		return
	}
	if p.Opening != nil {
		w.Name("opening")
		p.Opening.spell(w)
	}
	if len(p.Steps) > 0 {
		w.Name("steps")
		w.Bracket('[')
		for n := range p.Steps {
			w.Item()
			p.Steps[n].spell(w)
		}
		w.Bracket(']')
	}
	if p.Open != nil {
		w.Name("open")
		p.Open.spell(w)
	}
	w.SomeUint("heard", p.Heard)
	w.SomeTrue("posted", p.Posted)
}

// room is about how long a part is.
func (p *logPart) room() int {
	room := 192
	if o := p.Opening; o != nil {
		room += 384
		for n := range o.Leased {
			room += roomOfInstance(&o.Leased[n])
		}
		if o.Offer != nil {
			room += 192 + 4*len(o.Offer.Body)/3
		}
	}
	for n := range p.Steps {
		room += 128 + len(p.Steps[n].Body)
		if a := p.Steps[n].Answer; a != nil {
			room += 64 + len(a.Message)
			if a.Instance != nil {
				room += roomOfInstance(a.Instance)
			}
		}
	}
	return room
}

func (o *opening) spell(w *plain.Writer) {
	w.Bracket('{')
	w.Name("peer")
	spellPeer(w, &o.Peer)
	w.SomeTrue("linked", o.Linked)
	spellOffer(w, o.Offer)
	spellPayer(w, o.Payer)
	w.Int("replay", int64(o.Replay))
	w.Bytes("seed", o.Seed)
	spellInstances(w, "leased", o.Leased)
	w.Bracket('}')
}

func spellPeer(w *plain.Writer, p *comm.Peer) {
	w.Bracket('{')
	w.String("name", p.Name)
	w.String("role", string(p.Role))
	w.SomeString("key", p.Key)
	spellTexts(w, "addresses", p.Addresses)
	w.SomeString("pnp", p.PNP)
	w.Bracket('}')
}

func (l *loggedAt) spell(w *plain.Writer) {
	if l.Refused != nil {
		w.Leave()
		return
	}
	w.Bracket('{')
	w.Int("n", int64(l.N))
	w.Int("kind", int64(l.Kind))
	w.Bytes("digest", l.Digest)
	if l.Answer != nil {
		w.Name("answer")
		l.Answer.spell(w)
	}
	w.SomeRaw("body", l.Body)
	w.SomeInt("mail", int64(l.Mail))
	w.SomeTrue("reads", l.Reads)
	w.Bracket('}')
}

func (a *Answer) spell(w *plain.Writer) {
	if a.Response != nil || a.Fault != nil || a.Rewind != nil {
		w.Leave()
		return
	}
	w.Bracket('{')
	w.Time("now", a.Now)
	w.SomeRaw("message", a.Message)
	w.SomeString("text", a.Text)
	if a.Instance != nil {
		w.Name("instance")
		spellInstance(w, a.Instance)
	}
	w.SomeString("found", string(a.Found))
	w.SomeTrue("done", a.Done)
	w.SomeTrue("suspended", a.Suspended)
	w.Bracket('}')
}
