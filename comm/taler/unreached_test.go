package taler

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// A connection that ends after the request was read: for a question nothing
// happened, for a change nobody knows.
func TestALostAnswer(t *testing.T) {
	lose := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	half := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, pendingBody)
	}
	for name, answer := range map[string]http.HandlerFunc{"no answer": lose, "half an answer": half} {
		t.Run(name, func(t *testing.T) {
			b, seen := newBank(t, Anonymous(), answer)
			_, err := b.SetUp(t.Context(), TerminalWithdrawalSetup{RequestUID: "u"})
			if fault.KindOf(err) != fault.Unknown {
				t.Errorf("a change: %v", err)
			}
			if len(seen) != 1 {
				t.Errorf("the change arrived %d times", len(seen))
			}
			_, err = b.Operation(t.Context(), someWOPID(t), LongPoll{})
			if fault.KindOf(err) != fault.Unavailable {
				t.Errorf("a question: %v", err)
			}
			if strings.Contains(err.Error(), someID[8:]) {
				t.Errorf("the error tells the id: %v", err)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := NewClient("http://"+address+"/", nil, Anonymous())
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.SetUp(t.Context(), TerminalWithdrawalSetup{RequestUID: "u"})
	if fault.KindOf(err) != fault.Unavailable || fault.ReasonOf(err) != "server-unreachable" {
		t.Errorf("a change that never left: %v, %q", err, fault.ReasonOf(err))
	}
}

// TestAStrangersCertificate is named as what is wrong: the address is right.
func TestAStrangersCertificate(t *testing.T) {
	asked := false
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	c, err := NewClient(s.URL+"/", nil, Anonymous())
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.SetUp(t.Context(), TerminalWithdrawalSetup{RequestUID: "u"})
	if f := fault.From(err); f.Kind != fault.Unavailable || f.Reason != "server-unreachable" || asked ||
		!strings.Contains(f.Message, "certificate that is not trusted") || !strings.Contains(f.Hint, "for this name") {
		t.Errorf("%+v", f)
	}
}

func TestTheCallerMayStopWaiting(t *testing.T) {
	arrived, release := make(chan struct{}, 2), make(chan struct{})
	b, _ := newBank(t, Anonymous(), func(http.ResponseWriter, *http.Request) { arrived <- struct{}{}; <-release })
	t.Cleanup(func() { close(release) })
	for name, row := range map[string]struct {
		do   func(context.Context) error
		want fault.Kind
	}{
		"a question": {func(ctx context.Context) error {
			_, err := b.Operation(ctx, someWOPID(t), LongPoll{Timeout: time.Hour})
			return err
		}, fault.Timeout},
		"a change": {func(ctx context.Context) error { return b.AbortOperation(ctx, someWOPID(t)) }, fault.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-arrived; cancel() }()
			if err := row.do(ctx); fault.KindOf(err) != row.want {
				t.Errorf("%v", err)
			}
		})
	}
}
