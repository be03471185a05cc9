package controller

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// line is a connection that is told from another one.
type line struct {
	comm.Conn
	name string
}

// TestAStepForgetsItsOwnConnectionAlone: while a step learns that its connection is
// lost another caller may have dialled the next one, which is used and not left open.
func TestAStepForgetsItsOwnConnectionAlone(t *testing.T) {
	const class = instrument.ClassID("ticket")
	next := line{name: "next"}
	for name, on := range map[string]func(*Session) func(context.Context) (comm.Conn, error){
		"as it is": func(s *Session) func(context.Context) (comm.Conn, error) {
			return func(ctx context.Context) (comm.Conn, error) { return s.live(ctx) }
		},
		"showing an offer": func(s *Session) func(context.Context) (comm.Conn, error) { return s.connFor(class) },
	} {
		t.Run(name, func(t *testing.T) {
			s := (&Controller{}).newSession(comm.Peer{}, Login{})
			s.conn = line{name: "first"}
			s.offers[class] = Offered{Offer: comm.Offer{Body: []byte("{}")}, Signed: true}
			ctx, asked := t.Context(), 0
			err := withPeer(ctx, s, func(ctx context.Context) (comm.Conn, error) {
				conn, err := on(s)(ctx)
				if asked == 0 {
					s.conn = next
				}
				return conn, err
			}, func(conn comm.Conn) error {
				if asked++; bare(conn) != comm.Conn(next) {
					return fault.New(fault.Unavailable, "it is lost").Because(comm.ReasonConnectionLost)
				}
				return nil
			})
			if err != nil || asked != 2 || s.conn != comm.Conn(next) {
				t.Errorf("asked %d times, %v; the session has %v", asked, err, s.conn)
			}
		})
	}
}
