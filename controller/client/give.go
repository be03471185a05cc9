package client

import (
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// Give makes an instrument of this user's one of a group, whose members use it from then
// on within their limits there. It does not come back: what a group has is no member's.
// The caller has seen that the user is in the group. Digital cash and the records of
// payments are refused (fault.Unsupported), what is not this user's own is fault.Denied.
func (w *Wallet) Give(ctx context.Context, id instrument.ID, group instrument.PrincipalID) error {
	i, err := w.Instruments().View(ctx, id)
	if err != nil {
		return err
	}
	if slices.Contains([]instrument.ClassID{ClassWithdrawal, ClassReserve, ClassCoin, controller.ClassPayment}, i.Class) {
		return fault.New(fault.Unsupported, "a %s stays with the user who made it: only they withdraw, count and see their digital cash", i.Class).Because("class-not-shared").
			WithHint("share what is paid with, such as a card, a coupon or a prepaid account")
	}
	if i.Owner != w.user.ID {
		return fault.New(fault.Denied, "the %s %s is not your own: only its owner gives it to a group", i.Class, i.ID).Because("not-owner")
	}
	return w.Instruments().Give(ctx, id, w.user.ID, group)
}
