package vendor_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

// A wallet out of a backup asks the vendor of its account. One that was not used
// since is confirmed; one that was is not, for its counters are taken.
func TestTheVendorSaysWhetherAnAccountWasUsedSince(t *testing.T) {
	c := newCast(t)
	shop := c.open(t)
	v := c.visit(t, shop)
	w := client.New(v.Controller, v.me, nil)
	checks := func() (string, error) {
		t.Helper()
		i, err := v.Instruments().View(t.Context(), v.account)
		check(t, err)
		return w.Checks(t.Context(), i)
	}
	check(t, v.payIn(v.number, "first", "CHF:20"))
	v.balance()
	if why, err := checks(); err != nil || why == "" {
		t.Errorf("at a vendor that nobody knows: %q, %v", why, err)
	}
	check(t, v.Book().PutPeer(t.Context(), shop))
	if why, err := checks(); err != nil || why != "" {
		t.Errorf("as it was: %q, %v", why, err)
	}
	db := v.Book().(instrument.Store)
	backup, err := db.Row(t.Context(), v.account)
	check(t, err)
	check(t, v.payIn(v.number, "second", "CHF:1"))
	if why, err := checks(); err != nil || why != "" {
		t.Errorf("paid into since: %q, %v", why, err)
	}
	check(t, v.pay("CHF:7"))
	now, err := db.Row(t.Context(), v.account)
	check(t, err)
	check(t, db.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Update(backup, now.Version, "") }))
	if why, err := checks(); err == nil && why == "" {
		t.Error("an account that was paid from since is confirmed")
	}
	if err := v.do(vendor.ClassPrepaid, instrument.Invoice{"amount": "CHF:7"}, "PAY", nil, v.account); err == nil {
		t.Error("and its counter is taken twice")
	}
}
