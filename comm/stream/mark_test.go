package stream

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// noDeadline is a Pipe of what can be read.
type noDeadline struct{ io.Reader }

func (noDeadline) Write(p []byte) (int, error) { return len(p), nil }
func (noDeadline) Close() error                { return nil }
func (noDeadline) SetDeadline(time.Time) error { return nil }

func TestAMarkIsFoundAmongOtherBytes(t *testing.T) {
	want := mark{mode: inTLS, verb: hello, dialler: nonce{1, 2, 0xff}, servicer: nonce{15: 9}}
	text := string(want.bytes())
	for name, before := range map[string]string{
		"nothing":                    "",
		"noise":                      "login: \r\n\x00\x80",
		"the beginning of a mark":    text[:5],
		"its first byte, many times": strings.Repeat("\xff", 40),
		"all of it but the verb":     magic[:len(magic)-1],
		"more than is read at once":  strings.Repeat("x", 10_000),
	} {
		for how, reader := range map[string]func(io.Reader) io.Reader{"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader} {
			t.Run(name+" "+how, func(t *testing.T) {
				l := &line{pipe: noDeadline{reader(strings.NewReader(before + text + "rest"))}}
				if got, err := l.next(); err != nil || got != want {
					t.Fatalf("found %+v, %v", got, err)
				}
				rest, err := io.ReadAll(readerOf(l, nobody))
				if err != nil || string(rest) != "rest" {
					t.Errorf("behind it is %q, %v", rest, err)
				}
			})
		}
	}
}

func TestAMarkIsNotSoughtForEver(t *testing.T) {
	l := &line{pipe: noDeadline{strings.NewReader(strings.Repeat("x", maxNoise+1))}}
	if _, err := l.next(); !errors.Is(err, errNoise) {
		t.Errorf("error is %v", err)
	}
}

// A hello within a session ends it, and is the first mark of the next one.
func TestAHelloEndsASession(t *testing.T) {
	again := mark{mode: inTLS, verb: hello, dialler: nonce{7}}
	other := mark{mode: inTLS, verb: nobody}
	text := "half a record" + string(other.bytes()) + string(again.bytes()) + "more"
	l := &line{pipe: noDeadline{iotest.HalfReader(strings.NewReader(text))}}
	if _, err := io.ReadAll(readerOf(l, hello)); !errors.Is(err, errBegunAnew) {
		t.Fatalf("the session ended with %v", err)
	}
	if l.anew == nil || *l.anew != again {
		t.Errorf("the next begins with %+v", l.anew)
	}
}

func readerOf(l *line, ends verb) io.Reader { return sessionReader{l, ends} }

type sessionReader struct {
	l    *line
	ends verb
}

func (r sessionReader) Read(p []byte) (int, error) { return r.l.read(p, r.ends) }

func FuzzMarks(f *testing.F) {
	seed := mark{mode: inClear, verb: begin, dialler: nonce{1}}.bytes()
	f.Add([]byte("noise"), seed, 1)
	f.Add(seed[:20], seed, 7)
	f.Add([]byte("\xff\xff\x00\xff"), []byte{}, 3)
	f.Fuzz(func(t *testing.T, before, after []byte, size int) {
		want := mark{mode: inTLS, verb: hello, dialler: nonce{3}}
		all := append(append(append([]byte{}, before...), want.bytes()...), after...)
		// However the bytes are cut, the same marks are found, at the same places.
		var whole, pieces scanner
		a, b := marksOf(&whole, all, len(all)), marksOf(&pieces, all, 1+max(0, size)%50)
		if !bytes.Equal(a, b) {
			t.Errorf("found %q, in pieces %q", a, b)
		}
		if !bytes.Contains(before, []byte(magic[:1])) && !bytes.HasPrefix(a, want.bytes()) {
			t.Errorf("the mark is not found behind %q: %q", before, a)
		}
	})
}

func marksOf(s *scanner, p []byte, size int) (all []byte) {
	for len(p) > 0 {
		taken, m, found := s.find(p[:min(size, len(p))])
		p = p[taken:]
		if found {
			all = append(all, m.bytes()...)
		}
	}
	return all
}
