package client_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// TestGivingAWithdrawalUpAtTheBank ends it there and here, and nowhere else.
func TestGivingAWithdrawalUpAtTheBank(t *testing.T) {
	for _, row := range []struct {
		name   string
		status string // of the reserve
		says   func(b *bank, own taler.EddsaPublicKey)
		kind   fault.Kind
		posts  int
		after  string
	}{
		{"nobody has paid", taler.ReserveSelected, func(b *bank, own taler.EddsaPublicKey) {
			b.aborts, b.status.Status, b.status.SelectedReservePub = true, taler.StateSelected, own
		}, 0, 1, taler.ReserveAborted},
		{"the bank never heard of it", taler.ReserveCreated, func(b *bank, _ taler.EddsaPublicKey) { b.aborts = true }, 0, 1, taler.ReserveAborted},
		{"the bank has aborted it", taler.ReserveSelected, func(b *bank, _ taler.EddsaPublicKey) { b.status.Status = taler.StateAborted }, 0, 0, taler.ReserveAborted},
		{"it is another wallet's", taler.ReserveCreated, func(b *bank, _ taler.EddsaPublicKey) {
			b.status.Status, b.status.SelectedReservePub = taler.StateSelected, taler.EddsaPublicKey{9}
		}, 0, 0, taler.ReserveAborted},
		{"it was paid: the bank does not", taler.ReserveSelected, func(b *bank, own taler.EddsaPublicKey) {
			b.status.Status, b.status.SelectedReservePub = taler.StateSelected, own
		}, fault.Invalid, 1, taler.ReserveSelected},
		{"coins were asked for, and the exchange says nothing", taler.ReserveSent, func(*bank, taler.EddsaPublicKey) {}, fault.Unavailable, 0, taler.ReserveSent},
		{"it is over", taler.ReserveDone, func(*bank, taler.EddsaPublicKey) {}, fault.Conflict, 0, taler.ReserveDone},
		{"it was given up before", taler.ReserveAborted, func(*bank, taler.EddsaPublicKey) {}, 0, 0, taler.ReserveAborted},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
			id, own := w.reserve(t, row.status, b.uri(t, 1), 1, nil)
			b.says(func(*taler.BankWithdrawalOperationStatus) { row.says(b, own) })
			x, err := w.FindWithdrawal(t.Context(), b.uri(t, 1).ID.Text())
			check(t, err)
			err = w.AbortWithdrawal(t.Context(), x, "changed my mind")
			if row.kind == 0 && err != nil || row.kind == fault.Conflict && !errors.Is(err, fault.Conflict) || row.kind != 0 && err == nil {
				t.Errorf("error %v", err)
			}
			if got := w.party.View(t, id).Status; got != row.after || b.times("POST") != row.posts {
				t.Errorf("the reserve is %s after %d requests", got, b.times("POST"))
			}
		})
	}
}

// TestABankThatKnowsNoAbort is one before version 2 of its API: the withdrawal stays, for
// somebody may pay it, and the person hears what becomes of it.
func TestABankThatKnowsNoAbort(t *testing.T) {
	for _, code := range []string{"20", "21"} {
		w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
		id, own := w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, nil)
		b.refuse = `{"code":` + code + `}`
		b.says(func(s *taler.BankWithdrawalOperationStatus) {
			s.Status, s.SelectedReservePub = taler.StateSelected, own
		})
		x, err := w.FindWithdrawal(t.Context(), b.uri(t, 1).ID.Text())
		check(t, err)
		err = w.AbortWithdrawal(t.Context(), x, "changed my mind")
		if f := fault.From(err); f == nil || f.Reason != "abort-unsupported" || !strings.Contains(f.Hint, "pay nothing") || w.party.View(t, id).Status != taler.ReserveSelected {
			t.Errorf("code %s: %v, advised: %s", code, err, fault.From(err).Hint)
		}
		b.says(func(s *taler.BankWithdrawalOperationStatus) { s.Status = taler.StateAborted })
		err = w.AbortWithdrawal(t.Context(), x, "changed my mind")
		if check(t, err); w.party.View(t, id).Status != taler.ReserveAborted {
			t.Errorf("code %s: it is %s when the bank has ended it", code, w.party.View(t, id).Status)
		}
	}
}

// TestABankThatWasToldOfAPayment does not abort, and the person hears how they get the cash.
func TestABankThatWasToldOfAPayment(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	id, own := w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, nil)
	b.refuse = `{"code":5116}`
	b.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub = taler.StateSelected, own
	})
	x, err := w.FindWithdrawal(t.Context(), b.uri(t, 1).ID.Text())
	check(t, err)
	err = w.AbortWithdrawal(t.Context(), x, "changed my mind")
	if f := fault.From(err); !errors.Is(err, fault.Conflict) || f.Reason != "not-abandonable" || !strings.Contains(f.Hint, "wallet operation resume") || w.party.View(t, id).Status != taler.ReserveSelected {
		t.Errorf("%v, advised: %s", err, fault.From(err).Hint)
	}
}

// TestAWithdrawalWithALostAnswerIsForgone once the exchange has nothing left for it, and not before.
func TestAWithdrawalWithALostAnswerIsForgone(t *testing.T) {
	for balance, after := range map[string]string{"CHF:0": taler.ReserveAborted, "": taler.ReserveAborted, "CHF:20": taler.ReserveSent} {
		x := keepsCoins(t, balance)
		w, b := newWalletOf(t, inproc.NewNetwork(), x.fetcher), newBank(t)
		at := w.party.Create(t, exchangeOfFees(t, w, x.url, "CHF:2"))
		id, _ := w.reserve(t, taler.ReserveSent, b.uri(t, 1), 1, func(r *taler.Reserve) {
			r.Exchange, r.ExchangeURL, r.Batch = at, x.url, &taler.WithdrawBatch{Body: []byte("{}")}
		})
		known, err := w.FindWithdrawal(t.Context(), b.uri(t, 1).ID.Text())
		check(t, err)
		err = w.AbortWithdrawal(t.Context(), known, "it went back")
		if f := fault.From(err); f == nil || f.Reason != "not-abandonable" || strings.Contains(f.Hint, "abandon "+string(known.Operation)+" --forgo`") != (balance != "CHF:20") {
			t.Errorf("with %q there: %v, advised: %s", balance, err, fault.From(err).Hint)
		}
		err = w.ForgoWithdrawal(t.Context(), known, "it went back")
		if got := w.party.View(t, id).Status; got != after || (err == nil) != (after == taler.ReserveAborted) {
			t.Errorf("with %q there: %v, and the reserve is %s", balance, err, got)
		}
	}
}
