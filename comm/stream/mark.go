package stream

import (
	"bytes"
	"errors"
)

// A line may carry anything when a session is to begin on it: noise, the rest of
// a session whose peer died, an echo. So a session begins with marks, which are
// found among other bytes:
//
//	dialler  → hello(d)      repeated until it is answered
//	servicer → answer(d, s)
//	dialler  → begin(d, s)   once; what follows is the session
//	servicer → ready(d, s)   once; what follows is the session
//
// d and s are random, so a mark of another beginning is not taken for one of
// this. A hello that is heard within a session ends that session: its dialler has
// died and is there again. A servicer that is not in a session says nobody, and a
// dialler that hears it within one knows the same of the servicer. Marks prove
// nothing; keys are proved in TLS.
type mark struct {
	mode              mode
	verb              verb
	dialler, servicer nonce
}

type (
	mode  byte
	verb  byte
	nonce [16]byte
)

const (
	inTLS   mode = 't'
	inClear mode = 'c'
)

const (
	hello  verb = 'h'
	answer verb = 'a'
	begin  verb = 'b'
	ready  verb = 'r'
	refuse verb = 'n' // to a hello of the other mode
	nobody verb = 'x'
)

// magic begins a mark. Its first byte is nowhere else in it, nor in any UTF-8
// text, so a message in clear contains no mark.
const magic = "\xff\x00swaperoo1"

const markSize = len(magic) + 2 + 2*len(nonce{})

// maxNoise is how much is passed over in the search for one mark.
const maxNoise = 1 << 20

var errNoise = errors.New("there is no session in all that is on the line")

func (m mark) bytes() []byte {
	b := make([]byte, 0, markSize)
	b = append(b, magic...)
	b = append(b, byte(m.mode), byte(m.verb))
	b = append(b, m.dialler[:]...)
	return append(b, m.servicer[:]...)
}

// scanner finds marks in bytes that come in pieces.
type scanner struct {
	got [markSize]byte // the beginning of a mark
	n   int
}

// find takes the bytes up to the end of the first mark, or all of them if there
// is none.
func (s *scanner) find(p []byte) (taken int, m mark, found bool) {
	for taken < len(p) {
		if s.n == 0 {
			skip := bytes.IndexByte(p[taken:], magic[0])
			if skip < 0 {
				return len(p), mark{}, false
			}
			taken += skip
		}
		b := p[taken]
		taken++
		switch {
		case s.n >= len(magic) || b == magic[s.n]:
			s.got[s.n] = b
			s.n++
		case b == magic[0]:
			s.n = 1 // got[0] is that byte already
		default:
			s.n = 0
		}
		if s.n == markSize {
			s.n = 0
			return taken, parseMark(s.got[len(magic):]), true
		}
	}
	return taken, mark{}, false
}

func parseMark(b []byte) mark {
	m := mark{mode: mode(b[0]), verb: verb(b[1])}
	n := copy(m.dialler[:], b[2:])
	copy(m.servicer[:], b[2+n:])
	return m
}
