package protocol

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument/plain"
)

// sum is the digest of an operation's call. It is made when it is first needed, on any goroutine.
type sum struct {
	once   sync.Once
	digest [32]byte
	err    error
}

func (o *operation) digest() ([32]byte, error) {
	o.sum.once.Do(func() { o.sum.digest, o.sum.err = digestOf(o.req) })
	return o.sum.digest, o.sum.err
}

// digested is what digestOf makes the digest of.
type digested struct {
	Side     Side
	Protocol string
	Call     Call
}

// digestOf is the digest of a call, the same for every repetition of it: the deadline
// does not count, nor how the JSON of the arguments is spelled.
func digestOf(r Execution) ([32]byte, error) {
	c := r.Call
	c.Deadline = time.Time{}
	if len(c.Args) > 0 {
		args, err := canonical(c.Args)
		if err != nil {
			return [32]byte{}, fault.Wrap(err, fault.Invalid, "the arguments of %s are not JSON", fault.Clip(c.Operation)).Because("message-malformed")
		}
		c.Args = args
	}
	a := digested{r.Side, r.Protocol, c}
	w := plain.Begin(nil, a.Call.room())
	a.spell(&w)
	text, err := textOf(&w, &a)
	if err != nil {
		return [32]byte{}, fault.Wrap(err, fault.Invalid, "the call of %s cannot be written as JSON", fault.Clip(c.Operation)).Because("message-malformed")
	}
	return sha256.Sum256(text), nil
}

// asDigest is a digest as it was read.
func asDigest(text []byte) (d [32]byte) {
	copy(d[:], text)
	return d
}
