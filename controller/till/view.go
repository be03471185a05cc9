package till

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

// View is a withdrawal as till software sees it.
type View struct {
	WOPID       taler.WOPID       `json:"wopid"`
	Status      string            `json:"status"` // the Terminal… words of comm/taler
	Needs       string            `json:"needs,omitempty"`
	URI         string            `json:"uri,omitempty"`
	Amount      instrument.Amount `json:"amount"`
	Fees        instrument.Amount `json:"fees"`
	Total       instrument.Amount `json:"total"`
	Exchange    string            `json:"exchange,omitempty"`
	Terms       *Terms            `json:"terms,omitempty"`
	Accepted    time.Time         `json:"accepted,omitzero"`
	Reserve     string            `json:"reserve,omitempty"` // the whole key of the wallet that selected
	Groups      string            `json:"groups,omitempty"`  // its first four groups, as the wallet shows them
	Peer        string            `json:"peer,omitempty"`    // where a native peer pays now
	Transaction string            `json:"provider_transaction_id,omitempty"`
	Created     time.Time         `json:"created,omitzero"`
	Ended       time.Time         `json:"ended,omitzero"`
	Reason      string            `json:"reason,omitempty"`  // why it was aborted
	Problem     *fault.Fault      `json:"problem,omitempty"` // why it does not go on now
}

// Terms are the exchange's terms of service.
type Terms struct {
	Version string `json:"version"`
	Type    string `json:"type"` // media type
	Text    string `json:"text"`
}

// view joins the record with what is known of the sale, if it goes on. In that case it reads
// the record again: what the sale needs now must not be shown with an older record.
func (t *Till) view(ctx context.Context, w vendor.Withdrawal, s *sale) View {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if now, err := t.terminal.FindByRequest(ctx, w.RequestUID); err == nil {
			w = now
		}
	}
	v := View{
		WOPID: w.WOPID, Status: w.Status, URI: w.URI, Amount: w.Amount, Fees: w.Fees, Total: w.Total, Exchange: w.Exchange, Transaction: w.Transaction,
		Accepted: taler.TimeOf(w.Terms.AcceptedAt), Created: taler.TimeOf(w.Progress.Created), Ended: taler.TimeOf(w.Progress.Ended), Reason: w.Reason,
	}
	if !w.ReservePub.IsZero() {
		v.Reserve, v.Groups = w.ReservePub.String(), taler.KeyGroups(w.ReservePub)
	}
	switch {
	case w.Over():
		return v
	case s == nil:
		v.Problem = t.stop(w)
		return v
	}
	v.Problem, v.Peer = advised(s.problem, s.needs), s.peer
	if !w.Charged() { // else another process has had it paid
		v.Needs = s.needs
	}
	if s.quote != nil && s.quote.Terms.Version != "" {
		v.Terms = &Terms{s.quote.Terms.Version, s.quote.Terms.Type, s.quote.Terms.Text}
	}
	return v
}
