package protocol

import (
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// Limits of the operations that peers have under way here. A plugin runs 1,024 operations at
// a time; no single peer, and no crowd of peers that say nothing, may take the room that
// the others need.
const (
	// maxOfPeer is several times what one connection may ask at once. What is one
	// too many is refused, to be asked again.
	maxOfPeer = 256
	// maxOfAnyone is the same for one instrument, of those who have neither a key nor
	// a login and name it: all who know it stand in one line for it.
	maxOfAnyone = 64
	// maxSilent bounds, over all peers, the operations that wait for the first word
	// of their peer. One too many pushes out the oldest of whoever has most of them:
	// whoever has something to say says it with the request, so nobody honest waits
	// there for long. Nothing is lost with it, for nothing was said or done.
	maxSilent = 512
	// An operation keeps its request for as long as it runs, and so does each request that waits
	// for its end. One of no more than lightRequest counts as one among those above, and is begun
	// however much the others keep; all longer ones together have so much room, and those of one
	// peer a part of it.
	lightRequest     = 16 << 10
	maxRequestsOf    = 16 << 20
	maxRequestsOfAll = 64 << 20
)

// ReasonCrowded says that a peer has too much under way here to get more now.
// Nothing has happened: it may ask again.
const ReasonCrowded fault.Reason = "peer-crowded"

// crowd are the operations that peers have begun here, by those for whom they count: see
// Execution.countsFor. The zero value is empty.
type crowd struct {
	of     map[string]int
	silent map[string][]*operation // oldest first
	count  int                     // of the silent ones
	heavy  map[string]int          // bytes of their long requests
	bytes  int                     // of all of these
}

// weight is how much an operation keeps of its request.
func (r Execution) weight() int { return weight(r.Call.Args, r.Offer, r.Payer, r.first, nil) }

// countsFor is for whom a peer's operation counts, and how many operations they may have under
// way. A peer in a session counts by its key; all peers on lines in clear, who have none, count
// as one. A request over REST has no session. There a client, who is anybody that knows the
// instrument, counts by the instrument that it names; any other caller counts by its login.
func (r Execution) countsFor() (who string, most int) {
	switch {
	case r.Peer.Key != "" || r.Link != nil:
		return r.Peer.Key, maxOfPeer
	case r.Peer.Role == comm.Client && len(r.Call.Instruments) > 0:
		return "at " + string(r.Call.Instruments[0]), maxOfAnyone // no key has a blank in it
	}
	return "of " + string(r.Principal), maxOfPeer
}

func (c *crowd) enter(o *operation) {
	if c.of == nil {
		c.of, c.silent, c.heavy = map[string]int{}, map[string][]*operation{}, map[string]int{}
	}
	if o.req.Side == Servicer {
		who, _ := o.req.countsFor()
		c.of[who]++
		o.heavy = o.req.weight()
		c.weighs(who, o.heavy)
	}
}

func (c *crowd) leave(o *operation) {
	if o.req.Side != Servicer {
		return
	}
	who, _ := o.req.countsFor()
	if c.of[who]--; c.of[who] == 0 {
		delete(c.of, who)
	}
	c.weighs(who, -o.heavy)
}

func (c *crowd) weighs(who string, more int) {
	if more == 0 {
		return
	}
	c.bytes += more
	if c.heavy[who] += more; c.heavy[who] == 0 {
		delete(c.heavy, who)
	}
}

// full refuses an operation if its peer has too many, or too large ones.
func (c *crowd) full(r Execution) error {
	if r.Side != Servicer {
		return nil
	}
	who, most := r.countsFor()
	if c.of[who] >= most {
		return crowded("%d operations like this one are under way here already", most)
	}
	if more := r.weight(); more > 0 && (c.heavy[who]+more > maxRequestsOf || c.bytes+more > maxRequestsOfAll) {
		return crowded("operations that are under way here already keep too long requests for one of %d bytes more", more)
	}
	return nil
}

// listen notes that an operation waits for the first word of its peer. It returns the
// operation that has to stop waiting for that.
func (c *crowd) listen(o *operation) (displaced *operation) {
	peer := o.req.Peer.Key
	c.silent[peer] = append(c.silent[peer], o)
	if c.count++; c.count <= maxSilent {
		return nil
	}
	displaced = c.greediest()
	c.heard(displaced)
	return displaced
}

// greediest is the oldest waiting operation of the peer that has most of them.
func (c *crowd) greediest() (oldest *operation) {
	most := 0
	for _, list := range c.silent {
		if len(list) > most || len(list) == most && list[0].begun.Before(oldest.begun) {
			oldest, most = list[0], len(list)
		}
	}
	return oldest
}

// heard notes that an operation waits no more.
func (c *crowd) heard(o *operation) {
	peer := o.req.Peer.Key
	n := slices.Index(c.silent[peer], o)
	if n < 0 {
		return // it was displaced
	}
	c.count--
	if c.silent[peer] = slices.Delete(c.silent[peer], n, n+1); len(c.silent[peer]) == 0 {
		delete(c.silent, peer)
	}
}

func crowded(format string, args ...any) *fault.Fault {
	return fault.New(fault.Unavailable, format, args...).Because(ReasonCrowded).WithHint("try again when some of them have ended")
}

// listen begins to wait for the first word of the peer. If there is no room for so many
// silent peers, it ends the wait of another operation.
func (m *Manager) listen(o *operation) (done func()) {
	m.mu.Lock()
	displaced := m.crowd.listen(o)
	m.mu.Unlock()
	if displaced != nil {
		displaced.mail.displace()
	}
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.crowd.heard(o)
	}
}

// displace ends the wait for a peer that has said nothing. A message that arrives at the
// same moment is lost here, and sent again because it was not acknowledged.
func (b *mail) displace() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended || len(b.in) > 0 {
		return
	}
	b.ended, b.failure = true, crowded("too many operations wait here for the first word of their peer: of the peer that has most of them, the oldest was given up")
	b.ring()
}

// silent reports whether neither side has said anything.
func (b *mail) silent() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.written == 0 && len(b.in) == 0
}
