package audit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/audit"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// world is what a good bank has gone through: withdrawals that are open,
// confirmed, confirmed by too much, aborted and given back, and wired back.
func world(t *testing.T) *books {
	b := open(t)
	b.selected()
	b.decided("tx-1", "CHF:21", "")
	b.decided("tx-2", "CHF:25", "")
	b.decided("tx-3", "CHF:20.99", "")
	b.givenBack(2)
	return b
}

func TestGoodBooksHaveNoDifference(t *testing.T) {
	b := world(t)
	b.decided("tx-4", "CHF:21", "")
	b.wires("tx-4", "CHF:5", taler.TransferPending) // nothing has gone
	b.wires("tx-4", "CHF:5", taler.TransferPermanent)
	check(t, b.lax.Skip(b.ctx(), bank.Incoming, 5000))
	last := b.decided("tx-5", "CHF:21", "")
	b.Provider.Put(banktest.Payment{ID: "declined", State: "failed", Amount: sum("CHF:21"), Reference: last.Text()})
	got := b.audit()
	want := audit.Report{OK: true, Withdrawals: 6, Confirmed: 4, HistoryRows: 4, ProviderPayments: 5}
	if got.OK != want.OK || got.Withdrawals != want.Withdrawals || got.Confirmed != want.Confirmed ||
		got.HistoryRows != want.HistoryRows || got.ProviderPayments != want.ProviderPayments || got.Differences == nil {
		t.Errorf("%+v", got)
	}
}

