package instrument_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestHungCheck: a class that hangs while it is asked holds up nobody else.
func TestHungCheck(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	p := open(t, class{id: "pool"}, class{id: "purse", check: func(_, after *instrument.Instance) error {
		if after.Name == "hang" {
			close(asked)
			<-answer
			return fault.New(fault.Declined, "after all, no")
		}
		return nil
	}})
	id := p.create(t, number("pool", 0))
	done := make(chan struct{})
	go func() {
		defer close(done)
		hung := number("purse", 1)
		hung.Name = "hang"
		wants(t, p.Update(t.Context(), func(d *instrument.Draft) error { _, err := d.Create(hung); return err }), fault.Declined, "")
	}()
	wait(t, asked, "the class is asked")
	if err := p.Update(t.Context(), add(id, 1)); err != nil { // the writer is free
		t.Error(err)
	}
	p.create(t, number("purse", 2)) // and so is the class itself
	close(answer)
	wait(t, done, "the hung one ends")
}

// TestCheck: a class is asked for each change, sees what was and what will be,
// and cannot alter it.
func TestCheck(t *testing.T) {
	var seen []string
	p := open(t, class{id: "purse", check: func(old, after *instrument.Instance) error {
		was := "nothing"
		if old != nil {
			was = fmt.Sprintf("%s v%d", old.State, old.Version)
			old.State[0] = 'x'
		}
		seen = append(seen, fmt.Sprintf("%s to %s v%d", was, after.State, after.Version))
		after.State[0], after.Owner = 'x', "mallory"
		return nil
	}})
	id := p.create(t, number("purse", 1))
	refused := edit(id, func(i *instrument.Instance) { i.Status = "lost" }) // whatever the class says
	wants(t, p.Update(t.Context(), refused), fault.Conflict, "move-refused")
	if err := p.Update(t.Context(), func(d *instrument.Draft) error { return errors.Join(add(id, 1)(d), add(id, 1)(d)) }); err != nil {
		t.Fatal(err)
	}
	if want := "[nothing to 1 v1 1 v1 to 2 v2 2 v2 to 3 v3]"; fmt.Sprint(seen) != want {
		t.Errorf("the class saw %v", seen)
	}
	if i := p.view(t, id); string(i.State) != "3" || i.Owner != "gary" {
		t.Errorf("stored: %+v", i)
	}
}
