package audit

import (
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestOneWithdrawalAgainstTheLedger: what the provider says of its payments, each in one place
// other than the books.
func TestOneWithdrawalAgainstTheLedger(t *testing.T) {
	chf := func(n uint64) taler.Amount { return taler.Amount{Currency: "CHF", Value: n} }
	wopid := taler.WOPID{7}
	w := taler.Withdrawal{
		State: taler.StateConfirmed, WOPID: wopid, Currency: "CHF", Amount: chf(20), WithdrawalFees: chf(1),
		Provider: "cards", ProviderTransactionID: "tx",
	}
	paid := protocol.Facts{State: protocol.FactPaid, Transaction: "tx", Reference: wopid.Text(), Space: 3, Amount: chf(21)}
	second := paid
	second.Transaction = "second"
	with := func(f protocol.Facts, change func(*protocol.Facts)) protocol.Facts {
		change(&f)
		return f
	}
	back := func(state taler.TransferState, n uint64) map[string]taler.Return {
		return map[string]taler.Return{"tx": {State: state, Amount: chf(n)}, "second": {State: state, Amount: chf(n)}}
	}
	wires := func(n uint64) []wired {
		return []wired{{Transfer: taler.Transfer{State: taler.TransferSuccess, Request: taler.TransferRequest{Amount: chf(n)}}}}
	}
	for name, row := range map[string]struct {
		payments []protocol.Facts
		record   record
		want     []Kind
	}{
		"as in the books":         {[]protocol.Facts{paid}, record{}, nil},
		"in another space":        {[]protocol.Facts{with(paid, func(f *protocol.Facts) { f.Space = 4 })}, record{}, []Kind{PaymentForOther}},
		"a second one":            {[]protocol.Facts{paid, second}, record{}, []Kind{PaidNotGivenBack}},
		"a second one on its way": {[]protocol.Facts{paid, second}, record{returns: map[string]taler.Return{"second": {State: taler.TransferPending, Amount: chf(21)}}}, nil},
		"a second one, given back twice": { // whoever reads that it was not would give it back again
			[]protocol.Facts{paid, with(second, func(f *protocol.Facts) { f.Refunded = chf(42) })},
			record{returns: map[string]taler.Return{"second": {State: taler.TransferSuccess, Amount: chf(21)}}},
			[]Kind{RefundUnexplained},
		},
		"a second one, given back twice, which the operator has explained": {
			[]protocol.Facts{paid, with(second, func(f *protocol.Facts) { f.Refunded = chf(42) })},
			record{sale: &sale{foreign: []taler.ForeignPayment{{Payment: "second", Explained: "the provider has written it twice"}}}},
			nil,
		},
		"a surplus that was refused, given back by hand": {
			[]protocol.Facts{with(paid, func(f *protocol.Facts) { f.Amount, f.Refunded = chf(25), chf(4) })}, record{returns: back(taler.TransferPermanent, 4)}, nil,
		},
		"less by hand than an exchange has wired": { // nothing of it is the surplus
			[]protocol.Facts{with(paid, func(f *protocol.Facts) { f.Amount, f.Refunded = chf(25), chf(4) })},
			record{returns: back(taler.TransferPermanent, 4), wired: wires(5)},
			[]Kind{SurplusKept, RefundMissing},
		},
		"a surplus that was refused, and what the operator has explained": { // which is no part of it
			[]protocol.Facts{with(paid, func(f *protocol.Facts) { f.Amount, f.Refunded = chf(25), chf(4) })},
			record{returns: back(taler.TransferPermanent, 4), sale: &sale{refunds: chf(4)}},
			[]Kind{SurplusKept},
		},
	} {
		s := saleOf("id", w)
		if row.record.sale != nil {
			s.refunds, s.foreign = row.record.sale.refunds, row.record.sale.foreign
		}
		row.record.others = func(string) bool { return false }
		found, _ := compare(s, row.record, ledger{payments: row.payments, space: 3, byReference: len(row.payments)})
		var kinds []Kind
		for _, d := range found {
			kinds = append(kinds, d.Kind)
		}
		if !slices.Equal(kinds, row.want) {
			t.Errorf("%s: %v, want %v", name, kinds, row.want)
		}
	}
}
