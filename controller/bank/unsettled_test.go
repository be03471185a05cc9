package bank_test

import (
	"context"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// nameOf is what the refund of the payment "tx" for a withdrawal is called at the provider.
func nameOf(id taler.WOPID) string { return "return/" + id.Text() + "/tx" }

// settling is a provider that gives nothing back of the payment "tx" for now.
func settling(t *testing.T, h *banktest.House, id taler.WOPID, sum, state string) {
	t.Helper()
	h.Provider.PutAs("tx", banktest.Payment{ID: "tx", State: state, Amount: amount(t, sum), Reference: id.Text()})
}

// owed is a return whose provider refuses it until its payment is settled.
func owed(t *testing.T, h *banktest.House) taler.WOPID {
	t.Helper()
	id := selected(t, h, "u", key(1))
	settling(t, h, id, "CHF:19", "paid")
	release := h.Provider.Hold("tx")
	notify(t, h, id, "tx")
	check(t, h.Provider.WaitAsked(withTimeout(t), "tx", 1))
	settling(t, h, id, "CHF:19", "pending")
	release()
	return id
}

// A provider that gives nothing back before a payment is settled refuses many times, in several
// lives of the bank, and gives it back at last.
func TestARefusedReturnWaitsForTheSettlement(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now})
	id := owed(t, h)
	check(t, h.Provider.WaitAsked(withTimeout(t), nameOf(id), 20))
	clock.passes(3 * 24 * time.Hour)
	check(t, h.Provider.WaitAsked(withTimeout(t), nameOf(id), h.Provider.Asked(nameOf(id))+20))
	all, err := h.Bank.Returns(withTimeout(t))
	if err != nil || len(all) != 1 || all[0].State != taler.TransferPending || all[0].Message == "" || all[0].Refused == 0 {
		t.Fatalf("meanwhile it is %+v, %v", all, err)
	}
	settling(t, h, id, "CHF:19", "paid")
	if r := ended(t, h, 1)[0]; r.State != taler.TransferSuccess || r.Message != "" {
		t.Errorf("%+v", r)
	}
}

// What is refused for longer than any settlement takes is refused for good, also where no life of
// the bank was that long.
func TestARefusedReturnFailsAtLast(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now})
	id := owed(t, h)
	for range 2 {
		check(t, h.Provider.WaitAsked(withTimeout(t), nameOf(id), h.Provider.Asked(nameOf(id))+2))
		h.Kill()
		clock.passes(2 * 24 * time.Hour)
		h.Restart()
	}
	if r := ended(t, h, 1)[0]; r.State != taler.TransferPermanent || r.Message == "" {
		t.Errorf("%+v", r)
	}
}

// An exchange is told meanwhile that its transfer has failed and is tried again, and in the end
// how it ended.
func TestARefusedTransferIsTransient(t *testing.T) {
	for end, want := range map[string]taler.TransferState{"settled": taler.TransferSuccess, "refused": taler.TransferPermanent} {
		t.Run(end, func(t *testing.T) {
			var clock watch
			h := open(t, banktest.Options{Asking: hasty, Clock: clock.now})
			id := confirmed(t, h, "tx", 1)
			settling(t, h, id, "CHF:20", "pending")
			r := back(t, 1, "CHF:12", paidWithTx)
			made, err := h.Bank.Transfer(withTimeout(t), h.Bank.Default(), r)
			check(t, err)
			check(t, h.Provider.WaitAsked(withTimeout(t), r.RequestUID.String(), 20))
			h.Kill()
			clock.passes(3 * 24 * time.Hour)
			h.Restart()
			check(t, h.Provider.WaitAsked(withTimeout(t), r.RequestUID.String(), h.Provider.Asked(r.RequestUID.String())+20))
			now, err := h.Exchange().TransferStatus(withTimeout(t), made.RowID)
			if err != nil || now.Status != taler.TransferTransient || now.StatusMsg == "" {
				t.Errorf("meanwhile it is %+v, %v", now, err)
			}
			if end == "settled" {
				settling(t, h, id, "CHF:20", "paid")
			} else {
				clock.passes(2 * 24 * time.Hour)
			}
			err = h.Bank.Instruments().WaitTopic(withTimeout(t), instrument.Operations, func(ctx context.Context) (bool, error) {
				now, err = h.Exchange().TransferStatus(ctx, made.RowID)
				return now.Status.Final(), err
			})
			if err != nil || now.Status != want {
				t.Errorf("it ended as %+v, %v", now, err)
			}
		})
	}
}
