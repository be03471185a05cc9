package protocol

import "github.com/swaperoo/swaperoo/instrument"

// roll is a list of instances by id, in the order in which they were added. Nearly always there
// is one, for which a map would take ten times the room; some operations have hundreds.
type roll struct {
	list []instrument.Instance
	at   map[instrument.ID]int // once there are more than few
}

const few = 8

func (r *roll) find(id instrument.ID) (int, bool) {
	if r.at != nil {
		n, ok := r.at[id]
		return n, ok
	}
	for n := range r.list {
		if r.list[n].ID == id {
			return n, true
		}
	}
	return 0, false
}

func (r *roll) get(id instrument.ID) (instrument.Instance, bool) {
	if n, ok := r.find(id); ok {
		return r.list[n], true
	}
	return instrument.Instance{}, false
}

func (r *roll) has(id instrument.ID) bool {
	_, ok := r.find(id)
	return ok
}

// put adds an instance, or replaces the one of its id where that is.
func (r *roll) put(i instrument.Instance) {
	if n, ok := r.find(i.ID); ok {
		r.list[n] = i
		return
	}
	r.list = append(r.list, i)
	switch {
	case r.at != nil:
		r.at[i.ID] = len(r.list) - 1
	case len(r.list) > few:
		r.at = make(map[instrument.ID]int, 2*few)
		for n := range r.list {
			r.at[r.list[n].ID] = n
		}
	}
}
