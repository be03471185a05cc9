package protocol

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/plain"
)

// The functions below write what each operation writes: its row, log, journal entry and digests. They write what
// encoding/json would, to the byte, because digests are compared with those of earlier versions of this program. Rare
// values they leave to encoding/json (plain.Writer.Leave).

// textOf is the document of v: what was written to w or, if something was left, what encoding/json makes of v.
func textOf[T any](w *plain.Writer, v *T) ([]byte, error) {
	if text, ok := w.End(); ok {
		return text, nil
	}
	return json.Marshal(*v)
}

func (st *Step) spell(w *plain.Writer) {
	if st.Fault != nil || st.Fetch != nil || st.Prompt != nil {
		w.Leave()
		return
	}
	w.Int("n", int64(st.N))
	w.Int("kind", int64(st.Kind))
	w.SomeRaw("body", st.Body)
	spellInstances(w, "writes", st.Writes)
	if st.Result != nil {
		w.Name("result")
		w.Bracket('{')
		st.Result.spell(w)
		w.Bracket('}')
	}
	w.SomeString("get", string(st.Get))
	if st.Find != nil {
		w.Name("find")
		w.Bracket('{')
		w.String("class", string(st.Find.Class))
		w.String("key", st.Find.Key)
		w.String("value", st.Find.Value)
		w.Bracket('}')
	}
}

// room is about how long a step is.
func (st *Step) room() int {
	room := 64 + len(st.Body)
	if st.Result != nil {
		room += 64 + len(st.Result.Value)
	}
	for n := range st.Writes {
		room += roomOfInstance(&st.Writes[n])
	}
	return room
}

func (r *Result) spell(w *plain.Writer) {
	w.SomeRaw("value", r.Value)
	w.SomeAmount("amount", r.Amount)
}

func spellInstances(w *plain.Writer, name string, list []instrument.Instance) {
	if len(list) == 0 {
		return
	}
	w.Name(name)
	w.Bracket('[')
	for n := range list {
		w.Item()
		spellInstance(w, &list[n])
	}
	w.Bracket(']')
}

func roomOfInstance(i *instrument.Instance) int { return 320 + len(i.State) }

func spellInstance(w *plain.Writer, i *instrument.Instance) {
	w.Bracket('{')
	w.String("id", string(i.ID))
	w.String("class", string(i.Class))
	w.String("owner", string(i.Owner))
	w.SomeString("name", i.Name)
	w.String("status", i.Status)
	w.SomePairs("keys", i.Keys)
	w.Int("version", i.Version)
	w.Raw("state", i.State)
	w.Bracket('}')
}

func (c *Call) spell(w *plain.Writer) {
	w.String("operation", c.Operation)
	w.String("class", string(c.Class))
	spellTexts(w, "instruments", c.Instruments)
	w.SomePairs("invoice", c.Invoice)
	w.SomeRaw("args", c.Args)
	if o := c.Offer; o != nil {
		w.Name("offer")
		w.Bracket('{')
		w.String("id", o.ID)
		w.String("class", string(o.Class))
		w.Name("terms")
		w.Bracket('{')
		w.Amount("price", o.Terms.Price)
		w.SomeString("text", o.Terms.Text)
		w.Bracket('}')
		w.Pairs("invoice", o.Invoice)
		w.Bytes("transcript", o.Transcript)
		w.SomeString("payer", o.Payer)
		w.Time("until", o.Until)
		w.Bracket('}')
	}
	w.SomeTime("deadline", c.Deadline)
}

// room is about how long a call is.
func (c *Call) room() int { return 480 + len(c.Args) }

func (a *digested) spell(w *plain.Writer) {
	w.String("Side", string(a.Side))
	w.String("Protocol", a.Protocol)
	w.Name("Call")
	w.Bracket('{')
	a.Call.spell(w)
	w.Bracket('}')
}

// rowText is the rowBody of a call and its end, which is nil of one that runs.
func rowText(c *Call, end *outcome) ([]byte, error) {
	w := plain.Begin(nil, c.room()+end.room())
	w.Name("call")
	w.Bracket('{')
	c.spell(&w)
	w.Bracket('}')
	if end != nil {
		w.Name("end")
		end.spell(&w)
	}
	if text, ok := w.End(); ok {
		return text, nil
	}
	call, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return json.Marshal(rowBody{Call: call, End: end})
}

// room is about how long an end is.
func (o *outcome) room() int {
	if o == nil {
		return 0
	}
	room := 64 + roomOf(o.Msgs)
	if o.Result != nil {
		room += len(o.Result.Value)
	}
	return room
}

func (o *outcome) spell(w *plain.Writer) {
	if o.Fault != nil {
		w.Leave()
		return
	}
	w.Bracket('{')
	if o.Result != nil {
		w.Name("result")
		w.Bracket('{')
		o.Result.spell(w)
		w.Bracket('}')
	}
	w.SomeUint("have", o.Have)
	spellMessages(w, o.Msgs)
	w.Bracket('}')
}

// roomOf is about how long messages are.
func roomOf(list []comm.Message) (room int) {
	for n := range list {
		room += 64 + len(list[n].Body)
	}
	return room
}

// spellTexts writes a list of texts, and leaves it out if there are none.
func spellTexts[T ~string](w *plain.Writer, name string, list []T) {
	if len(list) == 0 {
		return
	}
	w.Name(name)
	w.Bracket('[')
	for _, text := range list {
		w.Item()
		w.Text(string(text))
	}
	w.Bracket(']')
}

func spellMessages(w *plain.Writer, list []comm.Message) {
	if len(list) == 0 {
		return
	}
	w.Name("msgs")
	w.Bracket('[')
	for _, m := range list {
		w.Item()
		w.Bracket('{')
		w.Uint("n", m.N)
		w.Raw("body", m.Body)
		w.Bracket('}')
	}
	w.Bracket(']')
}

func (t *Transacted) spell(w *plain.Writer) {
	if t.Fault != nil {
		w.Leave()
		return
	}
	w.String("operation", string(t.Operation))
	w.String("side", string(t.Side))
	w.String("protocol", t.Protocol)
	w.String("name", t.Name)
	w.SomeString("class", string(t.Class))
	w.SomeString("principal", string(t.Principal))
	w.SomeString("peer", t.Peer)
	w.SomeAmount("amount", t.Amount)
	w.SomePairs("invoice", t.Invoice)
	w.SomeRaw("result", t.Result)
}

// transacted is Transacted as it goes into the journal. Transacted itself must not have AppendJSON: types that embed it
// would write only that part of themselves.
type transacted struct{ Transacted }

// AppendJSON implements instrument.JSONWriter.
func (t transacted) AppendJSON(out []byte) ([]byte, bool) {
	w := plain.Begin(out, 384+len(t.Result))
	t.spell(&w)
	return w.End()
}
