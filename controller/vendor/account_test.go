package vendor_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
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

// TestARefusedTokenIsSpokenOfOnce: the log of a terminal that cannot sell has a line for each token
// that the bank refuses, and not for each till that asks.
func TestARefusedTokenIsSpokenOfOnce(t *testing.T) {
	c, kept := newCast(t), &tokenFile{}
	first := controller.Login{Name: c.bank.Terminal.Name, Token: "of last year"}
	kept.put(first)
	var log bytes.Buffer
	p := controllertest.New(t, c.net, controllertest.Options{
		Role: comm.Vendor, Policy: vendor.Policy(), Bundles: bundles(comm.Vendor), Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	api, err := taler.NewClient(c.bank.URL, nil, taler.Basic(first.Name, first.Token))
	check(t, err)
	shop := vendor.New(p.Controller, api, vendor.Config{
		Bank: comm.Peer{Name: "bank", Role: comm.Bank, Addresses: []string{"taler+" + c.bank.URL}}, Login: first, Renew: kept.read,
	})
	for _, token := range []string{first.Token, first.Token, "of yesterday", "of yesterday", "of yesterday"} {
		kept.put(controller.Login{Name: first.Name, Token: token})
		if _, err := shop.BankConfig(t.Context()); !errors.Is(err, fault.Denied) {
			t.Errorf("with the token %s: %v", token, err)
		}
	}
	if n := strings.Count(log.String(), "cannot sell before it has another"); n != 2 || strings.Contains(log.String(), "yesterday") {
		t.Errorf("it is spoken of %d times:\n%s", n, &log)
	}
}
