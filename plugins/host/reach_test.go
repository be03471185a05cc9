//go:build linux

package host_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// reach makes or looks for an instrument of a class that its bundle does not bring, or
// does something of its own that no host takes.
func reach(ctx context.Context, s protocol.Session, c protocol.Call) (r protocol.Result, err error) {
	how := ""
	if c.Operation == "WRONG" {
		if err := c.Arguments(&how); err != nil {
			return r, err
		}
	}
	switch how {
	case "method":
		_, err = s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET IT"})
	case "slow":
		_, err = s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/", Timeout: 2 * time.Hour})
	case "choice":
		_, err = s.Ask(ctx, protocol.Prompt{Text: "which?", Choices: make([]string, 100)})
	}
	if err != nil {
		return r, err
	}
	err = s.Update(ctx, func(tx instrument.Tx) (err error) {
		if c.Operation == "FORGE" {
			_, err = tx.Create(instrument.Instance{Class: "payment-card", Status: "new"})
			return err
		}
		if c.Operation == "SEEK" {
			_, err = tx.Find("payment-card", "serial", "x")
			return err
		}
		i := instrument.Instance{Class: "thing", Status: "new", State: json.RawMessage("{}")}
		switch how {
		case "state":
			i.State = json.RawMessage(`{"a":`)
		case "status":
			i.Status = "two words"
		case "id":
			i.ID = "nonsense"
		case "owner":
			i.Owner = "two\nlines"
		case "key":
			i.Keys = map[string]string{"no key": "x"}
		case "lookup":
			_, err = tx.Find("thing", "no key", "x")
			return err
		case "many":
			for range 300 {
				if _, err := tx.Create(i); err != nil {
					return err
				}
			}
		}
		_, err = tx.Create(i)
		return err
	})
	switch how {
	case "result":
		r.Value = json.RawMessage(`{"a":`)
	case "amount":
		r.Amount = instrument.Amount{Currency: "CHF", Value: 1 << 60}
	}
	return r, err
}

// What the host ends a plugin for is the end of one operation where the SDK sees it
// first: the others of the plugin go on, and its author is told which step it was.
func TestCodeThatIsWrongDiesAlone(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	for how, want := range map[string]string{
		"state":  "step 1, Update: the state of a thing is not JSON",
		"status": `step 1, Update: "two words" is no status of a thing: one word of up to 200 bytes is`,
		"id":     `step 1, Update: "nonsense" is no id of a thing`,
		"key":    `step 1, Update: "no key" is no name of a key`,
		"lookup": `step 1, Find: "no key" is no name of a key`,
		"many":   "step 1, Update: a change of 301 instances; 256 are allowed",
		"owner":  `step 1, Update: "two\nlines" is no owner of a thing`,
		"method": `step 1, Fetch: "GET IT" is no method of a request`,
		"slow":   "step 1, Fetch: a request with a timeout of 2h0m0s; up to 1h0m0s is allowed",
		"choice": "step 1, Ask: a question with 100 choices; 64 are allowed",
		"result": "step 2, the result: the result is not JSON",
		"amount": "step 2, the result: its amount cannot be one",
	} {
		begun := begin(t, "WRONG")
		begun.Call.Args, _ = json.Marshal(how)
		err := stepperOf(t, b).RunSteps(t.Context(), begun, &outcome{})
		if fault.ReasonOf(err) != protocol.ReasonCrashed || !strings.HasSuffix(fault.From(err).Error(), "thing.do WRONG crashed: "+want) {
			t.Errorf("%s: %v", how, err)
		}
		perform(t, b, "PLAIN", nil)
	}
}

// Code that reaches for a class of others is refused, as in process. Its plugin goes on:
// the SDK does not carry to the host what the host ends a plugin for.
func TestCodeThatReachesTooFarIsRefused(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	for _, operation := range []string{"FORGE", "SEEK"} {
		var o outcome
		err := stepperOf(t, b).RunSteps(t.Context(), begin(t, operation), &o)
		if err != nil || fault.KindOf(o.last.Fault) != fault.Denied || fault.ReasonOf(o.last.Fault) != "class-not-granted" {
			t.Errorf("%s: %v, and the operation ends with %+v", operation, err, o.last.Fault)
		}
	}
	perform(t, b, "PLAIN", nil)
}
