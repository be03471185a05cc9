package wallet

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestAScriptWithAByteOrderMark begins as one without.
func TestAScriptWithAByteOrderMark(t *testing.T) {
	e := &cli.Env{Out: io.Discard, Err: io.Discard}
	err := (&steps{w: &wallet{env: e}}).follow(t.Context(), bufio.NewScanner(strings.NewReader("\ufeff# what it does\n")), false)
	if err != nil {
		t.Error(err)
	}
}

// TestWhatWasToBeRefusedAndWasNot: a script ends there; a person is told, and goes on.
func TestWhatWasToBeRefusedAndWasNot(t *testing.T) {
	net, bundles := inproc.NewNetwork(), []protocol.Bundle{controllertest.Tickets()}
	from := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: bundles})
	to := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: bundles})
	s, err := from.InitiateSession(t.Context(), to.Listen(t, controllertest.Inspector{Price: instrument.Amount{Currency: "CHF", Value: 5}}), controller.Login{})
	if err != nil {
		t.Fatal(err)
	}
	const typed = "! nonsense\n! classes\nclasses\nclose\nclasses\n"
	for name, row := range map[string]struct {
		person bool
		said   []string
		reason fault.Reason
	}{
		"a script": {false, []string{"refused step-unknown", "classes"}, "not-refused"},
		"a person": {true, []string{"refused step-unknown", "classes", "refused not-refused", "classes"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			e := &cli.Env{Out: &out, Err: io.Discard, JSON: true}
			err := (&steps{w: &wallet{env: e}, s: s}).follow(t.Context(), bufio.NewScanner(strings.NewReader(typed)), row.person)
			if fault.ReasonOf(err) != row.reason {
				t.Errorf("it ends with %v", err)
			}
			var said []string
			for d := json.NewDecoder(&out); d.More(); {
				var line struct {
					Step  string
					Error struct{ Reason string }
				}
				if err := d.Decode(&line); err != nil {
					t.Fatal(err)
				}
				said = append(said, strings.TrimSpace(line.Step+" "+line.Error.Reason))
			}
			if !slices.Equal(said, row.said) {
				t.Errorf("it says %q", said)
			}
		})
	}
}

// A line that is no step is told as what it is, not as a defect.
func TestAStepThatIsTooLong(t *testing.T) {
	e := &cli.Env{Out: io.Discard, Err: io.Discard}
	text := "# " + strings.Repeat("x", bufio.MaxScanTokenSize)
	err := (&steps{w: &wallet{env: e}}).follow(t.Context(), bufio.NewScanner(strings.NewReader(text)), false)
	if fault.ReasonOf(err) != "step-too-long" || cli.ExitCode(err) != cli.ExitUsage {
		t.Errorf("%v", err)
	}
}

// TestAStepWithMoreThanItHasUseFor is refused before the peer hears of it: who names two
// classes would take the second for negotiated, too.
func TestAStepWithMoreThanItHasUseFor(t *testing.T) {
	s := &steps{w: &wallet{env: &cli.Env{Out: io.Discard, Err: io.Discard}}}
	for _, text := range []string{"protocols coupon card", "operations coupon PAY", "instruments coupon summer", "close now"} {
		err := s.take(t.Context(), text)
		if fault.ReasonOf(err) != "argument-unknown" || cli.ExitCode(err) != cli.ExitUsage {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestAStepSaysWhatThePeerHasSaid: a result is anybody's JSON, and its operation is done
// whatever it says.
func TestAStepSaysWhatThePeerHasSaid(t *testing.T) {
	for text, want := range map[string]string{
		`{"n":1e400,"n":2,"m":[1e400]}`: `{"class":"beads","name":"DO","step":"execute","value":{"m":[1e400],"n":2}}`,
		`9007199254740993`:              `{"class":"beads","name":"DO","step":"execute","value":9007199254740993}`,
		`{"z":1,"a":{"step":"x"}}`:      `{"class":"beads","name":"DO","step":"execute","value":{"a":{"step":"x"},"z":1}}`,
	} {
		var out bytes.Buffer
		s := steps{w: &wallet{env: &cli.Env{Out: &out, Err: io.Discard, JSON: true}}}
		err := s.print("execute", executed{"beads", "DO", "", protocol.Result{Value: json.RawMessage(text)}})
		if err != nil || out.String() != want+"\n" {
			t.Errorf("%s is said as %s, %v", text, out.String(), err)
		}
	}
}

// A refusal in a session says what helps against it, where that is known by its reason: the
// peer's fault crosses the line without a hint. What nothing is known of gets none.
func TestARefusalOfAStepSaysWhatHelps(t *testing.T) {
	for reason, want := range map[fault.Reason]string{"reference-reused": "`classes`", "unheard-of": ""} {
		var out bytes.Buffer
		s := steps{w: &wallet{env: &cli.Env{Out: &out, Err: io.Discard}}}
		if err := s.refuse(fault.New(fault.Conflict, "no").Because(reason)); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); !strings.Contains(got, want) || strings.Contains(got, " — ") != (want != "") {
			t.Errorf("%s is told as %q", reason, got)
		}
	}
}
