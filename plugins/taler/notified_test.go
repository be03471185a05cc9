package taler

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// A terminal gives no notice of another withdrawal, or another payment, than the one on record:
// the bank would ask about it, and the customer's own would wait.
func TestANoticeIsOfWhatIsOnRecord(t *testing.T) {
	w := &taler.TerminalWithdrawal{Transaction: "tx"}
	own := taler.ConfirmArgs{WOPID: w.WOPID, ProviderTransactionID: "tx"}
	for _, status := range []string{taler.TerminalPaid, taler.TerminalNotified, taler.TerminalConfirmed} {
		if err := mayBeNotified(status, w, own); err != nil {
			t.Errorf("%s: %v", status, err)
		}
	}
	for _, status := range []string{taler.TerminalPending, taler.TerminalSelected, taler.TerminalAborted} {
		if err := mayBeNotified(status, w, own); fault.ReasonOf(err) != "not-paid" {
			t.Errorf("%s: %v", status, err)
		}
	}
	withdrawal, payment := own, own
	withdrawal.WOPID[0] ^= 1
	payment.ProviderTransactionID = "another"
	for name, args := range map[string]taler.ConfirmArgs{"withdrawal": withdrawal, "payment": payment} {
		if err := mayBeNotified(taler.TerminalPaid, w, args); fault.ReasonOf(err) != taler.ReasonPaymentDiffers {
			t.Errorf("another %s: %v", name, err)
		}
	}
}
