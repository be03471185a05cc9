package instrument

import "sync"

// claims remembers who claims which unique keys. Keys are never given up and
// instances never go, so what was found once holds for ever, whichever process
// wrote it. That nobody has a key is never remembered.
type claims struct {
	mu          sync.Mutex
	now, before map[claim]ID // what has not been asked for since two turns is forgotten
}

type claim struct {
	class      ClassID
	key, value string
}

// maxClaims is after how many claims a turn begins.
const maxClaims = 4096

func (c *claims) find(k claim) (ID, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, ok := c.now[k]
	if !ok {
		if id, ok = c.before[k]; ok {
			c.keep(k, id)
		}
	}
	return id, ok
}

func (c *claims) add(k claim, id ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(k, id)
}

func (c *claims) keep(k claim, id ID) {
	if c.now == nil || len(c.now) >= maxClaims {
		c.now, c.before = map[claim]ID{}, c.now
	}
	c.now[k] = id
}
