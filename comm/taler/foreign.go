package taler

// ForeignPayment is a payment that the bank leaves alone.
type ForeignPayment struct {
	Payment string `json:"payment"` // the provider's name for it
	// Explained is what the operator has found out about it: audits do not name it any more.
	Explained string `json:"explained,omitempty"`
}

// RefundsExplained is what the operator has found out about refunds that the bank's books do not have,
// such as those that it has made after the backup from which it was restored.
type RefundsExplained struct {
	Amount Amount `json:"amount"` // so much of what went back, and no more: audits name what is above it
	Text   string `json:"text"`
}

// maxForeign bounds how many payments of one withdrawal are on record as something else: a
// terminal may name many.
const maxForeign = 16

// AllForeign are the payments of a withdrawal that the bank leaves alone, in the order in which they
// were found.
func (w Withdrawal) AllForeign() []ForeignPayment {
	if w.Foreign == "" {
		return nil
	}
	return append(w.EarlierForeign[:len(w.EarlierForeign):len(w.EarlierForeign)], ForeignPayment{w.Foreign, w.Explained})
}

// AddForeign puts a payment on record that the bank leaves alone, and reports whether that is new.
// Of too many, those that were explained make room first, and then the first ones.
func (w *Withdrawal) AddForeign(payment string) bool {
	all := w.AllForeign()
	for _, f := range all {
		if f.Payment == payment {
			return false
		}
	}
	if len(all) == maxForeign {
		out := 0
		for n, f := range all {
			if f.Explained != "" {
				out = n
				break
			}
		}
		all = append(all[:out:out], all[out+1:]...)
	}
	w.EarlierForeign, w.Foreign, w.Explained = all, payment, ""
	return true
}

// ExplainForeign notes what the operator has found out about a payment that the bank leaves alone,
// and reports whether there is such a payment.
func (w *Withdrawal) ExplainForeign(payment, why string) bool {
	if payment == w.Foreign && payment != "" {
		w.Explained = why
		return true
	}
	for n, f := range w.EarlierForeign {
		if f.Payment == payment {
			w.EarlierForeign = append([]ForeignPayment(nil), w.EarlierForeign...)
			w.EarlierForeign[n].Explained = why
			return true
		}
	}
	return false
}
