package vendor

import (
	"context"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller"
)

// Listen opens a door for wallets at an address; port 0 takes a free one. The
// event EventPay names the last door that was opened.
func (t *Terminal) Listen(ctx context.Context, m *comm.Manager, a comm.Address) (comm.Listener, error) {
	return t.listen(ctx, m, a, t.Servicing())
}

// ListenForWithdrawals opens a door as Listen does, at which nothing is bought but
// digital cash.
func (t *Terminal) ListenForWithdrawals(ctx context.Context, m *comm.Manager, a comm.Address) (comm.Listener, error) {
	return t.listen(ctx, m, a, withdrawals{servicing{t}})
}

func (t *Terminal) listen(ctx context.Context, m *comm.Manager, a comm.Address, role controller.Servicing) (comm.Listener, error) {
	l, err := m.Listen(ctx, a, t.Accept(role))
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.door = l.Address().String()
	return l, nil
}

// reached is where wallets reach this terminal; without a door, its key.
func (t *Terminal) reached() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.door == "" {
		return t.Self().Key
	}
	return t.door
}
