package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

var ticket = sdk.Simple{
	Name: "ticket.show", Title: "Show a ticket", Class: "ticket", Operation: "SHOW", Accepted: "used", Replay: 2,
	Present: func(_ protocol.Session, _ protocol.Call, i *instrument.Instance) (protocol.Result, error) {
		if i.Status == "used" {
			return protocol.Result{}, fault.New(fault.Conflict, "used before").Because("ticket-used")
		}
		i.Status = "shown"
		return protocol.Result{Value: i.State, Amount: instrument.Amount{Currency: "CHF", Value: 3}}, nil
	},
	Accept: func(_ protocol.Session, _ protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error) {
		if string(message) == `"forged"` {
			return protocol.Result{}, fault.New(fault.Declined, "forged").Because("ticket-forged")
		}
		_, err := tx.Create(instrument.Instance{Class: "ticket", Status: "taken", State: message})
		return protocol.Result{Value: json.RawMessage(`"welcome"`)}, err
	},
}

var bundle = sdk.Bundle{
	Name: "ticket", Version: "0.1.0",
	Classes: func(r comm.Role) []instrument.Class {
		switch r {
		case comm.Vendor:
			return []instrument.Class{class{}}
		case comm.Bank: // has another view of it
			return []instrument.Class{sdk.Class{About: instrument.Info{ID: "ticket", Keys: []string{"number"}, Shareable: true, Moves: sdk.Moves("> issued")}}}
		}
		return nil
	},
	Protocols: func(comm.Role) []protocol.Protocol { return []protocol.Protocol{ticket} },
}

type class struct{}

func (class) Info() instrument.Info {
	return instrument.Info{ID: "ticket", Moves: []instrument.Move{{To: "new"}}}
}
func (class) Check(_, _ *instrument.Instance) error { return nil }
func (class) Prefer(p []string, c instrument.Circumstances) (string, error) {
	return instrument.PreferFirst(p, c), nil
}

// TestMain lets the test binary be a plugin that somebody starts by hand.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "by-hand" {
		sdk.Main(bundle)
	}
	os.Exit(m.Run())
}

func TestAPluginStartedByHandSaysWhatToDo(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(self, "by-hand").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), "swaperoo plugin add") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestABundleIsDescribedForEachRole(t *testing.T) {
	d := sdk.Describe(bundle)
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	if len(d.Roles) != 3 || len(d.View(comm.Client).Classes) != 0 || len(d.View(comm.Vendor).Classes) != 1 {
		t.Errorf("%+v", d)
	}
	if sold, issued := d.View(comm.Vendor).Classes[0], d.View(comm.Bank).Classes[0]; sold.ID != issued.ID || sold.Shareable || !issued.Shareable || !issued.Allows("", "issued") || sold.Allows("", "issued") {
		t.Errorf("at a vendor and at a bank it looks alike: %+v, %+v", sold, issued)
	}
	show := protocol.Operation{Name: "SHOW", Messages: true, Instruments: protocol.WantsMain}
	want := api.ProtocolView{
		Info: protocol.Info{ID: "ticket.show", Title: "Show a ticket", Replay: 2},
		Compatible: []api.Compatible{{Class: "ticket", Offered: []api.Offered{ // known to the client, too, though the class is the vendor's
			{Peer: comm.Client, Operations: []protocol.Operation{show}},
			{Peer: comm.Vendor, Operations: []protocol.Operation{show}},
			{Peer: comm.Bank, Operations: []protocol.Operation{show}},
		}}},
	}
	if got := d.View(comm.Client).Protocols[0]; !cmp.Equal(got, want) {
		t.Error(cmp.Diff(got, want))
	}
	if got := sdk.Describe(sdk.Bundle{Name: "empty", Version: "1"}); len(got.Roles) != 0 || got.Check() != nil {
		t.Errorf("%+v", got)
	}
}

// script is a host that answers the asking steps in order and notes all steps.
type script struct {
	answers []protocol.Answer
	steps   []protocol.Step
}

