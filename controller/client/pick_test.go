package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
)

// Where a vendor takes several classes that the wallet holds, the person picks the instrument,
// and with it the class. Nobody picks for them.
func TestThePersonPicksAmongClasses(t *testing.T) {
	left := errors.New("the person has left")
	for _, row := range []struct {
		name   string
		pick   func(*market) (instrument.ID, error) // nil: nobody is there to be asked
		says   string
		reason fault.Reason
		has    string
	}{
		{"one of the second class", func(m *market) (instrument.ID, error) { return m.blue, nil }, "", "", "ready used ready; 1 taken"},
		{"one that the vendor does not take", func(*market) (instrument.ID, error) { return "none", nil }, "that instrument does not pay here", "instrument-missing", "ready ready ready; 0 taken"},
		{"none, and leaves", func(*market) (instrument.ID, error) { return "", left }, "", "", "ready ready ready; 0 taken"},
		{"with nobody to ask", nil, "takes 3 classes that this wallet holds", "input-needed", "ready ready ready; 0 taken"},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := openMarket(t)
			want := client.Payment{Peer: m.peer, Operation: m.operation(t, "k"), Amount: amount(t, "CHF:4")}
			asked := 0
			if row.pick != nil {
				want.Choose = func(_ context.Context, all []client.Choice) (instrument.ID, error) {
					asked++
					if len(all) != 3 {
						t.Errorf("shown %+v", all)
					}
					return row.pick(m)
				}
			}
			_, err := m.Pay(t.Context(), want, agreed)
			switch {
			case strings.Contains(row.name, "leaves"):
				if !errors.Is(err, left) {
					t.Errorf("ended by %v", err)
				}
			case fault.ReasonOf(err) != row.reason || row.says != "" && !strings.Contains(fault.From(err).Message, row.says):
				t.Errorf("ended by %v", err)
			}
			if row.pick == nil && !strings.Contains(fault.From(err).Hint, "--class blue or --class green or --class red") {
				t.Errorf("a script is told to %s", fault.From(err).Hint)
			}
			if (asked == 1) != (row.pick != nil) || m.has() != row.has {
				t.Errorf("asked %d times, and then %s", asked, m.has())
			}
		})
	}
}

// Who says the class, and has several instruments of it, picks among these alone.
func TestThePersonPicksWithinAClass(t *testing.T) {
	m := openMarket(t)
	other := m.voucher("red", 9)
	want := client.Payment{Peer: m.peer, Class: "red", Amount: amount(t, "CHF:4")}
	if _, err := m.Pay(t.Context(), want, agreed); fault.ReasonOf(err) != "input-needed" || !strings.Contains(fault.From(err).Hint, "--instrument") {
		t.Errorf("nobody to ask: %v", err)
	}
	left := errors.New("the person has left")
	want.Choose = func(context.Context, []client.Choice) (instrument.ID, error) { return "", left }
	if _, err := m.Pay(t.Context(), want, agreed); !errors.Is(err, left) || m.has() != "ready ready ready; 0 taken" {
		t.Errorf("left: %v, and then %s", err, m.has())
	}
	want.Choose = func(_ context.Context, all []client.Choice) (instrument.ID, error) {
		if len(all) != 2 || all[0].With.Class != "red" || all[1].With.Class != "red" {
			t.Errorf("shown %+v", all)
		}
		return other, nil
	}
	paid, err := m.Pay(t.Context(), want, agreed)
	if err != nil || paid.Instrument != other || m.party.View(t, other).Status != "used" || m.has() != "ready ready ready; 1 taken" {
		t.Errorf("paid with %s: %v, and then %s", paid.Instrument, err, m.has())
	}
}

// Who wants to pay with what cannot pay reads why, and nothing has left.
func TestWhatCannotPayIsNamed(t *testing.T) {
	m := openMarket(t)
	used := m.red
	if _, err := m.Pay(t.Context(), client.Payment{Peer: m.peer, Instrument: used, Amount: amount(t, "CHF:4")}, agreed); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name   string
		want   client.Payment
		kind   fault.Kind
		reason fault.Reason
		says   string
	}{
		{"one that is used", client.Payment{Instrument: used, Amount: amount(t, "CHF:4")}, fault.Conflict, "instrument-unusable", "it is used"},
		{"one that is not there", client.Payment{Instrument: "nothing", Amount: amount(t, "CHF:4")}, fault.NotFound, "", ""},
		{"a class of which there is none left", client.Payment{Class: "red", Amount: amount(t, "CHF:4")}, fault.NotFound, "instrument-missing", "no red that can be used"},
		{"a class that nobody has", client.Payment{Class: "purple", Amount: amount(t, "CHF:4")}, fault.Unsupported, "class-unknown", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.want.Peer = m.peer
			_, err := m.Pay(t.Context(), row.want, agreed)
			if f := fault.From(err); f == nil || f.Kind != row.kind || row.reason != "" && f.Reason != row.reason || !strings.Contains(f.Message, row.says) {
				t.Errorf("ended by %v", err)
			}
			if m.has() != "used ready ready; 1 taken" {
				t.Errorf("then %s", m.has())
			}
		})
	}
}
