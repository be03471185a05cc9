package stream

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// again is how often a dialler says hello until somebody answers.
const again = 200 * time.Millisecond

var errOtherMode = errors.New("one end of the line is in clear and the other is not")

// hail finds the servicer at the other end of a line. What it returns is random
// and known to both.
func (t *turn) hail(in mode) (shared [32]byte, err error) {
	m := mark{mode: in, verb: hello}
	rand.Read(m.dialler[:])
	quiet := t.repeat(m)
	defer quiet()
	for {
		got, err := t.line.next()
		if err != nil {
			return shared, err
		}
		switch {
		case got.dialler != m.dialler:
		case got.verb == refuse:
			return shared, errOtherMode
		case got.mode != in:
		case got.verb == answer && m.verb == hello:
			quiet() // nothing but the session follows what is said now
			m.verb, m.servicer = begin, got.servicer
			if _, err := t.Write(m.bytes()); err != nil {
				return shared, err
			}
		case got.verb == ready && m.verb == begin && got.servicer == m.servicer:
			return m.shared(), nil
		}
	}
}

// repeat says a mark until quiet is called, which returns when it is quiet.
func (t *turn) repeat(m mark) (quiet func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var saying sync.WaitGroup
	saying.Go(func() {
		tick := time.NewTicker(again)
		defer tick.Stop()
		for {
			if _, err := t.Write(m.bytes()); err != nil {
				return // the one that reads sees the end as well
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		saying.Wait()
	}
}

// await waits for a dialler, for as long as it takes, passing over all else.
func (t *turn) await(in mode) (mark, error) {
	for {
		m, err := t.heard()
		switch {
		case err != nil && !errors.Is(err, errNoise):
			return m, err
		case err != nil || m.verb != hello:
		case m.mode != in:
			m.mode, m.verb = in, refuse
			if _, err := t.Write(m.bytes()); err != nil {
				return m, err
			}
		default:
			return m, nil
		}
	}
}

// heard is the next mark, or the one that has ended the session before.
func (t *turn) heard() (mark, error) {
	if m := t.line.anew; m != nil {
		t.line.anew = nil
		return *m, nil
	}
	return t.line.next()
}

// receive answers a dialler until it begins.
func (t *turn) receive(m mark) (shared [32]byte, err error) {
	in := m.mode
	rand.Read(m.servicer[:])
	for {
		if m.verb == hello {
			m.verb = answer
			if _, err := t.Write(m.bytes()); err != nil {
				return shared, err
			}
		}
		got, err := t.line.next()
		switch {
		case err != nil:
			return shared, err
		case got.mode != in:
		case got.verb == hello: // it has not heard the answer yet, or is another one by now
			m.verb, m.dialler = hello, got.dialler
		case got.verb == begin && got.dialler == m.dialler && got.servicer == m.servicer:
			m.verb = ready
			_, err := t.Write(m.bytes())
			return m.shared(), err
		}
	}
}

// shared is what both ends of a beginning have said.
func (m mark) shared() [32]byte {
	return sha256.Sum256(append(append([]byte("swaperoo line 1\x00"), m.dialler[:]...), m.servicer[:]...))
}
