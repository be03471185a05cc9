package bank

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Refusals is the topic of transfers that were refused for good, and of what operators have
// found out about them.
const Refusals instrument.Topic = "refusals"

// Refusal is a transfer of an exchange that was refused: the exchange never sends it again, so
// what it was for has to be settled by people.
type Refusal struct {
	Number        instrument.Seq    `json:"number"` // by which Resolve names it
	Time          time.Time         `json:"time"`
	Exchange      string            `json:"exchange"`
	Amount        instrument.Amount `json:"amount"`
	WTID          taler.ShortHash   `json:"wtid"` // by which the exchange's people find it
	RequestUID    taler.HashCode    `json:"request_uid"`
	CreditAccount taler.Payto       `json:"credit_account"`
	Reason        fault.Reason      `json:"reason"`
	Message       string            `json:"message"`
	Resolved      string            `json:"resolved,omitempty"` // what the operator has done about it; audits do not name it any more
}

// refusalEntry is an entry of Refusals: a refusal, or what resolves one.
type refusalEntry struct {
	Refused *Refusal       `json:"refused,omitempty"`
	Number  instrument.Seq `json:"number,omitempty"`
	Text    string         `json:"text,omitempty"`
}

// maxRefusals bounds how many transfers are on record as refused. An exchange that is set up
// wrongly may have no end of them; the log and the counter tell of all.
const maxRefusals = 10_000

// refusedBefore are the transfers that are on record as refused, so that one which is sent again is
// there once. It is read when the first one is refused; whoever uses it holds b.wiring.
type refusedBefore map[refusalKey]struct{}

type refusalKey struct {
	exchange string
	request  taler.HashCode
}

// recordRefusal puts a transfer on record before it is refused. A second one with the same
// request_uid is not written.
func (b *Bank) recordRefusal(ctx context.Context, x Exchange, r taler.TransferRequest, refusal error) error {
	if b.refusals == nil {
		all, err := b.Refusals(ctx)
		if err != nil {
			return err
		}
		b.refusals = refusedBefore{}
		for _, r := range all {
			b.refusals[refusalKey{r.Exchange, r.RequestUID}] = struct{}{}
		}
	}
	key := refusalKey{x.Name, r.RequestUID}
	if _, known := b.refusals[key]; known || len(b.refusals) >= maxRefusals {
		return nil
	}
	f := fault.From(refusal)
	err := b.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		return tx.Append(Refusals, "", refusalEntry{Refused: &Refusal{
			Exchange: x.Name, Amount: r.Amount, WTID: r.WTID, RequestUID: r.RequestUID, CreditAccount: r.CreditAccount, Reason: f.Reason, Message: f.Message,
		}})
	})
	if err == nil {
		b.refusals[key] = struct{}{}
	}
	return err
}

// Refusals lists the transfers that were refused, the first ones first.
func (b *Bank) Refusals(ctx context.Context) ([]Refusal, error) {
	var all []Refusal
	for after := instrument.Seq(0); ; {
		page, err := b.Instruments().Journal(ctx, Refusals, instrument.Page{After: after, Limit: journalled})
		if err != nil || len(page) == 0 {
			return all, err
		}
		for _, e := range page {
			after = e.Seq
			var entry refusalEntry
			if err := readEntry(e, &entry); err != nil {
				return nil, err
			}
			if r := entry.Refused; r != nil {
				r.Number, r.Time = e.Seq, e.Time
				all = append(all, *r)
				continue
			}
			for n := range all {
				if all[n].Number == entry.Number {
					all[n].Resolved = entry.Text
				}
			}
		}
	}
}

// Resolve notes what the operator has done about a transfer that was refused. It may be called
// again, with other words. If no refusal has the number, it is fault.NotFound, reason
// "refusal-unknown".
func (b *Bank) Resolve(ctx context.Context, number instrument.Seq, text string) (Refusal, error) {
	if err := checkExplanation(text); err != nil {
		return Refusal{}, err
	}
	all, err := b.Refusals(ctx)
	if err != nil {
		return Refusal{}, err
	}
	for _, r := range all {
		if r.Number == number {
			r.Resolved = text
			return r, b.Instruments().Update(ctx, func(tx *instrument.Draft) error {
				return tx.Append(Refusals, "", refusalEntry{Number: number, Text: text})
			})
		}
	}
	return Refusal{}, fault.New(fault.NotFound, "no transfer was refused under the number %d", number).Because("refusal-unknown").
		WithHint("`bank refusal list` has the numbers")
}
