package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// readerFlag adds the flag for the terminal's own card reader.
func readerFlag(c *cobra.Command, to *string) {
	c.Flags().StringVar(to, "reader", "", "`ADDR` at which the terminal's card reader is let in, such as unix:/run/reader.sock or serial:/dev/ttyS0")
}

// readerDoor lets the terminal's card reader in.
func (t *terminal) readerDoor(ctx context.Context, address string) (comm.Listener, error) {
	a, err := comm.ParseAddress(address)
	if err != nil {
		return nil, cli.Argument(err)
	}
	return t.ListenReader(ctx, t.house.Comm, a)
}

// looksEvery is how often a card in the reader looks whether there is something to
// pay.
const looksEvery = 200 * time.Millisecond

// reader is `terminal reader`: a simulated card reader with a card in it. The card
// is a very small wallet: its directory is its chip, where its counter is.
func reader(e *cli.Env) *cobra.Command {
	var card, pnp string
	c := &cobra.Command{
		Use: "reader ADDR", Short: "Play a card reader with a card in it, which pays once", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			to, err := comm.ParseAddress(args[0])
			if err != nil {
				return cli.Argument(err)
			}
			if to.Key == "" {
				to.Key = e.Trust
			}
			dir, err := e.PartyDir("card")
			if err != nil {
				return err
			}
			return inserted(c.Context(), e, house.Files{Dir: dir}, card, pnp, func(ctx context.Context, h *house.House, id instrument.ID) error {
				return tap(ctx, e, h, id, comm.Peer{Name: "terminal", Role: comm.Vendor, Key: to.Key, Addresses: []string{to.String()}})
			})
		},
	}
	c.Flags().StringVar(&card, "card", "", "`FILE` of a test card, as `swaperoo provider card add` writes it; it is kept in the directory")
	c.Flags().StringVar(&pnp, "pnp", "", "how protocols are negotiated, as the terminal's config.toml has it")
	return c
}

// inserted opens the chip, which is made of the card's file the first time.
func inserted(ctx context.Context, e *cli.Env, f house.Files, file, pnp string, use func(context.Context, *house.House, instrument.ID) error) error {
	if _, err := os.Stat(f.Vault()); errors.Is(err, os.ErrNotExist) {
		if file == "" {
			return noCard()
		}
		if err := house.Init(ctx, f, "card", nil); err != nil {
			return err
		}
	}
	h, err := house.Open(ctx, house.Options{
		Files: f, Role: comm.Client, Name: "card", Device: "card", Policy: profile.UserPolicy(), Log: e.Log(), AllowHTTP: e.AllowHTTP, PNP: pnp,
	})
	if err != nil {
		return err
	}
	err = h.Resume(ctx, nil)
	var id instrument.ID
	if err == nil {
		id, err = chip(ctx, h, file)
	}
	if err == nil {
		err = use(ctx, h, id)
	}
	within, cancel := serve.Closing()
	defer cancel()
	if failed := h.Close(within); failed != nil {
		h.Log().Warn("the card was not closed in order", "error", failed)
	}
	return err
}

func noCard() error { return cli.Usage("terminal reader needs --card the first time") }

// maxCard bounds the file of a card.
const maxCard = 4 << 10

// chip is the card that is in the directory, or the one of the file from now on.
func chip(ctx context.Context, h *house.House, file string) (id instrument.ID, err error) {
	all, err := h.Instruments().List(ctx, instrument.Filter{Class: vendor.ClassCard, Limit: 1})
	if err != nil {
		return "", err
	}
	if len(all) == 1 {
		return all[0].ID, nil
	}
	if file == "" {
		return "", noCard()
	}
	f, err := cli.Open(ctx, filepath.Clean(file))
	if err != nil && ctx.Err() != nil {
		return "", err
	}
	if err != nil {
		return "", cli.Argument(fault.Wrap(err, fault.Invalid, "the card %s cannot be read", file).Because("card-unreadable"))
	}
	defer func() { _ = f.Close() }()
	text, err := cli.Within(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(f, maxCard)) })
	if err != nil && ctx.Err() != nil {
		return "", err
	}
	var of struct{ Account string }
	if err != nil || json.Unmarshal(text, &of) != nil || of.Account == "" {
		return "", cli.Argument(fault.New(fault.Invalid, "%s is not the file of a card", file).Because("card-malformed"))
	}
	own, err := h.Own(ctx)
	if err != nil {
		return "", err
	}
	i := instrument.Instance{Class: vendor.ClassCard, Owner: own.ID, Name: "card", Status: "active", Keys: map[string]string{"account": of.Account}, State: text}
	err = h.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		id, err = tx.Create(i)
		return err
	})
	return id, err
}

// tap has the card pay what is at the reader, as soon as something is.
func tap(ctx context.Context, e *cli.Env, h *house.House, id instrument.ID, at comm.Peer) error {
	s, err := h.InitiateSession(ctx, at, controller.Login{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	e.Say("The card waits for something to pay")
	for {
		_, err := s.Negotiate(ctx, vendor.ClassCard, instrument.Invoice{})
		if err == nil {
			break
		}
		if fault.ReasonOf(err) == vendor.ReasonNothingToPay {
			select {
			case <-time.After(looksEvery):
				continue
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil { // in the middle of a look, or between two
			return fault.Wrap(ctx.Err(), fault.Unknown, "nothing was to be paid").Because(protocol.ReasonPending).
				WithHint("no card was charged; start it again when the till has something to pay at its reader")
		}
		return err
	}
	own, err := h.Own(ctx)
	if err != nil {
		return err
	}
	result, err := s.Execute(ctx, controller.Transaction{Principal: own, Operation: protocol.Pay, Class: vendor.ClassCard, Instruments: []instrument.ID{id}}, nil)
	if err != nil {
		return err
	}
	return e.Print(map[string]any{"event": "paid", "amount": result.Amount}, "The card has paid %s\n", result.Amount)
}
