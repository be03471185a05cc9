package vendor_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// tokenFile is where the owner of a terminal keeps its token.
type tokenFile struct {
	mu    sync.Mutex
	login controller.Login
}

func (f *tokenFile) put(l controller.Login) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.login = l
}

func (f *tokenFile) read() (controller.Login, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.login, nil
}

// TestARotatedTokenIsTakenUp: the terminal sells again as soon as the new token is
// kept there, and goes on with a withdrawal in whose middle that was.
func TestARotatedTokenIsTakenUp(t *testing.T) {
	for name, peer := range map[string]func(*cast) comm.Peer{
		"over the API": func(c *cast) comm.Peer {
			return comm.Peer{Name: "bank", Role: comm.Bank, Addresses: []string{"taler+" + c.bank.URL}}
		},
		"in a session": func(c *cast) comm.Peer { return c.bank.Peer },
	} {
		t.Run(name, func(t *testing.T) {
			c, kept := newCast(t), &tokenFile{}
			kept.put(controller.Login(c.bank.Terminal))
			c.Terminal = vendor.New(c.Controller, c.bank.Till(c.bank.Terminal), vendor.Config{
				Bank: peer(c), Login: controller.Login(c.bank.Terminal), Renew: kept.read, Merchant: "Corner shop", Integration: c.bank.URL + "taler-integration/",
			})
			_, err := c.Controller.Resume(t.Context(), c.LoginAt)
			check(t, err)
			rotate := func() controller.Login {
				login, token, err := c.bank.Bank.RotateTerminal(t.Context(), c.bank.Terminal.Name)
				check(t, err)
				return controller.Login{Name: login, Token: token}
			}
			sell := func(uid string, on func(vendor.Event)) error {
				selects := c.selects(t, newPurse(t, uid[0]))
				person := customer{on: func(e vendor.Event) {
					selects(e)
					on(e)
				}}
				w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: uid, Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
				if err == nil && w.Status != taler.TerminalConfirmed {
					t.Errorf("it ended %s", w.Status)
				}
				return err
			}
			nothing := func(vendor.Event) {}
			check(t, sell("1", nothing))
			if l := c.LoginAt(comm.Peer{Name: "bank", Role: comm.Bank, Addresses: []string{"taler+https://another.example/"}}); l != (controller.Login{}) {
				t.Errorf("another bank is shown the login %s", l.Name)
			}
			next := rotate()
			if err := sell("2", nothing); !errors.Is(err, fault.Denied) || fault.From(err).Hint == "" {
				t.Errorf("with the token of before: %v", err)
			}
			kept.put(next)
			check(t, sell("3", nothing))
			for uid, at := range map[string]string{"4": vendor.EventSelected, "5": vendor.EventPaid} { // before and behind the charge
				check(t, sell(uid, func(e vendor.Event) {
					if e.Event == at {
						kept.put(rotate())
					}
				}))
			}
		})
	}
}
