package prepaid

import (
	"context"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// question is the wallet's message of BALANCE and of REFUND.
type question struct {
	Account   string `json:"account"`
	Signature []byte `json:"signature,omitempty"`
}

// ask is the wallet's side of BALANCE and of REFUND. It keeps the vendor's statement, which
// settles payments whose outcome was not known and includes what came back.
func (v variant) ask(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	if !v.signed() && !clearTo(s.Peer()) {
		return protocol.Result{}, notClear()
	}
	var asked returned
	known := c.NoArguments
	if c.Operation == protocol.Refund {
		known = func() error { return c.Arguments(&asked) }
	}
	if err := known(); err != nil {
		return protocol.Result{}, err
	}
	var q question
	err := change(ctx, s, c.Main(), evUse, func(p *purse) (err error) {
		q, err = v.question(s, *p, c.Operation)
		return err
	})
	if err != nil {
		return protocol.Result{}, err
	}
	if err := s.Send(ctx, q); err != nil {
		return protocol.Result{}, err
	}
	var got receipt
	if err := s.Recv(ctx, &got); err != nil {
		return protocol.Result{}, err
	}
	if err := v.learn(ctx, s, c.Main(), got, asked.Payment); err != nil {
		return protocol.Result{}, err
	}
	return receiptFor(got)
}

// question proves that its sender holds the account.
func (v variant) question(s protocol.Session, p purse, operation string) (q question, err error) {
	q = question{Account: p.Account}
	if !v.signed() {
		return q, nil
	}
	text, err := query{p.Account, s.Operation()}.text(operation)
	if err != nil {
		return q, err
	}
	q.Signature, err = p.Key.sign(text)
	return q, err
}

// learn keeps the statement of a vendor's receipt, for a payment or for none.
func (v variant) learn(ctx context.Context, s protocol.Session, id instrument.ID, got receipt, of instrument.OperationID) error {
	return change(ctx, s, id, evUse, func(p *purse) error {
		if err := v.believe(got, *p); err != nil || got.Payment != of {
			return forged()
		}
		return p.learn(got.Statement, got.Proof)
	})
}

// tell is the vendor's side of BALANCE: only the holder is told.
func (v variant) tell(ctx context.Context, s protocol.Session) (protocol.Result, error) {
	var q question
	if err := s.Recv(ctx, &q); err != nil {
		return protocol.Result{}, err
	}
	r, err := v.statementOf(ctx, s, q)
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(&r)
}

// statementOf tells what is in an account.
func (v variant) statementOf(ctx context.Context, s protocol.Session, q question) (receipt, error) {
	text, err := query{q.Account, s.Operation()}.text(opBalance)
	if err != nil {
		return receipt{}, err
	}
	var l ledger
	err = s.Update(ctx, func(tx instrument.Tx) error {
		_, l, err = kept(tx, q.Account)
		return err
	})
	if err != nil {
		return receipt{}, err
	}
	if err := v.holds(s, l, text, q.Signature); err != nil {
		return receipt{}, err
	}
	return l.receipt(receipt{}, v.signed(), s.Now())
}