func (s *script) Exchange(_ context.Context, steps []protocol.Step) (protocol.Answer, error) {
	s.steps = append(s.steps, steps...)
	if steps[len(steps)-1].Kind == protocol.StepResult {
		return protocol.Answer{Done: true}, nil
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	return a, nil
}

func play(t *testing.T, side protocol.Side, operation, status, state string, answers ...protocol.Answer) []protocol.Step {
	t.Helper()
	b := protocol.Begin{
		Side: side, Call: protocol.Call{Operation: operation, Class: "ticket", Instruments: []instrument.ID{"t"}}, Seed: make([]byte, 32), Now: time.Unix(1, 0),
		Leased: []instrument.Instance{{ID: "t", Class: "ticket", Status: status, Version: 4, State: json.RawMessage(state)}},
	}
	s := &script{answers: answers}
	if err := protocol.Run(t.Context(), ticket, b, s, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return s.steps
}

func TestThePresentingSide(t *testing.T) {
	refused := func(k fault.Kind) protocol.Answer { return protocol.Answer{Fault: fault.New(k, "no")} }
	for name, row := range map[string]struct {
		answer protocol.Answer
		status string // in the end
		kind   fault.Kind
	}{
		"accepted":             {protocol.Answer{Message: json.RawMessage(`"welcome"`)}, "used", 0},
		"declined":             {refused(fault.Declined), "new", fault.Declined},
		"taken before":         {refused(fault.Conflict), "new", fault.Conflict},
		"nobody can know":      {refused(fault.Unknown), "shown", fault.Unknown},
		"a defect there":       {refused(fault.Internal), "shown", fault.Internal},
		"the servicer crashed": {refused(fault.Unavailable), "new", fault.Unavailable},
		"out of time":          {refused(fault.Timeout), "new", fault.Timeout},
	} {
		t.Run(name, func(t *testing.T) {
			steps := play(t, protocol.Initiator, "SHOW", "new", `"paper"`, row.answer)
			if steps[0].Kind != protocol.StepUpdate || steps[0].Writes[0].Status != "shown" || steps[1].Kind != protocol.StepSend {
				t.Fatalf("the intent is not first: %+v", steps[:2])
			}
			status := ""
			for _, s := range steps {
				if s.Kind == protocol.StepUpdate {
					status = s.Writes[0].Status
				}
			}
			end := steps[len(steps)-1]
			if status != row.status || fault.KindOf(asError(end.Fault)) != row.kind {
				t.Errorf("status %s, end %+v", status, end)
			}
			if row.kind == 0 && (string(end.Result.Value) != `"welcome"` || end.Result.Amount.Value != 3) {
				t.Errorf("result %+v", end.Result)
			}
		})
	}
	if steps := play(t, protocol.Initiator, "SHOW", "used", `"paper"`); len(steps) != 1 || steps[0].Fault.Reason != "ticket-used" {
		t.Errorf("a used one: %+v", steps)
	}
}

func TestTheAcceptingSide(t *testing.T) {
	steps := play(t, protocol.Servicer, "SHOW", "new", `"x"`, protocol.Answer{Message: json.RawMessage(`"paper"`)})
	if len(steps) != 3 || steps[1].Writes[0].Status != "taken" || string(steps[2].Result.Value) != `"welcome"` {
		t.Errorf("%+v", steps)
	}
	steps = play(t, protocol.Servicer, "SHOW", "new", `"x"`, protocol.Answer{Message: json.RawMessage(`"forged"`)})
	if len(steps) != 2 || steps[1].Fault.Reason != "ticket-forged" {
		t.Errorf("a refusal leaves something behind: %+v", steps)
	}
	steps = play(t, protocol.Servicer, "HIDE", "new", `"x"`)
	if len(steps) != 1 || steps[0].Fault.Kind != fault.Unsupported {
		t.Errorf("%+v", steps)
	}
}

func asError(f *fault.Fault) error {
	if f == nil {
		return nil
	}
	return f
}
