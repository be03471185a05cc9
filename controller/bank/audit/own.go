package audit

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

// compareOwn compares what needs no provider.
func (a *auditor) compareOwn(ctx context.Context) error {
	for exchange, h := range a.books.incoming {
		for _, r := range h.rows {
			if err := a.compareIncoming(ctx, exchange, r); err != nil {
				return err
			}
		}
	}
	used := map[payment]*sale{}
	a.books.confirmedBy = used
	for _, s := range a.books.sales {
		if err := a.compareKeys(ctx, bank.ClassWithdrawal, s.id, s.where(), "its", s.keys()); err != nil {
			return err
		}
		a.compareClock(s)
		if s.state != taler.StateConfirmed {
			continue
		}
		a.rowsOf(a.books.incoming[s.exchange], s.id, s.where(), "a confirmed withdrawal")
		if s.admin {
			continue
		}
		if other, twice := used[s.payment]; twice {
			d := s.where()
			d.Kind = PaymentTwice
			a.differs(d, "the payment has confirmed another withdrawal as well: %s", other.wopid.Text())
		}
		used[s.payment] = s
	}
	if err := a.compareTransfers(ctx); err != nil {
		return err
	}
	return a.compareReturns(ctx)
}

// slack is how far ahead such a time may be without being named: clocks are put right by little.
const slack = 5 * time.Minute

// compareClock names an open withdrawal that began, or was selected, at a time that is still to
// come: this machine's clock was ahead. It expires only after that time, unless somebody ends it.
func (a *auditor) compareClock(s *sale) {
	if s.waits.After(a.b.Now().Add(slack)) {
		d := s.where()
		d.Kind = BegunAhead
		a.differs(d, "it waits since %s, which is still to come, and expires only after that: `bank withdrawal abort` ends it", s.waits.UTC().Format(time.RFC3339))
	}
}

// rowsOf wants exactly one row of an instrument. No history is that of an exchange
// which the bank does not know.
func (a *auditor) rowsOf(h *history, id instrument.ID, d Difference, what string) {
	if h == nil {
		d.Kind = RowMissing
		a.differs(d, "%s names an exchange that the bank does not have", what)
		return
	}
	d.Topic = string(h.topic)
	switch n := h.rowsOf[id].count; {
	case n == 0:
		d.Kind = RowMissing
		a.differs(d, "%s has no row in %s", what, h.topic)
	case n > 1:
		d.Kind = RowTwice
		a.differs(d, "%s has %d rows in %s", what, n, h.topic)
	}
}

// saleAt finds a withdrawal by its instance; one that was made or confirmed since
// the books were read is read now. Nil if there is none.
func (a *auditor) saleAt(ctx context.Context, id instrument.ID, recorded bool) (*sale, error) {
	s := a.books.sales[id]
	if id == "" || s != nil && (recorded || s.state == taler.StateConfirmed) {
		return s, nil
	}
	i, err := a.b.Instruments().View(ctx, id)
	if err != nil {
		return nil, gone(err)
	}
	var w taler.Withdrawal
	if err := i.Decode(&w); err != nil {
		return nil, nil // the reading of the books has named it
	}
	return saleOf(id, w), nil
}

// compareIncoming compares a row of the exchange's history with its withdrawal.
func (a *auditor) compareIncoming(ctx context.Context, exchange string, r row) error {
	h := a.books.incoming[exchange]
	d := h.where(r.seq)
	var in taler.IncomingTransaction
	if r.of == "" && r.body == nil {
		return nil // it could not be opened, which is said already
	}
	err := json.Unmarshal(r.body, &in)
	if in.RowID = uint64(r.seq); err == nil {
		err = taler.CheckRow(in)
	}
	if err != nil {
		d.Kind = RowUnreadable
		a.differs(d, "the exchange would not take row %d", r.seq)
		return nil
	}
	if in.Type == taler.TypeKYCAuth {
		return nil // it credits nobody
	}
	s, err := a.saleAt(ctx, r.of, r.seq <= h.recorded)
	if err != nil {
		return err
	}
	if s == nil || s.state != taler.StateConfirmed || s.exchange != exchange {
		d.Kind = RowAlone
		a.differs(d, "row %d credits %s, and no confirmed withdrawal of this exchange belongs to it", r.seq, in.Amount)
		return nil
	}
	w := s.where()
	w.Topic, w.Row, w.Kind = d.Topic, d.Row, RowDiffers
	switch {
	case in.Amount != s.amount:
		a.differs(w, "row %d credits %s, the withdrawal is of %s", r.seq, in.Amount, s.amount)
	case in.ReservePub != s.reserve:
		a.differs(w, "row %d credits another reserve than the withdrawal's", r.seq)
	case !s.admin && !a.debits(in.DebitAccount, s):
		a.differs(w, "row %d names the account %s, and the payment is %s of %s", r.seq, in.DebitAccount, s.payment.transaction, s.payment.provider)
	}
	return nil
}

