package sdk

import (
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/protocol"
)

// ahead asks the classes of this plugin about changes before the host does, which saves a
// question through the door for each change. It knows the instances of one run as the run's
// code knows them. A change that it cannot judge, or that a class would refuse, it leaves for
// the host to ask about.
type ahead struct {
	server *server
	role   comm.Role
	known  map[instrument.ID]instrument.Instance
	hangs  bool // a class has not answered in time: nothing more is asked in this run
}

func (s *server) ahead(role comm.Role, b protocol.Begin) *ahead {
	a := &ahead{server: s, role: role}
	a.begin(b)
	return a
}

// begin forgets everything but what the run begins with.
func (a *ahead) begin(b protocol.Begin) {
	a.known = make(map[instrument.ID]instrument.Instance, len(b.Leased))
	for _, i := range b.Leased {
		a.known[i.ID] = i
	}
	a.learn(b.Ahead)
}

// learn takes note of what code may read without asking.
func (a *ahead) learn(p *protocol.Ahead) {
	if p != nil && p.Instance != nil {
		a.known[p.Instance.ID] = *p.Instance
	}
}

// learnAnswer takes note of what the host has answered.
func (a *ahead) learnAnswer(h protocol.Answer) {
	if h.Rewind != nil {
		a.begin(*h.Rewind)
	}
	if h.Instance != nil {
		a.known[h.Instance.ID] = *h.Instance
	}
	a.learn(h.Ahead)
}

// allowed names the changes among steps that classes allow.
func (a *ahead) allowed(steps []protocol.Step) [][]byte {
	var names [][]byte
	for _, st := range steps {
		for n := range st.Writes {
			if name, ok := a.ask(&st.Writes[n]); ok {
				names = append(names, name[:])
			}
		}
	}
	return names
}

// ask asks the class about one change, and takes it as made.
func (a *ahead) ask(after *instrument.Instance) (api.Allowed, bool) {
	before, known := a.before(after)
	if !known {
		return api.Allowed{}, false
	}
	now := *after
	now.Version++
	a.known[now.ID] = now
	if !a.allows(before, &now) {
		return api.Allowed{}, false
	}
	return api.NameAllowed(a.role, before, after), true
}

// before is what a change replaces: nil, if it makes something new.
func (a *ahead) before(after *instrument.Instance) (_ *instrument.Instance, known bool) {
	if after.Version == 0 {
		return nil, true
	}
	was, ok := a.known[after.ID]
	return &was, ok && was.Version == after.Version
}

// allows is a class's word, if it has one and says it in time.
func (a *ahead) allows(before, now *instrument.Instance) bool {
	asked := a.server.classes[classView{a.role, now.Class}]
	if a.hangs || asked == nil || !asked.Info().Checks {
		return false
	}
	class, done, err := a.server.ask(string(a.role), string(now.Class))
	if err != nil {
		return false
	}
	word := make(chan bool, 1)
	go func() {
		defer done()
		refusal, err := a.server.guard("Check", func() error { return class.Check(copied(before), copied(now)) })
		word <- refusal == nil && err == nil
	}()
	select {
	case yes := <-word:
		return yes
	case <-time.After(patience): // the host's question will hang as well, and says so
		a.hangs = true
		return false
	}
}

// patience is how long a class may take that is asked ahead.
const patience = time.Second

// copied is what a class gets: it cannot change what is written.
func copied(i *instrument.Instance) *instrument.Instance {
	if i == nil {
		return nil
	}
	c := i.Clone()
	return &c
}