// TestEveryDifferenceIsNamed alters the books, or the provider's, in one place at a
// time.
func TestEveryDifferenceIsNamed(t *testing.T) {
	put := func(b *books, change func(*banktest.Payment, taler.WOPID)) {
		id := b.decided("tx", "CHF:21", "")
		p := banktest.Payment{ID: "tx", State: "paid", Amount: sum("CHF:21"), Reference: id.Text()}
		change(&p, id)
		b.Provider.Put(p)
	}
	row := func(b *books, change func(*taler.IncomingTransaction)) {
		b.decided("tx", "CHF:21", "")
		r := b.lastRow()
		change(&r)
		b.appends(bank.Incoming, bank.ClassWithdrawal, r)
	}
	wrong := func(b *books, change func(*taler.OutgoingTransaction)) {
		b.wires("tx-1", "CHF:5", taler.TransferSuccess)
		page, err := b.Bank.OutgoingHistory(b.ctx(), b.Bank.Default(), instrument.Page{Limit: 1, Reverse: true}, 0)
		check(b.t, err)
		var rows taler.OutgoingHistory
		check(b.t, taler.Unmarshal(page, &rows))
		b.sql(`DELETE FROM journal WHERE topic = 'outgoing' AND seq = ?`, rows.OutgoingTransactions[0].RowID)
		change(&rows.OutgoingTransactions[0])
		b.appends(bank.Outgoing, bank.ClassTransfer, rows.OutgoingTransactions[0])
	}
	for _, c := range []struct {
		name  string
		alter func(*books)
		want  []audit.Kind
	}{
		{"two have begun in a year", func(b *books) {
			for _, waits := range []func(*taler.Withdrawal, int64){ // the last one is noticed, and does not wait
				func(w *taler.Withdrawal, at int64) { w.Created = at }, func(w *taler.Withdrawal, at int64) { w.Selected = at },
				func(w *taler.Withdrawal, at int64) { w.Created, w.ProviderTransactionID, w.Noticed = at, "tx", at },
			} {
				b.selected()
				forge(b, bank.ClassWithdrawal, func(w *taler.Withdrawal, _ *instrument.Instance) { waits(w, time.Now().AddDate(1, 0, 0).Unix()) })
			}
		}, []audit.Kind{audit.BegunAhead, audit.BegunAhead}},
		{"a row is lost in the middle", func(b *books) { b.sql(`DELETE FROM journal WHERE topic = 'incoming' AND seq = 1`) }, []audit.Kind{audit.RowGap, audit.RowMissing}},
		{"the last row is lost", func(b *books) { b.lastRow() }, []audit.Kind{audit.RowMissing}},
		{"a row is there twice", func(b *books) {
			r := b.lastRow()
			b.decided("tx", "CHF:21", "")
			b.lastRow()
			for range 2 {
				b.appends(bank.Incoming, bank.ClassWithdrawal, r)
			}
		}, []audit.Kind{audit.RowDiffers, audit.RowDiffers, audit.RowMissing, audit.RowTwice}},
		{"a row credits what was aborted", func(b *books) {
			b.appends(bank.Incoming, bank.ClassWithdrawal, b.lastRow())
		}, []audit.Kind{audit.RowAlone, audit.RowMissing}},
		{"a row is of another amount", func(b *books) { row(b, func(r *taler.IncomingTransaction) { r.Amount = sum("CHF:21") }) }, []audit.Kind{audit.RowDiffers}},
		{"a row is of another reserve", func(b *books) { row(b, func(r *taler.IncomingTransaction) { r.ReservePub[0]++ }) }, []audit.Kind{audit.RowDiffers}},
		{"a row is of another account", func(b *books) {
			row(b, func(r *taler.IncomingTransaction) {
				r.DebitAccount = "payto://simulator-transaction/tx-1?receiver-name=x"
			})
		}, []audit.Kind{audit.RowDiffers}},
		{"a row is one that no exchange takes", func(b *books) {
			b.lastRow()
			b.appends(bank.Incoming, bank.ClassWithdrawal, map[string]string{"type": "RESERVE"})
		}, []audit.Kind{audit.RowMissing, audit.RowUnreadable}},
		{"a row was altered", func(b *books) {
			b.sql(`UPDATE journal SET sealed = zeroblob(60) WHERE topic = 'incoming' AND seq = 1`)
		}, []audit.Kind{audit.RowMissing, audit.RowUnreadable}},
		{"a withdrawal was altered", func(b *books) {
			b.decided("tx", "CHF:21", "")
			b.sql(`UPDATE instances SET sealed = zeroblob(60) WHERE id = (SELECT max(id) FROM instances WHERE class = 'taler-withdrawal')`)
		}, []audit.Kind{audit.RecordUnreadable, audit.RowAlone}},
		{"a withdrawal was altered, and the payment of one behind it failed", func(b *books) {
			id := b.decided("tx", "CHF:21", "")
			b.sql(`UPDATE instances SET sealed = zeroblob(60) WHERE id = (SELECT min(id) FROM instances WHERE class = 'taler-withdrawal')`)
			b.Provider.Put(banktest.Payment{ID: "tx", State: "failed", Amount: sum("CHF:21"), Reference: id.Text()})
		}, []audit.Kind{audit.PaymentNotPaid, audit.RecordUnreadable}},
		{"what a withdrawal has claimed is nobody's", func(b *books) {
			b.decided("tx", "CHF:21", "")
			for _, key := range []string{"wopid", "reserve_pub", "provider_tx"} {
				b.loses(bank.ClassWithdrawal, key)
			}
		}, []audit.Kind{audit.KeyMissing, audit.KeyMissing, audit.KeyMissing}},
		{"what a withdrawal has claimed is another's", func(b *books) {
			b.sql(`UPDATE instance_keys SET id = (SELECT max(id) FROM instances WHERE class = 'taler-withdrawal') WHERE name = 'provider_tx' AND id = (SELECT min(id) FROM instance_keys WHERE name = 'provider_tx')`)
			b.Kill()
			b.Restart()
		}, []audit.Kind{audit.KeyMissing}},
		{"what makes a transfer one is gone", func(b *books) {
			b.wires("tx-1", "CHF:5", taler.TransferPending)
			b.loses(bank.ClassTransfer, "request_uid")
			b.loses(bank.ClassTransfer, "wtid")
		}, []audit.Kind{audit.KeyMissing, audit.KeyMissing}},
		{"a row of what went back is of another transfer", func(b *books) { wrong(b, func(o *taler.OutgoingTransaction) { o.WTID[0]++ }) }, []audit.Kind{audit.RefundMissing, audit.RowDiffers}},
		{"a row of what went back is of another account", func(b *books) {
			wrong(b, func(o *taler.OutgoingTransaction) {
				o.CreditAccount = "payto://simulator-transaction/tx-2?receiver-name=x"
			})
		}, []audit.Kind{audit.RefundMissing, audit.RowDiffers}},
		{"a row of what went back is of another amount", func(b *books) { wrong(b, func(o *taler.OutgoingTransaction) { o.Amount = sum("CHF:4") }) }, []audit.Kind{audit.RefundMissing, audit.RowDiffers}},
		{"what makes a return the only one is gone", func(b *books) { b.loses(bank.ClassReturn, "payment") }, []audit.Kind{audit.KeyMissing}},
		{"the request of a withdrawal is nobody's", func(b *books) { b.loses(bank.ClassWithdrawal, "request") }, []audit.Kind{audit.KeyMissing}},
		{"what another class has claimed is nobody's", func(b *books) { b.quota(); b.loses(bank.ClassQuota, "user") }, []audit.Kind{audit.KeyMissing}},
		{"an instrument of another class was altered", func(b *books) {
			b.quota()
			b.sql(`UPDATE instances SET sealed = zeroblob(60) WHERE class = 'taler-quota'`)
		}, []audit.Kind{audit.RecordUnreadable}},
		{"a withdrawal is gone that was not confirmed", func(b *books) { b.removes("selected") }, []audit.Kind{audit.RecordMissing}},
		{"a withdrawal was turned back whole", func(b *books) {
			id := b.selected()
			back := b.keeps()
			check(b.t, b.Bank.AbortByWallet(b.ctx(), id))
			back()
		}, []audit.Kind{audit.RecordDiffers}},
		{"a withdrawal was turned back within its status", func(b *books) {
			id := b.selected()
			back := b.keeps()
			b.Provider.Put(banktest.Payment{ID: "waits", State: "pending", Amount: sum("CHF:21"), Reference: id.Text()})
			check(b.t, b.Bank.Confirm(b.ctx(), b.till(), id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "waits"}))
			b.Kill()
			back()
			b.Restart()
		}, []audit.Kind{audit.RecordDiffers}},
		{"a change in the middle is lost, and said to be left out", func(b *books) {
			b.sql(`DELETE FROM journal WHERE topic = 'operations' AND seq = 2`)
			b.sql(`INSERT INTO skips (topic, first, next) VALUES ('operations', 2, 3)`)
		}, []audit.Kind{audit.RowGap}},
		{"a change in the middle is lost", func(b *books) { b.sql(`DELETE FROM journal WHERE topic = 'operations' AND seq = 2`) }, []audit.Kind{audit.RowGap}},
		{"the last change is lost", func(b *books) {
			check(b.t, b.Bank.AbortByWallet(b.ctx(), b.selected()))
			b.sql(`DELETE FROM journal WHERE topic = 'operations' AND seq = (SELECT max(seq) FROM journal WHERE topic = 'operations')`)
		}, []audit.Kind{audit.RecordDiffers}},
		{"all changes of an instrument are lost", func(b *books) {
			b.quota()
			b.sql(`DELETE FROM journal WHERE topic = 'operations' AND class = 'taler-quota'`)
		}, []audit.Kind{audit.RecordDiffers}},
		{"what nobody's claims lead to differs, and so does another", func(b *books) {
			id := b.decided("tx-4", "CHF:21", "")
			b.Provider.Put(banktest.Payment{ID: "tx-4", State: "paid", Amount: sum("CHF:21"), Refunded: sum("CHF:3"), Reference: id.Text()})
			b.loses(bank.ClassWithdrawal, "wopid")
			b.Provider.Forget("tx-1")
		}, []audit.Kind{audit.KeyMissing, audit.PaymentUnknown, audit.RefundUnexplained}},
		{"one payment for two withdrawals", func(b *books) {
			b.decided("tx", "CHF:21", "")
			forge(b, bank.ClassWithdrawal, func(w *taler.Withdrawal, _ *instrument.Instance) { w.ProviderTransactionID = "tx-1" })
		}, []audit.Kind{audit.KeyMissing, audit.PaidNotGivenBack, audit.PaymentForOther, audit.PaymentTwice, audit.RowDiffers}},
		{"the provider does not know the payment", func(b *books) { b.Provider.Forget("tx-1") }, []audit.Kind{audit.PaymentUnknown}},
		{"the payment failed", func(b *books) { put(b, func(p *banktest.Payment, _ taler.WOPID) { p.State = "failed" }) }, []audit.Kind{audit.PaymentNotPaid}},
		{"the payment has another reference", func(b *books) { put(b, func(p *banktest.Payment, _ taler.WOPID) { p.Reference = "an invoice" }) }, []audit.Kind{audit.PaymentForOther}},
		{"the payment is in another currency", func(b *books) {
			put(b, func(p *banktest.Payment, _ taler.WOPID) { p.Amount, p.Refunded = sum("EUR:21"), sum("EUR:0") })
		}, []audit.Kind{audit.PaymentForOther}},
		{"the payment is a cent too small", func(b *books) { put(b, func(p *banktest.Payment, _ taler.WOPID) { p.Amount = sum("CHF:20.99") }) }, []audit.Kind{audit.PaymentTooSmall}},
		{"the payment is a cent too large", func(b *books) { put(b, func(p *banktest.Payment, _ taler.WOPID) { p.Amount = sum("CHF:21.01") }) }, []audit.Kind{audit.SurplusKept}},
		{"paid twice", func(b *books) {
			put(b, func(p *banktest.Payment, _ taler.WOPID) { p.ID = "again" })
		}, []audit.Kind{audit.PaidNotGivenBack}},
		{"paid and aborted", func(b *books) {
			id := b.selected()
			check(b.t, b.Bank.AbortByWallet(b.ctx(), id))
			b.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: sum("CHF:21"), Refunded: sum("CHF:1"), Reference: id.Text()})
		}, []audit.Kind{audit.PaidNotGivenBack}},
		{"paid and aborted, under another name than the notice's", func(b *books) {
			id := b.selected()
			check(b.t, b.Bank.AbortByWallet(b.ctx(), id))
			err := b.Bank.Confirm(b.ctx(), b.till(), id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "nothing"})
			if fault.ReasonOf(err) != taler.ReasonConfirmAbortConflict {
				b.t.Fatal(err)
			}
			b.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: sum("CHF:21"), Reference: id.Text()})
		}, []audit.Kind{audit.PaidNotGivenBack}},
		{"the refund of an aborted one failed", func(b *books) {
			b.Provider.Refunds("failed")
			b.decided("tx", "CHF:20", "")
			b.givenBack(3)
		}, []audit.Kind{audit.PaidNotGivenBack}},
		{"notice of a payment for something else", func(b *books) { b.decided("tx", "CHF:21", "an invoice") }, []audit.Kind{audit.PaymentForeign}},
		{"a refund that the provider has not made", func(b *books) { b.wires("tx-1", "CHF:5", taler.TransferSuccess) }, []audit.Kind{audit.RefundMissing}},
		{"a refund that the books do not have", func(b *books) { put(b, func(p *banktest.Payment, _ taler.WOPID) { p.Refunded = sum("CHF:3") }) }, []audit.Kind{audit.RefundUnexplained}},
		{"more wired back than was credited", func(b *books) {
			b.wires("tx-1", "CHF:5", taler.TransferPending)
			forge(b, bank.ClassTransfer, func(x *taler.Transfer, _ *instrument.Instance) { x.Request.Amount = sum("CHF:20.01") })
		}, []audit.Kind{audit.TransferExceeds}},
		{"wired back of nothing", func(b *books) {
			b.wires("tx-1", "CHF:5", taler.TransferPending)
			forge(b, bank.ClassTransfer, func(x *taler.Transfer, _ *instrument.Instance) { x.WOPID[0]++ })
		}, []audit.Kind{audit.TransferAlone}},
		{"wired back of what was aborted", func(b *books) {
			var aborted taler.WOPID
			forge(b, bank.ClassWithdrawal, func(w *taler.Withdrawal, _ *instrument.Instance) { aborted = w.WOPID }) // the last one
			b.wires("tx-1", "CHF:5", taler.TransferPending)
			forge(b, bank.ClassTransfer, func(x *taler.Transfer, _ *instrument.Instance) { x.WOPID = aborted })
		}, []audit.Kind{audit.TransferAlone}},
		{"a return of nothing", func(b *books) {
			forge(b, bank.ClassReturn, func(x *taler.Return, _ *instrument.Instance) { x.WOPID[0]++ })
		}, []audit.Kind{audit.ReturnAlone}},
		{"a transfer that ended is in no history", func(b *books) {
			b.wires("tx-1", "CHF:5", taler.TransferPending)
			forge(b, bank.ClassTransfer, func(x *taler.Transfer, i *instrument.Instance) {
				x.State, i.Status = taler.TransferSuccess, string(taler.TransferSuccess)
			})
			b.sql(`DELETE FROM journal WHERE topic = 'transfers'`)
		}, []audit.Kind{audit.RefundMissing, audit.RowMissing, audit.RowMissing}},
		{"rows of a transfer that has not ended", func(b *books) {
			b.wires("tx-1", "CHF:5", taler.TransferPending)
			b.appends(bank.Outgoing, bank.ClassTransfer, struct{}{})
			b.appends(bank.Transfers, bank.ClassWithdrawal, struct{}{})
		}, []audit.Kind{audit.RowAlone, audit.RowAlone}},
		{"rows that say something else than the transfer", func(b *books) {
			b.wires("tx-1", "CHF:5", taler.TransferSuccess)
			b.wires("tx-1", "CHF:5", taler.TransferSuccess)
			forge(b, bank.ClassTransfer, func(x *taler.Transfer, _ *instrument.Instance) { x.Row, x.Request.Amount = 7, sum("CHF:4") })
		}, []audit.Kind{audit.RefundMissing, audit.RowDiffers, audit.RowDiffers}},
		{"the provider cannot be reached", func(b *books) { b.down.Store(true) }, []audit.Kind{audit.ProviderUnreachable}},
		{"an answer about one payment cannot be read", func(b *books) { b.odd.Store(b.selected().Text(), nil) }, []audit.Kind{audit.PaymentUnreadable}},
		{"no answer can be read", func(b *books) {
			for range 7 { // with the four that there are one more than is taken for oddities
				b.selected()
			}
			b.odd.Store("", nil)
		}, append(slices.Repeat([]audit.Kind{audit.PaymentUnreadable}, 9), audit.ProviderUnreachable)},
		{"a provider is not on record", func(b *books) {
			forge(b, bank.ClassWithdrawal, func(w *taler.Withdrawal, _ *instrument.Instance) { w.Provider = "nobody" })
		}, []audit.Kind{audit.ProviderUnknown}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := world(t)
			c.alter(b)
			got := b.audit()
			var kinds []audit.Kind
			for _, d := range got.Differences {
				kinds = append(kinds, d.Kind)
				if d.Text == "" {
					t.Errorf("nobody is told what %s is", d.Kind)
				}
			}
			if got.OK || !slices.Equal(kinds, c.want) {
				t.Errorf("%+v, want %v", got, c.want)
			}
		})
	}
}

