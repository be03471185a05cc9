package controller_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Many sessions are open at once, whoever initiates and whoever services them:
// each has its own offers and selection, and the end of one is not that of
// another.
func TestManySessionsAtOnceOnEveryController(t *testing.T) {
	const many = 40
	for _, roles := range [][2]comm.Role{{comm.Client, comm.Vendor}, {comm.Client, comm.Bank}, {comm.Vendor, comm.Bank}} {
		t.Run(string(roles[0]+" to "+roles[1]), func(t *testing.T) {
			p := newPair(t, roles[0], roles[1])
			me := p.from.Me(t)
			var all [many]*controller.Session
			var tickets [many]instrument.ID
			for n := range many {
				all[n] = p.session(t)
				tickets[n] = p.from.Create(t, instrument.Instance{
					Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": fmt.Sprint("ticket ", n)},
				})
			}
			var work sync.WaitGroup
			for n, s := range all {
				work.Go(func() {
					item := fmt.Sprint("ride ", n)
					offered, err := s.Negotiate(t.Context(), controllertest.ClassTicket, instrument.Invoice{"item": item})
					if err != nil || offered.Body.Invoice["item"] != item {
						t.Errorf("session %d was offered %+v, %v", n, offered.Body, err)
						return
					}
					if n%2 == 1 {
						if err := s.Close(t.Context()); err != nil {
							t.Error(err)
						}
						return
					}
					_, err = s.Execute(t.Context(), controller.Transaction{
						Principal: me, Operation: protocol.Pay, Class: controllertest.ClassTicket, Instruments: []instrument.ID{tickets[n]},
					}, nil)
					if err != nil {
						t.Errorf("session %d: %v", n, err)
					}
				})
			}
			work.Wait()
			for n, id := range tickets {
				if got, want := p.from.View(t, id).Status, []string{"punched", "valid"}[n%2]; got != want {
					t.Errorf("ticket %d is %s", n, got)
				}
			}
		})
	}
}
