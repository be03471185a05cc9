package taler

import (
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// maxUses bounds how many withdrawals of one user are under way at a time, each of
// which is read whenever the quota is asked; and how many that are over are counted
// each for itself.
const maxUses = 64

// QuotaUse is a withdrawal that counts: by its amount, or while the wallet has
// not chosen that yet by the most that it may be.
type QuotaUse struct {
	WOPID  WOPID  `json:"wopid"` // of several that are counted together: the latest
	Amount Amount `json:"amount"`
	At     int64  `json:"at"`
	Final  bool   `json:"final,omitempty"` // confirmed: it counts as it is, and is not looked at again
}

// now is the use as its withdrawal is by now, and whether it still counts.
func (u QuotaUse) now(tx instrument.Tx) (QuotaUse, bool, error) {
	if u.Final {
		return u, true, nil
	}
	w, err := u.withdrawal(tx)
	switch {
	case fault.KindOf(err) == fault.NotFound, err == nil && w.State == StateAborted:
		return u, false, nil
	case err != nil:
		return u, false, err
	case w.Amount != Amount{}:
		u.Amount = w.Amount
	}
	u.Final = w.State == StateConfirmed
	return u, true, nil
}

func (u QuotaUse) withdrawal(tx instrument.Tx) (w Withdrawal, err error) {
	id, err := tx.Find(ClassWithdrawal, "wopid", u.WOPID.Text())
	if err != nil {
		return w, err
	}
	i, err := tx.Get(id)
	if err != nil {
		return w, err
	}
	err = i.Decode(&w)
	return w, err
}

func unfinished(uses []QuotaUse) (n int) {
	for _, u := range uses {
		if !u.Final {
			n++
		}
	}
	return n
}

// together counts confirmed withdrawals of about the same time as one, as of the latest,
// where there are many: a user's record must not grow with each, for it is read and
// written whole. So each counts for a 64th of the rule's time longer at most.
func together(uses []QuotaUse, rule QuotaRule) []QuotaUse {
	if len(uses)-unfinished(uses) <= maxUses {
		return uses
	}
	span := max(rule.Within/maxUses, 1)
	var out []QuotaUse
	at := map[int64]int{} // of a span: its place in out
	for _, u := range uses {
		n, known := at[u.At/span]
		if u.Final && known {
			if sum, err := out[n].Amount.Add(u.Amount); err == nil {
				out[n].Amount = sum
				if u.At >= out[n].At {
					out[n].WOPID, out[n].At = u.WOPID, u.At
				}
				continue
			}
		}
		if u.Final {
			at[u.At/span] = len(out)
		}
		out = append(out, u)
	}
	return out
}
