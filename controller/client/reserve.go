package client

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Withdrawn is a withdrawal as the wallet has it on record: its reserve, without
// the secrets.
type Withdrawn struct {
	Operation instrument.OperationID `json:"operation"`
	Status    string                 `json:"status"`
	Bank      string                 `json:"bank,omitempty"`
	Exchange  string                 `json:"exchange"`
	Reserve   string                 `json:"reserve"`
	Amount    instrument.Amount      `json:"amount"`
	Value     instrument.Amount      `json:"value,omitzero"` // of the coins
	Coins     int                    `json:"coins"`
	Fees      instrument.Amount      `json:"fees,omitzero"`
	Created   time.Time              `json:"created"`
	Reason    string                 `json:"reason,omitempty"`

	Remainder instrument.Amount `json:"remainder,omitzero"` // of Amount, at the exchange and not made into coins
	Surplus   instrument.Amount `json:"surplus,omitzero"`   // at the exchange, beyond Amount; goes back when the reserve is closed

	uri taler.WithdrawURI
	id  instrument.ID
}

// URI is where the withdrawal came from; call Withdraw with it to go on.
func (w Withdrawn) URI() taler.WithdrawURI { return w.uri }

// Asked reports whether the exchange has been asked for coins that are not here.
func (w Withdrawn) Asked() bool {
	return w.Status == taler.ReserveSent || w.Status == taler.ReserveFailed
}

// Withdrawals lists the withdrawals of this wallet, oldest first. It starts no
// plugin.
func (w *Wallet) Withdrawals(ctx context.Context) ([]Withdrawn, error) {
	found, err := w.Instruments().List(ctx, instrument.Filter{Class: ClassReserve, Owner: w.user.ID})
	if err != nil {
		return nil, err
	}
	out := make([]Withdrawn, len(found))
	for n, i := range found {
		var r taler.Reserve
		if err := i.Decode(&r); err != nil {
			return nil, err
		}
		out[n] = Withdrawn{
			Operation: operationOf(i), Status: i.Status, Bank: r.BankURL, Exchange: r.ExchangeURL, Reserve: r.ReservePub.String(),
			Amount: r.Amount, Value: r.Value, Coins: r.Coins, Fees: r.Fees, Created: time.Unix(r.Created, 0).UTC(), Reason: r.Reason,
			Remainder: r.Remainder, Surplus: r.Surplus, id: i.ID,
		}
		if i.Status == taler.ReserveCreated || i.Status == taler.ReserveAborted { // nothing was paid, so nothing is left
			out[n].Remainder = instrument.Amount{}
		}
		if r.BankURL == "" {
			continue
		}
		if out[n].uri, err = taler.NewWithdrawURI(r.BankURL, r.WOPID); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b Withdrawn) int { return a.Created.Compare(b.Created) })
	return out, nil
}

// shortest is the shortest beginning of a WOPID or operation that names it.
const shortest = 8

// FindWithdrawal finds a withdrawal by its operation, or by a unique beginning
// of its WOPID of at least eight characters; fault.NotFound.
func (w *Wallet) FindWithdrawal(ctx context.Context, name string) (Withdrawn, error) {
	all, err := w.Withdrawals(ctx)
	if err != nil {
		return Withdrawn{}, err
	}
	var found []Withdrawn
	for _, x := range all {
		byID := strings.HasPrefix(string(x.Operation), strings.ToLower(name))
		byWOPID := x.Bank != "" && x.uri.ID.Begins(name)
		if len(name) >= shortest && (byID || byWOPID) {
			found = append(found, x)
		}
	}
	switch len(found) {
	case 0:
		return Withdrawn{}, fault.New(fault.NotFound, "this wallet has no such withdrawal").Because(taler.ReasonUnknownOperation).
			WithHint("`wallet operation list` shows those that it has")
	case 1:
		return found[0], nil
	}
	return Withdrawn{}, fault.New(fault.Invalid, "%d withdrawals begin like that", len(found)).Because(ReasonAmbiguous).WithHint("give more characters")
}

// operation is the operation of a new withdrawal: what the person's key names,
// which must not name another one.
func (w *Wallet) operation(ctx context.Context, want Withdrawal) (instrument.OperationID, error) {
	key := want.Key
	if key == "" {
		key = want.URI.ID.Text()
	}
	op, err := w.operationOfKey(ctx, key, func(x Withdrawn) bool { return x.uri.ID == want.URI.ID && x.uri.BaseURL() == want.URI.BaseURL() })
	if want.Key == "" && fault.ReasonOf(err) == protocol.ReasonKeyReused { // nobody has said one
		return "", fault.New(fault.Conflict, "this wallet has a withdrawal by this code at another bank").Because(protocol.ReasonKeyReused).
			WithHint("scan the terminal's code again; `wallet operation list` shows the withdrawal that there is")
	}
	return op, err
}

// operationOfKey is the operation that a key names; it is free, or of the withdrawal meant.
func (w *Wallet) operationOfKey(ctx context.Context, key string, meant func(Withdrawn) bool) (instrument.OperationID, error) {
	op, err := w.OperationID(key)
	if err != nil {
		return "", err
	}
	all, err := w.Withdrawals(ctx)
	if err != nil {
		return "", err
	}
	for _, x := range all {
		if x.Operation == instrument.OperationID(protocol.Short(op)) && !meant(x) {
			return "", fault.New(fault.Conflict, "this key belongs to another withdrawal").Because(protocol.ReasonKeyReused).
				WithHint("use another --key for another withdrawal")
		}
	}
	return op, nil
}

// nameReserve writes the operation to the reserve. A crash before leaves it without,
// and it is found by its WOPID.
func (w *Wallet) nameReserve(ctx context.Context, id instrument.ID, op instrument.OperationID) error {
	return w.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		i, err := tx.Get(id)
		if err != nil || i.Status != taler.ReserveCreated || i.Name != "" {
			return err
		}
		i.Name = string(op)
		return tx.Put(i)
	})
}

// operationOf is how a withdrawal is named in output.
func operationOf(i instrument.Instance) instrument.OperationID {
	if i.Name == "" {
		return instrument.OperationID(i.ID[len(i.ID)-12:])
	}
	return instrument.OperationID(protocol.Short(instrument.OperationID(i.Name)))
}

// reserve reads a reserve.
func (w *Wallet) reserve(ctx context.Context, id instrument.ID) (instrument.Instance, taler.Reserve, error) {
	i, err := w.Instruments().View(ctx, id)
	if err != nil {
		return i, taler.Reserve{}, err
	}
	var r taler.Reserve
	err = i.Decode(&r)
	return i, r, err
}
