package controller

import (
	"fmt"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/crypto"
)

// A session keeps the classes that were offered in it. What a peer calls one, and was
// never offered, is not kept: it may call thousands, each as long as a frame.
func TestASessionKeepsNothingThatAPeerOnlySays(t *testing.T) {
	s := newService(&Controller{parts: Parts{Identity: crypto.NewIdentity(crypto.NewSecret(make([]byte, 32)))}}, nil)
	s.who = &Caller{}
	for n := range 100 {
		for _, shown := range []*comm.Offer{nil, {}, {Body: []byte(`{}`), Signature: make([]byte, 64)}} {
			if class := fmt.Sprint("class ", n); s.hasOffered(class, shown) {
				t.Errorf("%q counts as offered under %v", class, shown)
			}
		}
	}
	if len(s.offered) != 0 {
		t.Errorf("%d classes are kept", len(s.offered))
	}
}
