package wallet

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/pipe"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// How a command opens the wallet.
const (
	looking = true  // beside a process that runs operations
	working = false // as the one that runs them
)

// open unlocks the wallet for the time of one command. One that works goes on with
// payments of several instruments that an earlier life has left.
func open(ctx context.Context, e *cli.Env, look bool, use func(context.Context, *wallet) error) error {
	return unlocked(ctx, e, look, func(ctx context.Context, w *wallet) error {
		if !look {
			defer w.resuming(ctx)()
		}
		return use(ctx, w)
	})
}

// unlocked is open for what itself decides about such payments.
func unlocked(ctx context.Context, e *cli.Env, look bool, use func(context.Context, *wallet) error) error {
	return entered(ctx, e, func(u user) error { return u.open(ctx, look, use) })
}

// user is who opens the wallet, once or several times: a passphrase is asked for once.
type user struct {
	env        *cli.Env
	files      house.Files
	passphrase *crypto.Secret // nil: an agent with a key file
}

// entered finds out who opens the wallet.
func entered(ctx context.Context, e *cli.Env, enter func(user) error) error {
	f, err := existing(e)
	if err != nil {
		return err
	}
	if e.KeyFile != "" {
		return enter(user{e, f, nil})
	}
	passphrase, err := e.Passphrase(ctx, false)
	if err != nil {
		return err
	}
	defer passphrase.Wipe()
	return enter(user{e, f, passphrase})
}

// open opens the wallet for its user, and closes it behind use.
func (u user) open(ctx context.Context, look bool, use func(context.Context, *wallet) error) error {
	h, err := u.house(ctx, look)
	if err != nil {
		return err
	}
	defer func() {
		within, cancel := serve.Closing()
		defer cancel()
		if err := h.Close(within); err != nil {
			h.Log().Warn("the wallet was not closed in order", "error", err)
		}
	}()
	ctx, stop := u.files.UntilLocked(ctx)
	defer stop()
	if !look {
		if err := h.Resume(ctx, nil); err != nil {
			return err
		}
	}
	bank := func(base string) (*taler.Client, error) { return h.Bank(base, taler.Anonymous()) }
	w := &wallet{Wallet: client.New(h.Controller, h.User(), bank), house: h, env: u.env}
	w.Languages, w.Unchecked = languages(u.env.Environ), w.unchecked
	err = use(ctx, w)
	if locked := context.Cause(ctx); err != nil && errors.Is(locked, fault.Locked) && !errors.Is(err, fault.Unknown) {
		return locked // an unknown outcome stays unknown
	}
	return err
}

func (u user) house(ctx context.Context, look bool) (*house.House, error) {
	e := u.env
	s, err := readSettings(e, u.files)
	if err != nil {
		return nil, err
	}
	return house.Open(ctx, house.Options{
		Files: u.files, Role: comm.Client, Name: "wallet", Device: "desktop", Passphrase: u.passphrase, User: e.User, KeyFile: e.KeyFile, Policy: profile.UserPolicy(),
		Log: e.Log(), Trust: trust(e), AllowHTTP: e.AllowHTTP, Looking: look, Clear: s.ClearLines, Pipe: pipe.Opener(e, s.Pipes), Remember: s.Remember, PNP: s.PNP, Ask: asker(e),
		Waits: func(left []protocol.Execution) { sayInterrupted(e, left) },
	})
}
