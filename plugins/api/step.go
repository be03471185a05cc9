package api

import (
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/protocol"
)

// WriteSteps is one exchange, as the plugin sends it.
func WriteSteps(steps []protocol.Step) *wire.Steps {
	return &wire.Steps{Steps: each(steps, writeStep)}
}

func writeStep(s protocol.Step) *wire.Step {
	w := &wire.Step{N: uint32(s.N)}
	switch s.Kind {
	case protocol.StepSend:
		w.Body = &wire.Step_Send{Send: s.Body}
	case protocol.StepUpdate:
		w.Body = &wire.Step_Update{Update: &wire.Update{Writes: each(s.Writes, WriteInstance)}}
	case protocol.StepResult:
		w.Body = &wire.Step_Result{Result: writeOutcome(s)}
	case protocol.StepRecv:
		w.Body = &wire.Step_Recv{Recv: &wire.Recv{}}
	case protocol.StepFetch:
		w.Body = &wire.Step_Fetch{Fetch: writeFetch(s.Fetch)}
	case protocol.StepAsk:
		w.Body = &wire.Step_Ask{Ask: &wire.Prompt{Text: s.Prompt.Text, Choices: s.Prompt.Choices, Secret: s.Prompt.Secret}}
	case protocol.StepGet:
		w.Body = &wire.Step_Get{Get: string(s.Get)}
	case protocol.StepFind:
		w.Body = &wire.Step_Find{Find: &wire.Lookup{Class: string(s.Find.Class), Key: s.Find.Key, Value: s.Find.Value}}
	}
	return w
}

func writeOutcome(s protocol.Step) *wire.Outcome {
	if s.Fault != nil {
		return &wire.Outcome{Fault: WriteFault(s.Fault)}
	}
	return &wire.Outcome{Result: writeResult(*s.Result)}
}

func writeFetch(f *protocol.Request) *wire.Fetch {
	return &wire.Fetch{
		Address: string(f.Address), Method: f.Method, Path: f.Path, Header: f.Header, Body: f.Body,
		Timeout: int64(f.Timeout), Limit: f.Limit, Repeat: f.Repeat,
	}
}

// ReadSteps is one exchange as it came. It has at least one step, each step is
// complete, and what must be JSON is. Numbers and order are the host's to judge.
func ReadSteps(w *wire.Steps) ([]protocol.Step, error) {
	if n := len(w.GetSteps()); n == 0 || n > MaxSteps {
		return nil, badFrame("a frame of %d steps", n)
	}
	steps := make([]protocol.Step, len(w.GetSteps()))
	for i, s := range w.GetSteps() {
		var err error
		if steps[i], err = readStep(s); err != nil {
			return nil, badFrame("step %d: %s", s.GetN(), fault.From(err).Message)
		}
	}
	return steps, nil
}

func readStep(w *wire.Step) (s protocol.Step, err error) {
	s.N = int(w.GetN())
	switch b := w.GetBody().(type) {
	case *wire.Step_Send:
		s.Kind, s.Body = protocol.StepSend, b.Send
		if len(b.Send) == 0 {
			return s, badFrame("a message without a body")
		}
		err = checkJSON(b.Send, "a message")
	case *wire.Step_Update:
		s.Kind = protocol.StepUpdate
		s.Writes, err = readInstances(b.Update.GetWrites())
	case *wire.Step_Result:
		s.Kind = protocol.StepResult
		err = readOutcome(&s, b.Result)
	case *wire.Step_Recv:
		s.Kind = protocol.StepRecv
	case *wire.Step_Fetch:
		s.Kind, s.Fetch = protocol.StepFetch, readFetch(b.Fetch)
	case *wire.Step_Ask:
		s.Kind = protocol.StepAsk
		s.Prompt = &protocol.Prompt{Text: b.Ask.GetText(), Choices: b.Ask.GetChoices(), Secret: b.Ask.GetSecret()}
	case *wire.Step_Get:
		s.Kind, s.Get = protocol.StepGet, instrument.ID(b.Get)
	case *wire.Step_Find:
		s.Kind = protocol.StepFind
		s.Find = &protocol.Lookup{Class: instrument.ClassID(b.Find.GetClass()), Key: b.Find.GetKey(), Value: b.Find.GetValue()}
	default:
		err = badFrame("a step of a kind that this version does not know")
	}
	return s, err
}

func readOutcome(s *protocol.Step, w *wire.Outcome) (err error) {
	switch {
	case w.GetFault() != nil:
		s.Fault = ReadFault(w.GetFault())
	case w.GetResult() != nil:
		s.Result, err = readResult(w.GetResult())
	default:
		err = badFrame("a result that says nothing")
	}
	return err
}

func readFetch(w *wire.Fetch) *protocol.Request {
	return &protocol.Request{
		Address: instrument.ID(w.GetAddress()), Method: w.GetMethod(), Path: w.GetPath(), Header: w.GetHeader(), Body: w.GetBody(),
		Timeout: time.Duration(w.GetTimeout()), Limit: w.GetLimit(), Repeat: w.GetRepeat(),
	}
}