// TestOddAnswersOneByOneEndNothing: only as many in a row as no single payment makes say
// that it is the provider.
func TestOddAnswersOneByOneEndNothing(t *testing.T) {
	b := open(t)
	const odd = 12
	for range odd {
		b.odd.Store(b.selected().Text(), nil)
		b.selected()
	}
	one := quick
	one.AtOnce = 1
	r, err := audit.Run(b.ctx(), b.Bank, one)
	check(t, err)
	if len(r.Differences) != odd || slices.ContainsFunc(r.Differences, func(d audit.Difference) bool { return d.Kind != audit.PaymentUnreadable }) {
		t.Errorf("%+v", r.Differences)
	}
}

// TestGivenBackByHand: what the provider has refused to give back for good, a person may
// have given back there: that much is explained, and no more.
func TestGivenBackByHand(t *testing.T) {
	for _, c := range []struct {
		name, paid, wired, refunded string
		want                        []audit.Kind
	}{
		{"a transfer's, not yet", "CHF:21", "CHF:5", "CHF:0", nil},
		{"a transfer's", "CHF:21", "CHF:5", "CHF:5", nil},
		{"a cent more", "CHF:21", "CHF:5", "CHF:5.01", []audit.Kind{audit.RefundUnexplained}},
		{"a surplus, not yet", "CHF:25", "", "CHF:0", []audit.Kind{audit.SurplusKept}},
		{"a surplus but for a cent", "CHF:25", "", "CHF:3.99", []audit.Kind{audit.SurplusKept}},
		{"a surplus", "CHF:25", "", "CHF:4", nil},
		{"a surplus, as a transfer beside it looks", "CHF:25", "ok CHF:4", "CHF:4", []audit.Kind{audit.SurplusKept}},
		{"a surplus, and a transfer beside it", "CHF:25", "ok CHF:4", "CHF:8", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			b.Provider.Refunds("failed")
			id := b.decided("tx", c.paid, "")
			if c.paid == "CHF:25" {
				b.givenBack(1)
			}
			if went, ok := strings.CutPrefix(c.wired, "ok "); ok {
				b.wires("tx", went, taler.TransferSuccess)
			} else if c.wired != "" {
				b.wires("tx", c.wired, taler.TransferPermanent)
			}
			b.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: sum(c.paid), Refunded: sum(c.refunded), Reference: id.Text()})
			var kinds []audit.Kind
			for _, d := range b.audit().Differences {
				kinds = append(kinds, d.Kind)
			}
			if !slices.Equal(kinds, c.want) {
				t.Errorf("%v, want %v", kinds, c.want)
			}
		})
	}
}

// TestAnAuditBesideABusyBank finds nothing in books that change while it reads
// them. At the end it has seen all of them.
func TestAnAuditBesideABusyBank(t *testing.T) {
	const withdrawals = 75
	b := open(t)
	load := b.Load(8)
	exact := b.Provider.Unknown
	b.Provider.Unknown = func(id string) (banktest.Payment, bool) {
		p, known := exact(id)
		p.Amount = sum("CHF:22") // and CHF 1 of it goes back
		return p, known
	}
	done := make(chan error, 1)
	go func() {
		_, err := load.Run(b.ctx(), withdrawals)
		done <- err
	}()
	audits := 0
	for over := false; !over; audits++ {
		select {
		case err := <-done:
			check(t, err)
			over = true
		default:
		}
		got := b.audit()
		if !got.OK {
			t.Fatalf("audit %d: %+v", audits, got)
		}
		if over && (got.Confirmed != withdrawals || got.HistoryRows != withdrawals) {
			t.Errorf("at the end %+v", got)
		}
	}
	t.Logf("%d audits", audits)
}
