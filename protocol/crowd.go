package protocol

import (
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// Limits of the operations that peers have begun here and that run. A plugin runs 1,024
// operations at a time. No single peer, and no crowd of silent peers, may take the room that
// the others need.
const (
	// maxOfPeer bounds the operations of one peer; one connection may request a fraction of
	// that at once. One too many is refused with ReasonCrowded.
	maxOfPeer = 256
	// maxOfAnyone bounds the operations on one instrument by callers who have neither a key
	// nor a login: all who know the instrument share this.
	maxOfAnyone = 64
	// maxSilent bounds, over all peers, the operations that wait for the first message of
	// their peer. One too many pushes out the oldest of the peer that has most of them. An
	// honest peer sends its first message with the request and does not wait there. Nothing
	// is lost with an operation that is pushed out: nothing was said or done.
	maxSilent = 512
	// An operation keeps its request in memory while it runs, and so does each request that
	// waits for its end. Requests of at most lightRequest bytes count only by number, as above.
	// Longer ones share maxRequestsOfAll bytes; those of one peer have maxRequestsOf of them.
	lightRequest     = 16 << 10
	maxRequestsOf    = 16 << 20
	maxRequestsOfAll = 64 << 20
)

// ReasonCrowded marks a request that was refused because its peer, or all of them together,
// have too many operations here. Nothing has happened; the request may be sent again.
const ReasonCrowded fault.Reason = "peer-crowded"

// crowd counts the operations that peers have begun here, by those for whom they count: see
// Execution.countsFor. The zero value is empty. It is guarded by Manager.mu.
type crowd struct {
	of     map[string]int
	silent map[string][]*operation // oldest first
	count  int                     // of the silent ones
	heavy  map[string]int          // bytes of their long requests
	bytes  int                     // of all of these
}

// weight is how many bytes an operation keeps of its request; 0 for a light one.
func (r Execution) weight() int { return weightOf(r.Call.Args, r.Offer, r.Payer, r.first, nil) }

// weightOf is how many bytes a request takes in memory, or 0 if it is no more than lightRequest.
func weightOf(args []byte, o *comm.Offer, p *comm.Payer, msgs []comm.Message, ended []string) int {
	bytes := len(args)
	if o != nil {
		bytes += len(o.Body) + len(o.Signature)
	}
	if p != nil {
		bytes += len(p.Signature)
		for name, proof := range p.Proofs {
			bytes += len(name) + len(proof)
		}
	}
	for _, m := range msgs {
		bytes += len(m.Body) + asideOverhead
	}
	for _, id := range ended {
		bytes += len(id) + asideOverhead
	}
	if bytes <= lightRequest {
		return 0
	}
	return bytes
}

// countsFor is for whom a peer's operation counts, and how many operations they may have.
//
//   - A peer in a session counts by its key. Peers on unencrypted connections have none, and
//     count as one.
//   - A request over REST has no session. A client there is anybody who knows the instrument:
//     it counts by that instrument. Any other caller counts by its login.
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

// full refuses an operation (ReasonCrowded) if those for whom it counts have too many.
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

// listen notes that an operation waits for the first message of its peer. If that is one too
// many, it returns the operation that must stop waiting instead.
func (c *crowd) listen(o *operation) (displaced *operation) {
	peer := o.req.Peer.Key
	c.silent[peer] = append(c.silent[peer], o)
	if c.count++; c.count <= maxSilent {
		return nil
	}
	displaced = c.greediest()
	c.stopListening(displaced)
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

// stopListening notes that an operation does not wait for a first message any more.
func (c *crowd) stopListening(o *operation) {
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

// listen is called before an operation waits for the first message of its peer; done is called
// after that. One too many of such waits ends another one.
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
		m.crowd.stopListening(o)
	}
}

// displace ends the wait for a peer that has said nothing. A message that arrives later is
// dropped; the peer sends it again with its next request, for it was not acknowledged.
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
