package taler

import (
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
)

// quotaID is what one user may withdraw at a bank.
const quotaID = taler.ClassQuota

// keyUser is the user's name at the terminals.
const keyUser = "user"

// bankQuota is the bank's record of a user: taler.Quota. The bank makes it before
// the first withdrawal that counts. It is shareable: whoever comes second counts
// again.
var bankQuota = sdk.Class{About: instrument.Info{
	ID: quotaID, Title: "What a user may withdraw", Keys: []string{keyUser}, Shareable: true,
	Moves: moves([]string{"", "open", "open"}),
}}

// count counts a new withdrawal against its user's quota, in the change that
// makes it.
func count(tx instrument.Tx, rule taler.QuotaRule, args taler.SetupArgs, w *taler.Withdrawal, now time.Time) error {
	id, err := tx.Find(quotaID, keyUser, w.UserUUID)
	if err != nil {
		return err
	}
	i, q, err := read[taler.Quota](tx, id)
	if err != nil {
		return err
	}
	if q, err = q.Counted(tx, rule, now.Unix()); err != nil {
		return err
	}
	most, err := q.Use(rule, *w, args.Request.Lock, args.MaxAmount)
	if err != nil {
		return err
	}
	if w.Amount == (taler.Amount{}) {
		if c, err := w.SuggestedAmount.Cmp(most); w.SuggestedAmount != (taler.Amount{}) && (err != nil || c > 0) {
			return outOfRange("%s is suggested, which is more than this user may withdraw now: %s", w.SuggestedAmount, most)
		}
		w.MaxAmount = most
	}
	return put(tx, i, i.Status, q)
}
