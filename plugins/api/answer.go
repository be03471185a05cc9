package api

import (
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/protocol"
)

// WriteAnswer is what the host says to an exchange.
func WriteAnswer(a protocol.Answer) *wire.Answer {
	w := &wire.Answer{Now: writeTime(a.Now), Ahead: writeAhead(a.Ahead)}
	switch {
	case a.Suspended:
		w.Body = &wire.Answer_Suspended{Suspended: true}
	case a.Rewind != nil:
		w.Body = &wire.Answer_Rewind{Rewind: WriteBegin(*a.Rewind, "")}
	case a.Done:
		w.Body = &wire.Answer_Done{Done: true}
	case a.Fault != nil:
		w.Body = &wire.Answer_Fault{Fault: WriteFault(a.Fault)}
	case a.Response != nil:
		w.Body = &wire.Answer_Response{Response: &wire.Response{Status: int32(a.Response.Status), Header: texts(a.Response.Header), Body: a.Response.Body}}
	case a.Instance != nil:
		w.Body = &wire.Answer_Instance{Instance: WriteInstance(*a.Instance)}
	case a.Found != "":
		w.Body = &wire.Answer_Found{Found: string(a.Found)}
	case a.Text != "":
		w.Body = &wire.Answer_Text{Text: text(a.Text)}
	case len(a.Message) > 0:
		w.Body = &wire.Answer_Message{Message: a.Message}
	}
	return w
}

// ReadAnswer is the reverse; parts are what came before of a long response.
func ReadAnswer(w *wire.Answer, parts []byte) (a protocol.Answer, err error) {
	if a.Now, err = readTime(w.GetNow()); err != nil {
		return a, err
	}
	if a.Ahead, err = readAhead(w.GetAhead()); err != nil {
		return a, err
	}
	switch b := w.GetBody().(type) {
	case *wire.Answer_Suspended:
		a.Suspended = true
	case *wire.Answer_Rewind:
		again, _, failed := ReadBegin(b.Rewind)
		a.Rewind, err = &again, failed
	case *wire.Answer_Done:
		a.Done = true
	case *wire.Answer_Fault:
		a.Fault = ReadFault(b.Fault)
	case *wire.Answer_Response:
		a.Response = &protocol.Response{Status: int(b.Response.GetStatus()), Header: b.Response.GetHeader(), Body: append(parts, b.Response.GetBody()...)}
	case *wire.Answer_Instance:
		i, failed := ReadInstance(b.Instance)
		a.Instance, err = &i, failed
	case *wire.Answer_Found:
		a.Found = instrument.ID(b.Found)
	case *wire.Answer_Text:
		a.Text = b.Text
	case *wire.Answer_Message:
		a.Message = b.Message
	}
	return a, err
}
