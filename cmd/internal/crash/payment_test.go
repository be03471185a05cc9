//go:build unix

package crash_test

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// payment pays with a coin, in the plain way or in the hard one. The client names
// the coin and its provider, the vendor its till and its provider.
type payment struct {
	code
	id string
}

func (p payment) Info() protocol.Info {
	return protocol.Info{ID: p.id, Title: "Pay", Replay: p.replay}
}

func (payment) CompatibleWith(class instrument.ClassID) bool { return class == classCoin }

func (payment) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: protocol.Pay, Messages: true}}
}

func (p payment) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	if s.Side() == protocol.Servicer {
		return p.take(ctx, s, c)
	}
	coin, told := c.Instruments[0], []said(nil)
	err := p.talk(ctx, s, c, &told)
	final := func(status string, last ...said) error {
		return change(ctx, s, coin, status, func(k *kept) error {
			k.Mine, k.Theirs = append(k.Mine, last...), told
			return nil
		})
	}
	switch {
	case err == nil && p.id == trade: // it ends with a last word that nobody answers
		bye := p.say(s)
		return protocol.Result{Amount: c.Offer.Terms.Price}, errors.Join(final("spent", bye), s.Send(ctx, bye))
	case err == nil:
		return protocol.Result{Amount: c.Offer.Terms.Price}, final("spent")
	case errors.Is(err, fault.Unknown), errors.Is(err, fault.Stuck):
		return protocol.Result{}, err // the coin stays pending
	}
	return protocol.Result{}, errors.Join(final("full"), err)
}

// talk is the client's part until the vendor has answered all that wants an
// answer.
func (p payment) talk(ctx context.Context, s protocol.Session, c protocol.Call, told *[]said) error {
	for n := range p.rounds() {
		mine := p.say(s)
		err := s.Update(ctx, func(tx instrument.Tx) error {
			coin, err := tx.Get(c.Instruments[0])
			mine.Serial = coin.Keys["serial"]
			if err != nil {
				return err
			}
			return edit(tx, coin.ID, "pending", func(k *kept) error {
				if n == 0 {
					*k = kept{} // of a payment that was refused
				}
				k.Mine = append(k.Mine, mine)
				return nil
			})
		})
		if err != nil {
			return err
		}
		if err := s.Send(ctx, mine); err != nil {
			return err
		}
		var theirs said
		if err := s.Recv(ctx, &theirs); err != nil {
			return err
		}
		*told = append(*told, theirs)
		if n == 0 && p.id == trade {
			if _, err := p.order(ctx, s, c.Instruments[1], "the client's", mine); err != nil {
				return err
			}
		}
	}
	return nil
}

// rounds is how often both sides speak.
func (p payment) rounds() int {
	if p.id == trade {
		return 3
	}
	return 1
}

// take is the vendor's side.
func (p payment) take(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var heard, mine []said
	var receipt instrument.ID
	till, provider := c.Instruments[0], c.Instruments[1]
	for n := range p.rounds() {
		var theirs said
		if err := s.Recv(ctx, &theirs); err != nil {
			return protocol.Result{}, err
		}
		heard, mine = append(heard, theirs), append(mine, p.say(s))
		err := s.Update(ctx, func(tx instrument.Tx) (err error) {
			if n == 0 {
				receipt, err = p.claim(tx, till, kept{Mine: mine, Theirs: heard})
				return err
			}
			return edit(tx, receipt, "pending", func(k *kept) error { *k = kept{Mine: mine, Theirs: heard}; return nil })
		})
		if err != nil {
			return protocol.Result{}, err
		}
		if n < 2 {
			if mine[n].Paid, err = p.order(ctx, s, provider, []string{"the first", "the second"}[n], mine[n]); err != nil {
				return protocol.Result{}, err
			}
		}
		mine[n].Sent = p.now(s)
		if p.id == trade {
			if err := s.Send(ctx, mine[n]); err != nil {
				return protocol.Result{}, err
			}
		}
	}
	if p.id == trade {
		var bye said
		if err := s.Recv(ctx, &bye); err != nil {
			return protocol.Result{}, err
		}
		heard = append(heard, bye)
	}
	err := s.Update(ctx, func(tx instrument.Tx) error {
		return errors.Join(
			edit(tx, receipt, "taken", func(k *kept) error { *k = kept{Mine: mine, Theirs: heard}; return nil }),
			edit(tx, till, "open", func(a *account) error { a.Taken++; a.Pending--; return nil }),
		)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	r, err := protocol.ResultOf(mine[len(mine)-1])
	r.Amount = c.Offer.Terms.Price
	return r, err
}

// claim takes a coin's serial number, which nobody else can take then.
func (payment) claim(tx instrument.Tx, till instrument.ID, k kept) (instrument.ID, error) {
	i := instrument.Instance{Class: classReceipt, Status: "pending", Keys: map[string]string{"serial": k.Theirs[0].Serial}}
	if err := i.Encode(k); err != nil {
		return "", err
	}
	id, err := tx.Create(i)
	if err != nil {
		return "", err
	}
	return id, edit(tx, till, "open", func(a *account) error { a.Pending++; return nil })
}