// debits reports whether an account names the payment of a withdrawal.
func (a *auditor) debits(account taler.Payto, s *sale) bool {
	transaction, err := url.PathUnescape(account.Target())
	return err == nil && transaction == s.payment.transaction && account.Kind() == a.books.providers[s.payment.provider].Kind+"-transaction"
}

// compareTransfers compares what exchanges have wired back with both of its
// histories and with what they had.
func (a *auditor) compareTransfers(ctx context.Context) error {
	known, sums := map[instrument.ID]*wired{}, map[taler.WOPID]taler.Amount{}
	for n := range a.books.wired {
		t := &a.books.wired[n]
		known[t.id] = t
		if err := a.compareKeys(ctx, bank.ClassTransfer, t.id, t.where(), "its", t.keys()); err != nil {
			return err
		}
		a.rowsOf(a.books.transfers[t.Exchange], t.id, t.where(), "a transfer")
		if t.State == taler.TransferSuccess {
			a.rowsOf(a.books.outgoing[t.Exchange], t.id, t.where(), "a transfer that was carried out")
		}
		if t.State != taler.TransferPermanent {
			sums[t.WOPID] = added(sums[t.WOPID], t.Request.Amount)
		}
	}
	for _, of := range []histories{a.books.transfers, a.books.outgoing} {
		for exchange, h := range of {
			for _, r := range h.rows {
				if r.seq <= h.recorded {
					a.compareWired(exchange, h, r, known[r.of])
				}
			}
		}
	}
	for id, sum := range sums {
		if err := a.compareSum(ctx, id, sum); err != nil {
			return err
		}
	}
	return nil
}

func (t *wired) where() Difference {
	return Difference{WOPID: t.WOPID.Text(), Provider: t.Provider, Payment: t.ProviderTransactionID}
}

func (r *returned) where() Difference {
	return Difference{WOPID: r.WOPID.Text(), Provider: r.Provider, Payment: r.ProviderTransactionID}
}

// compareWired compares a row of one of the two histories with its transfer.
func (a *auditor) compareWired(exchange string, h *history, r row, t *wired) {
	d := h.where(r.seq)
	if t == nil || t.Exchange != exchange || h == a.books.outgoing[exchange] && t.State != taler.TransferSuccess {
		d.Kind = RowAlone
		a.differs(d, "row %d of %s is of no transfer that belongs there", r.seq, h.topic)
		return
	}
	w := t.where()
	w.Topic, w.Row, w.Kind = d.Topic, d.Row, RowDiffers
	if h == a.books.transfers[exchange] {
		if t.Row != uint64(r.seq) {
			a.differs(w, "row %d of %s is of the transfer that the exchange knows as %d", r.seq, h.topic, t.Row)
		}
		return
	}
	var out taler.OutgoingTransaction
	err := json.Unmarshal(r.body, &out)
	q := t.Request
	if err != nil || out.Amount != q.Amount || out.WTID != q.WTID || !out.CreditAccount.Equal(q.CreditAccount) {
		a.differs(w, "row %d of %s says something else than its transfer of %s", r.seq, h.topic, q.Amount)
	}
}

// compareSum wants all transfers of a withdrawal to be at most what was credited.
func (a *auditor) compareSum(ctx context.Context, id taler.WOPID, sum taler.Amount) error {
	s, err := a.saleByWOPID(ctx, id)
	if err != nil {
		return err
	}
	if s == nil || s.state != taler.StateConfirmed {
		a.differs(Difference{Kind: TransferAlone, WOPID: id.Text()}, "%s was wired back of a withdrawal that is not confirmed", sum)
		return nil
	}
	if c, err := sum.Cmp(s.amount); err != nil || c > 0 {
		d := s.where()
		d.Kind = TransferExceeds
		a.differs(d, "%s was wired back of %s", sum, s.amount)
	}
	return nil
}

// compareReturns wants each return to belong to a withdrawal.
func (a *auditor) compareReturns(ctx context.Context) error {
	for _, r := range a.books.returns {
		if err := a.compareKeys(ctx, bank.ClassReturn, r.id, r.where(), "its", r.keys()); err != nil {
			return err
		}
		s, err := a.saleByWOPID(ctx, r.WOPID)
		if err != nil {
			return err
		}
		if s == nil || !s.state.Final() {
			d := r.where()
			d.Kind = ReturnAlone
			a.differs(d, "%s is given back for a withdrawal that has not ended", r.Amount)
		}
	}
	return nil
}
