package taler

import (
	"context"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// preview says what an amount becomes at an exchange now. It changes nothing.
func preview(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.PreviewArgs
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	_, e, err := look[taler.ExchangeState](ctx, s, args.Exchange)
	if err != nil {
		return protocol.Result{}, err
	}
	out, err := outlook(e, args.Amount, args.Held, s.Now())
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(out)
}

// prepare makes a reserve and stores its keys before anybody hears of it. The
// same withdrawal again finds the same reserve.
func prepare(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.PrepareArgs
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	if err := checkPrepare(args); err != nil {
		return protocol.Result{}, err
	}
	fresh, err := newReserve(s, args)
	if err != nil {
		return protocol.Result{}, err
	}
	key := withdrawalKey(s, args)
	var out taler.PrepareResult
	err = s.Update(ctx, func(tx instrument.Tx) error {
		id, err := tx.Find(reserveID, keyWithdrawal, key)
		switch {
		case err == nil:
			out, err = preparedBefore(tx, id, args)
			return err
		case fault.KindOf(err) != fault.NotFound:
			return err
		}
		r := fresh
		if r.ExchangeURL, err = exchangeFor(tx, s, args); err != nil {
			return err
		}
		out, err = createReserve(tx, r, key)
		return err
	})
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(out)
}

func checkPrepare(args taler.PrepareArgs) error {
	switch {
	case args.Amount == (taler.Amount{}):
		return fault.New(fault.Invalid, "the amount of the withdrawal is missing").Because(taler.ReasonAmountRequired)
	case args.Open && (!args.Amount.IsZero() || args.WOPID.IsZero()):
		return fault.New(fault.Invalid, "only a bank may say the amount later, and none is said before").Because(taler.ReasonParameterMalformed)
	case args.WOPID.IsZero() != (args.BankURL == ""):
		return fault.New(fault.Invalid, "a bank is named together with its withdrawal").Because(taler.ReasonParameterMissing)
	}
	return nil
}

// newReserve draws the secrets of a reserve: its key and the seed of its coins.
func newReserve(s protocol.Session, args taler.PrepareArgs) (taler.Reserve, error) {
	r := taler.Reserve{
		Exchange: args.Exchange, BankURL: args.BankURL, WOPID: args.WOPID, Account: args.Account,
		Amount: args.Amount, Remainder: args.Amount, Created: s.Now().Unix(), Agreed: args.Agreed,
		ReservePriv: taler.StoredSecret(s.Random(len(taler.StoredSecret{}))),
		Seed:        taler.StoredSecret(s.Random(len(taler.StoredSecret{}))),
	}
	priv, err := r.ReservePriv.EddsaPrivateKey()
	if err != nil {
		return taler.Reserve{}, err
	}
	r.ReservePub = priv.Public()
	return r, nil
}

// withdrawalKey names a withdrawal among all of this wallet: by the bank and its
// WOPID, or by the operation that began a manual one.
func withdrawalKey(s protocol.Session, args taler.PrepareArgs) string {
	if args.WOPID.IsZero() {
		return "manual/" + string(s.Operation())
	}
	return strings.TrimSuffix(args.BankURL, "/") + "/" + args.WOPID.Text()
}

// exchangeFor checks that the exchange can do what is asked of it.
func exchangeFor(tx instrument.Tx, s protocol.Session, args taler.PrepareArgs) (url string, err error) {
	i, e, err := read[taler.ExchangeState](tx, args.Exchange)
	switch {
	case err != nil:
		return "", err
	case i.Class != exchangeID || i.Status != taler.ExchangeActive:
		return "", fault.New(fault.Conflict, "the keys of this exchange were not read yet").
			Because("exchange-not-ready").WithHint("`wallet exchange add` reads them")
	case args.Account != "" && !e.HasAccount(args.Account):
		return "", fault.New(fault.Denied, "the exchange has not signed for this account").Because(taler.ReasonUnknownAccount)
	}
	if args.Open && args.Amount.Currency == e.Currency {
		return e.URL, nil
	}
	_, err = outlook(e, args.Amount, taler.Amount{}, s.Now())
	return e.URL, err
}

func createReserve(tx instrument.Tx, r taler.Reserve, key string) (taler.PrepareResult, error) {
	i := instrument.Instance{Class: reserveID, Status: taler.ReserveCreated, Keys: map[string]string{
		keyReservePub: r.ReservePub.String(), keyWithdrawal: key,
	}}
	if err := i.Encode(r); err != nil {
		return taler.PrepareResult{}, err
	}
	id, err := tx.Create(i)
	return taler.PrepareResult{Reserve: id, ReservePub: r.ReservePub}, err
}

func preparedBefore(tx instrument.Tx, id instrument.ID, args taler.PrepareArgs) (taler.PrepareResult, error) {
	_, r, err := read[taler.Reserve](tx, id)
	if err != nil {
		return taler.PrepareResult{}, err
	}
	if r.Exchange != args.Exchange || r.Amount != args.Amount {
		return taler.PrepareResult{}, fault.New(fault.Conflict, "this withdrawal was begun with another exchange or amount").
			Because("withdrawal-reused").WithHint("go on with the first, or ask the terminal for a new QR code")
	}
	return taler.PrepareResult{Reserve: id, ReservePub: r.ReservePub}, nil
}
