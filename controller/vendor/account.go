package vendor

import (
	"context"
	"errors"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/profile"
)

// Renew gives the login as it is kept by now: the bank's operator may have rotated
// its token. It is asked each time that the bank refuses the one of before.
type Renew func() (controller.Login, error)

// LoginAt is our account at a peer, as of now: we have one at the bank, and nowhere
// else.
func (t *Terminal) LoginAt(p comm.Peer) controller.Login {
	if !slices.Equal(p.Addresses, t.cfg.Bank.Addresses) {
		return controller.Login{}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.login
}

// api is the client of the Terminal API with the login as of now.
func (t *Terminal) api() *taler.Client {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rest
}

// admitted does what the bank wants our login for. When the bank refuses that, which
// is before it does anything, and there is another by now, it is done once more.
func (t *Terminal) admitted(ctx context.Context, does func() error) error {
	used := t.LoginAt(t.cfg.Bank)
	err := does()
	if RefusesLogin(err) && t.renewed(ctx, used) {
		err = does()
	}
	if RefusesLogin(err) {
		return fault.From(err).WithHint("put the token that `bank terminal rotate` shows where the one of before is kept: it is read again at the next try")
	}
	return err
}

// RefusesLogin tells whether a bank has, over its API or in a session: nothing was
// done, and the next try shows the login that is kept by then.
func RefusesLogin(err error) bool {
	if !errors.Is(err, fault.Denied) {
		return false
	}
	reason := fault.ReasonOf(err)
	return reason == taler.ReasonUnauthorized || reason == profile.ReasonCredentials
}

// renewed takes the login that is kept by now in place of one that was refused, and
// ends the session that was opened with that. Each is spoken of once.
func (t *Terminal) renewed(ctx context.Context, refused controller.Login) bool {
	t.renewing.Lock()
	defer t.renewing.Unlock()
	if t.LoginAt(t.cfg.Bank) != refused {
		return true // another withdrawal was faster
	}
	if t.cfg.Renew == nil {
		return false
	}
	now, err := t.cfg.Renew()
	if err == nil && now == refused {
		err = fault.New(fault.NotFound, "the token that is kept here is still the one that was refused")
	}
	if err != nil {
		if t.refused != refused {
			t.Log().Warn("the bank refuses the token of this terminal, which cannot sell before it has another", "login", refused.Name, "error", err)
		}
		t.refused = refused
		return false
	}
	t.mu.Lock()
	t.login, t.rest = now, t.rest.As(taler.Basic(now.Name, now.Token))
	t.mu.Unlock()
	t.Log().Warn("the bank refuses the token of before, and the one that is kept by now is used", "login", now.Name)
	t.dialling.Lock()
	old := t.session
	t.session = nil
	t.dialling.Unlock()
	if old != nil {
		_ = old.Close(ctx)
	}
	return true
}
