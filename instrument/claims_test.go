package instrument

import (
	"strconv"
	"strings"
	"testing"
	"unsafe"
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

// A value is a few bytes of a document, and is remembered for longer: it must not keep
// all of that in memory.
func TestAClaimKeepsNoDocument(t *testing.T) {
	var c claims
	document := strings.Repeat("value ", 1000)
	c.add(claim{"purse", "tag", document[:5]}, "id")
	for k := range c.now {
		if unsafe.StringData(k.value) == unsafe.StringData(document) {
			t.Error("it is a part of its document")
		}
	}
}
