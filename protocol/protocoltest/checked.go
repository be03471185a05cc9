package protocoltest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Checked is p with every Update closure run twice: first against a scratch
// copy, then for real. A closure that writes or returns something else the
// second time accumulates, or looks at a clock, and fails the test. A protocol
// whose code runs elsewhere (protocol.Stepper) is returned as it is.
func Checked(t testing.TB, p protocol.Protocol) protocol.Protocol {
	if _, elsewhere := p.(protocol.Stepper); elsewhere {
		return p
	}
	return checked{p, t}
}

type checked struct {
	protocol.Protocol
	t testing.TB
}

func (c checked) DoOperation(ctx context.Context, s protocol.Session, call protocol.Call) (protocol.Result, error) {
	return c.Protocol.DoOperation(ctx, checkedSession{s, c.t, c.Info().ID + " " + call.Operation}, call)
}

type checkedSession struct {
	protocol.Session
	t    testing.TB
	what string
}

func (s checkedSession) Update(ctx context.Context, f func(instrument.Tx) error) error {
	return s.Session.Update(ctx, func(tx instrument.Tx) error {
		first := newPass(tx, true)
		err1 := f(first)
		if suspended(err1) {
			return err1
		}
		second := newPass(tx, false)
		second.found = first.found
		err2 := f(second)
		if suspended(err2) {
			return err2
		}
		if fmt.Sprint(err1) != fmt.Sprint(err2) {
			s.t.Errorf("%s: an Update closure returned %v, and run again %v", s.what, err1, err2)
		}
		if err1 == nil && err2 == nil && !bytes.Equal(first.text(), second.text()) {
			s.t.Errorf("%s: an Update closure wrote\n%s\nand run again\n%s", s.what, first.text(), second.text())
		}
		return err2
	})
}

func suspended(err error) bool { return fault.KindOf(err) == fault.Suspended }

// pass is one run of a closure. A dry one keeps its writes to itself.
type pass struct {
	tx      instrument.Tx
	dry     bool
	local   map[instrument.ID]instrument.Instance
	found   map[string]answer
	writes  []instrument.Instance
	created []instrument.ID
}

type answer struct {
	id  instrument.ID
	err error
}

func newPass(tx instrument.Tx, dry bool) *pass {
	return &pass{tx: tx, dry: dry, local: map[instrument.ID]instrument.Instance{}, found: map[string]answer{}}
}

func (p *pass) Get(id instrument.ID) (instrument.Instance, error) {
	if i, ok := p.local[id]; ok {
		return i.Clone(), nil
	}
	return p.tx.Get(id)
}

// Find asks once for both passes: each look-up that leaves is a step.
func (p *pass) Find(class instrument.ClassID, key, value string) (instrument.ID, error) {
	for _, i := range p.local {
		if i.Class == class && value != "" && i.Keys[key] == value {
			return i.ID, nil
		}
	}
	name := fmt.Sprintf("%q %q %q", class, key, value)
	if a, ok := p.found[name]; ok {
		return a.id, a.err
	}
	id, err := p.tx.Find(class, key, value)
	p.found[name] = answer{id, err}
	return id, err
}

func (p *pass) Create(i instrument.Instance) (instrument.ID, error) {
	if p.dry && i.ID == "" {
		id, err := instrument.NewID(time.Unix(0, 0), rand.Reader)
		if err != nil {
			return "", err
		}
		i.ID = id
	}
	if !p.dry {
		id, err := p.tx.Create(i)
		if err != nil {
			return "", err
		}
		i.ID = id
	}
	i.Version = 0
	p.created = append(p.created, i.ID)
	p.note(i)
	return i.ID, nil
}

func (p *pass) Put(i instrument.Instance) error {
	if !p.dry {
		if err := p.tx.Put(i); err != nil {
			return err
		}
	}
	p.note(i)
	return nil
}

func (p *pass) note(i instrument.Instance) {
	p.local[i.ID] = i.Clone()
	p.writes = append(p.writes, i.Clone())
}

// text is what was written, with the ids of new instances by their order, for
// those of a dry pass are not the real ones.
func (p *pass) text() []byte {
	text, err := json.Marshal(p.writes)
	if err != nil {
		return []byte(err.Error())
	}
	for n, id := range p.created {
		text = bytes.ReplaceAll(text, []byte(id), fmt.Appendf(nil, "new %d", n))
	}
	return text
}
