package parked_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/parked"
)

const (
	wait = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"
	now  = "GET /now HTTP/1.1\r\nHost: x\r\n\r\n"
)

// TestAConnectionComesBack: one connection carries requests that wait and requests
// that do not, in turns.
func TestAConnectionComesBack(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){"plain": plain, "tls": (*httptest.Server).StartTLS} {
		t.Run(name, func(t *testing.T) {
			h := open(t, patience, start)
			p := h.dial(t)
			for range 3 {
				p.say(now)
				p.hear("GET", 200, "at once")
				p.say(wait)
				<-h.taken
				if n := h.lot.Len(); n != 1 {
					t.Errorf("%d wait", n)
				}
				h.words <- "a word"
				r := p.hear("GET", 200, "a word")
				if r.Header.Get("X-Path") != "/wait" || r.Header.Get("Date") == "" || r.ContentLength != 6 || r.Close {
					t.Errorf("the answer is %+v", r)
				}
			}
		})
	}
}

// TestAConnectionDoesNotGrow: however often it came back, it is the peer's own.
func TestAConnectionDoesNotGrow(t *testing.T) {
	h := open(t, patience, plain)
	p := h.dial(t)
	for range 3 {
		p.say(wait)
		c := <-h.taken
		if _, wrapped := parked.Under(c.Net()); wrapped {
			t.Error("the connection has grown since it came back")
		}
		h.words <- "a word"
		p.hear("GET", 200, "a word")
	}
}

// TestWhoAsksAhead is answered in order: what comes while a request waits is the
// next one, whether its bytes came with the first one's or later.
func TestWhoAsksAhead(t *testing.T) {
	h := open(t, patience, plain)
	p := h.dial(t)
	p.say(wait + now + wait)
	<-h.taken
	h.words <- "first"
	p.hear("GET", 200, "first")
	p.hear("GET", 200, "at once")
	<-h.taken
	p.say(now)
	h.words <- "second"
	p.hear("GET", 200, "second")
	p.hear("GET", 200, "at once")
}

// TestWhoGoes ends the wait. Who has only said its last word still hears the answer.
func TestWhoGoes(t *testing.T) {
	h := open(t, patience, plain)
	p := h.dial(t)
	p.say(wait)
	c := <-h.taken
	if err := p.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	<-c.Context().Done()
	p.hear("GET", 204, "")
	p.over()
	p = h.dial(t)
	p.say(wait)
	c = <-h.taken
	_ = p.Close()
	<-c.Context().Done()
}

// TestTheAnswerIsOfItsRequest: a HEAD has no body, and the last request of a
// connection is the last.
func TestTheAnswerIsOfItsRequest(t *testing.T) {
	h := open(t, patience, plain)
	p := h.dial(t)
	p.say("HEAD /wait HTTP/1.1\r\nHost: x\r\n\r\n")
	<-h.taken
	h.words <- "not sent"
	if r := p.hear("HEAD", 200, ""); r.ContentLength != 8 {
		t.Errorf("the length is %d", r.ContentLength)
	}
	p.say("GET /wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + wait) // what comes behind it is no request
	<-h.taken
	h.words <- "the last"
	if r := p.hear("GET", 200, "the last"); !r.Close {
		t.Error("the answer does not say that it is the last")
	}
	p.over()
	if err := errors.Join(h.lot.Shut(t.Context()), h.Config.Shutdown(t.Context())); err != nil {
		t.Fatal(err)
	}
	if len(h.taken)+len(h.here) > 0 {
		t.Error("what came behind the last request was answered, too")
	}
}

// TestTheEndOfTheWaits answers everybody, and says that there is no more to hear here.
func TestTheEndOfTheWaits(t *testing.T) {
	h := open(t, patience, plain)
	p := h.dial(t)
	p.say(wait)
	<-h.taken
	h.end()
	if r := p.hear("GET", 204, ""); !r.Close {
		t.Error("the answer does not say that it is the last")
	}
	p.over()
}

// TestWhatIsNotTaken stays in its handler, and nothing has happened to it.
func TestWhatIsNotTaken(t *testing.T) {
	h := open(t, patience, plain)
	for name, request := range map[string]string{
		"an older peer":                     "GET /wait HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
		"a body":                            "GET /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx",
		"a body in pieces":                  "GET /wait HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		"a writer that shows no connection": "GET /wait?hidden HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			p := h.dial(t)
			p.say(request)
			<-h.here
			p.hear("GET", 200, "in the handler")
		})
	}
	t.Run("HTTP/2", func(t *testing.T) {
		h := open(t, patience, func(s *httptest.Server) {
			s.EnableHTTP2 = true
			s.StartTLS()
		})
		r, err := h.Client().Get(h.URL + "/wait")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		if text, err := io.ReadAll(r.Body); err != nil || string(text) != "in the handler" || r.ProtoMajor != 2 {
			t.Errorf("%s %q, %v", r.Proto, text, err)
		}
	})
	t.Run("no server's", func(t *testing.T) {
		w := httptest.NewRecorder()
		h.answer(w, httptest.NewRequest(http.MethodGet, "/wait", nil))
		if w.Body.String() != "in the handler" {
			t.Error(w.Body.String())
		}
	})
}

// TestWhoAsksNoMore is let go when its time is over.
func TestWhoAsksNoMore(t *testing.T) {
	h := open(t, time.Millisecond, plain)
	p := h.dial(t)
	p.say(wait)
	<-h.taken
	h.words <- "bye"
	p.hear("GET", 200, "bye")
	p.over()
}

// TestShut: nobody is taken any more, who rests is let go, and who waits is waited for.
func TestShut(t *testing.T) {
	h := open(t, patience, plain)
	resting, waiting := h.dial(t), h.dial(t)
	resting.say(wait)
	<-h.taken
	h.words <- "go on"
	resting.hear("GET", 200, "go on")
	waiting.say(wait)
	<-h.taken
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.lot.Shut(over); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody has time to wait, and it is shut: %v", err)
	}
	shut := make(chan error, 1)
	go func() { shut <- h.lot.Shut(t.Context()) }()
	resting.over()
	other := h.dial(t)
	other.say(wait)
	<-h.here
	select {
	case err := <-shut:
		t.Fatalf("shut, and somebody waits: %v", err)
	default:
	}
	h.words <- "the end"
	waiting.hear("GET", 200, "the end")
	waiting.over()
	if err := <-shut; err != nil {
		t.Error(err)
	}
	if n := parked.Kept(h.lot); n != 0 {
		t.Errorf("%d connections that have gone are kept", n)
	}
}

// TestClose cuts everybody off.
func TestClose(t *testing.T) {
	h := open(t, patience, plain)
	p := h.dial(t)
	p.say(wait)
	c := <-h.taken
	h.lot.Close()
	<-c.Context().Done()
	if text, _ := io.ReadAll(p.in); strings.Contains(string(text), "200") {
		t.Errorf("it heard %q", text)
	}
	h.dial(t).say(wait)
	select {
	case <-h.here:
	case <-h.taken:
		t.Error("who comes then is taken, and never answered")
	}
}

// TestAServerThatEnds gets no connection back.
func TestAServerThatEnds(t *testing.T) {
	h := open(t, patience, plain)
	p := h.dial(t)
	p.say(wait)
	<-h.taken
	if err := h.Config.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.words <- "a word"
	p.hear("GET", 200, "a word")
	p.say(now)
	p.over()
}
