package profile_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// What is reserved is used, what came to nothing is not; each has an account of its
// own, a member another one in each group, and a class one within it.
func TestHowMuchOfALimitIsUsed(t *testing.T) {
	w := newWallet(t)
	text := "operation CHF:9 day CHF:9 month EUR:20 coupon/day CHF:9"
	w.limit("gary", text)
	check(t, w.Join(t.Context(), profile.Membership{Group: "family", Member: "gary", Limits: limits(t, "day CHF:9 coupon/operation CHF:9")}))
	is := func(who, group instrument.PrincipalID, l, want string) {
		t.Helper()
		got, err := w.Used(t.Context(), limits(t, l), who, group)
		if shown := fmt.Sprint(got.PerDay, got.PerMonth, got.Classes["coupon"].PerDay); err != nil || shown != want {
			t.Errorf("%s in %q: %s, %v; want %s", who, group, shown, err, want)
		}
	}
	is("gary", "", text, "map[CHF:CHF:0] map[EUR:EUR:0] map[CHF:CHF:0]")
	check(t, w.reserves(w.spend("gary", "gary", "card", "CHF:4"), "").Settle(t.Context(), amount(t, "CHF:3")))
	w.reserves(w.spend("gary", "gary", "coupon", "CHF:2"), "")
	check(t, w.reserves(w.spend("gary", "gary", "coupon", "CHF:1"), "").Settle(t.Context(), instrument.Amount{}))
	is("gary", "", text, "map[CHF:CHF:5] map[EUR:EUR:0] map[CHF:CHF:2]")
	is("gary", "family", "day CHF:9 coupon/operation CHF:9", "map[CHF:CHF:0] map[] map[]")
	w.reserves(w.spend("gary", "family", "card", "CHF:1"), "")
	is("gary", "family", "day CHF:9 coupon/operation CHF:9", "map[CHF:CHF:1] map[] map[]")
	is("amy", "", "operation CHF:9", "map[] map[] map[]")
	w.now = w.now.Add(time.Hour) // another month
	is("gary", "", text, "map[CHF:CHF:0] map[EUR:EUR:0] map[CHF:CHF:0]")
}
