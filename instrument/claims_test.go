package instrument

import (
	"strconv"
	"testing"
)

// TestClaims: what is asked for now and then stays known however much else
// comes, and the rest is forgotten.
func TestClaims(t *testing.T) {
	var c claims
	key := func(n int) claim { return claim{"purse", "tag", strconv.Itoa(n)} }
	for n := range 5 * mostRemembered {
		c.add(key(n), ID(strconv.Itoa(n)))
		if id, ok := c.find(key(0)); !ok || id != "0" {
			t.Fatalf("after %d more, what is asked for all the time is %q, %v", n, id, ok)
		}
	}
	last := 5*mostRemembered - 1
	if id, ok := c.find(key(last)); !ok || id != ID(strconv.Itoa(last)) {
		t.Errorf("the last one is %q, %v", id, ok)
	}
	if _, ok := c.find(key(1)); ok {
		t.Error("nothing is ever forgotten")
	}
	for _, k := range []claim{{"card", "tag", "0"}, {"purse", "name", "0"}} {
		if id, ok := c.find(k); ok {
			t.Errorf("%v is known as %q: that is another key", k, id)
		}
	}
}
