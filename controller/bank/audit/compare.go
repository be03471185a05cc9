package audit

import (
	"fmt"
	"slices"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

// comparison is of one withdrawal's record with the provider's ledger.
type comparison struct {
	record
	found     []Difference
	explained int // payments and refunds that would be among them but for the operator's explanation
}

// compare is pure. s is the withdrawal as it is to be compared; it takes the place of the record's.
func compare(s *sale, r record, l ledger) (found []Difference, explained int) {
	r.sale = s
	c := &comparison{record: r}
	for _, name := range l.missing {
		if s.state == taler.StateConfirmed && name == s.payment.transaction {
			c.says(PaymentUnknown, name, "the provider does not know the payment that confirmed the withdrawal")
		}
	}
	for n, f := range l.payments {
		switch {
		case c.ours(f):
			c.confirmed(f, l.space)
		case n >= l.byReference:
			c.foreign(f)
		default:
			c.further(f, l.space)
		}
		c.refunded(f)
	}
	return c.found, c.explained
}

func (c *comparison) says(kind Kind, payment, format string, args ...any) {
	d := c.sale.where()
	d.Kind, d.Payment, d.Text = kind, payment, fmt.Sprintf(format, args...)
	c.found = append(c.found, d)
}

// confirmed looks at the payment by which a withdrawal was confirmed.
func (c *comparison) confirmed(f protocol.Facts, space int64) {
	s := c.sale
	switch {
	case f.State != protocol.FactPaid:
		c.says(PaymentNotPaid, f.Transaction, "the provider says that the payment is %s", f.State)
		return
	case !s.wopid.Is(f.Reference):
		c.says(PaymentForOther, f.Transaction, "the payment has another reference at the provider")
		return
	case f.Space != space:
		c.says(PaymentForOther, f.Transaction, "the payment was made in another space of the provider")
		return
	case f.Amount.Currency != s.total.Currency:
		c.says(PaymentForOther, f.Transaction, "the payment of %s is in another currency", f.Amount)
		return
	}
	if !s.summed || more(s.total, f.Amount) {
		c.says(PaymentTooSmall, f.Transaction, "%s was paid for %s", f.Amount, s.total)
		return
	}
	surplus, err := f.Amount.Sub(s.total)
	if back := c.back(f.Transaction); err == nil && more(surplus, back.most) && !c.byHand(f, surplus, back) {
		c.says(SurplusKept, f.Transaction, "%s was paid for %s, and the rest is not given back%s", f.Amount, s.total, c.orExplained(f, surplus, back))
	}
}

// byHand reports whether a surplus whose refund failed for good went back all the same: the
// provider has refunded as much, not counting what exchanges have wired back and what the operator has explained.
func (c *comparison) byHand(f protocol.Facts, surplus taler.Amount, back refunds) bool {
	left, ok := c.unwired(f, back)
	if ok && c.sale.refunds != (taler.Amount{}) {
		var err error
		left, err = left.Sub(c.sale.refunds)
		ok = err == nil
	}
	return ok && !more(surplus, left)
}

// unwired is what the provider has refunded of a payment besides what exchanges have wired back. It is false if that
// can be no surplus: the provider has refused to give none back.
func (c *comparison) unwired(f protocol.Facts, back refunds) (left taler.Amount, ok bool) {
	if back.failed == (taler.Amount{}) || f.Refunded == (taler.Amount{}) {
		return left, false
	}
	left, err := f.Refunded.Sub(added(taler.Amount{Currency: f.Refunded.Currency}, c.wiredBack().least))
	return left, err == nil
}

// orExplained is what a difference says further of a surplus that may have gone back as what the operator has
// explained. It is in the books, so that needs no word of the operator.
func (c *comparison) orExplained(f protocol.Facts, surplus taler.Amount, back refunds) string {
	left, ok := c.unwired(f, back)
	if !ok || more(surplus, left) {
		return ""
	}
	rest, err := left.Sub(surplus)
	if err != nil {
		return ""
	}
	return ", unless that is what the operator has explained: then it needs no explanation, and `bank withdrawal explain --refunded " + rest.String() + "` takes that back"
}

// wiredBack is what exchanges have wired back of the withdrawal.
func (c *comparison) wiredBack() (r refunds) {
	for _, t := range c.wired {
		r.count(t.State, t.Request.Amount)
	}
	return r
}

// further looks at a payment with the reference of a withdrawal that it has not
// confirmed. While the withdrawal is open it may still do so; one that a notice
// names goes back when the notice is decided.
func (c *comparison) further(f protocol.Facts, space int64) {
	if !taken(f) || !c.sale.state.Final() || c.sale.undecided && f.Transaction == c.sale.payment.transaction {
		return
	}
	if more(f.Refunded, f.Amount) {
		if !c.explains(f) {
			c.says(RefundUnexplained, f.Transaction, "%s went back at the provider, and %s was paid: ask the provider's support why", f.Refunded, f.Amount)
		}
		return
	}
	left := f.Amount
	if rest, err := f.Amount.Sub(f.Refunded); err == nil {
		left = rest
	}
	if left.IsZero() {
		return
	}
	if back := c.back(f.Transaction); more(back.most, back.least) {
		return // on its way
	}
	if c.explains(f) {
		return
	}
	c.says(PaidNotGivenBack, f.Transaction, "%s of %s was paid for a withdrawal that is %s, and not given back%s%s", left, f.Amount, c.word(), c.byNobody(f, space), c.before())
}

// byNobody is what a difference says further of a payment that the bank gives back in no case, not
// even after `bank withdrawal retry`.
func (c *comparison) byNobody(f protocol.Facts, space int64) string {
	switch {
	case f.Amount.Currency != c.sale.currency:
		return "; it is in another currency, so give it back by hand at the provider"
	case f.Space != space:
		return "; it was made in another space of the provider, so give it back by hand there"
	}
	return ""
}

// before is what a difference says further of a bank that was restored: what it has paid out after
// the backup is not in its books, so that is to be found out before money is given back.
func (c *comparison) before() string {
	switch {
	case !c.sale.restored || c.sale.state != taler.StateAborted:
		return ""
	case c.sale.reserve.IsZero():
		return "; the bank was restored since and may have paid it out before: ask the exchange for this payment first"
	}
	return "; the bank was restored since and may have paid it out before: ask the exchange for the reserve " + c.sale.reserve.String() + " first"
}

func (c *comparison) word() string {
	if c.sale.state == taler.StateConfirmed {
		return "confirmed by another payment"
	}
	return string(c.sale.state)
}

// foreign looks at a payment of which notice was given and that has another
// reference: the bank does not give it back. Somebody else may have.
func (c *comparison) foreign(f protocol.Facts) {
	if taken(f) && more(f.Amount, f.Refunded) && !c.others(f.Transaction) && !c.explains(f) {
		c.says(PaymentForeign, f.Transaction, "a terminal gave notice of a payment of %s that is for something else: `bank withdrawal explain` notes what you have found out", f.Amount)
	}
}

// explains reports whether the operator has explained a payment that the bank leaves alone,
// and counts it.
func (c *comparison) explains(f protocol.Facts) bool {
	if !slices.ContainsFunc(c.sale.foreign, func(p taler.ForeignPayment) bool { return p.Payment == f.Transaction && p.Explained != "" }) {
		return false
	}
	c.explained++
	return true
}

// refunded compares what went back of a payment with what the books say.
func (c *comparison) refunded(f protocol.Facts) {
	if c.others(f.Transaction) {
		return
	}
	books := c.back(f.Transaction)
	var told taler.Amount // by the operator
	if c.ours(f) {
		wired := c.wiredBack()
		books = refunds{added(books.least, wired.least), added(books.most, wired.most), added(books.failed, wired.failed)}
		told = c.sale.refunds
	}
	explained := added(books.most, books.failed)
	switch {
	case more(added(books.least, told), f.Refunded):
		c.says(RefundMissing, f.Transaction, "the books say that %s went back%s, the provider says %s", sayAmount(books.least), sayTold(told), sayAmount(f.Refunded))
	case !more(f.Refunded, explained) || !c.ours(f):
	case !more(f.Refunded, added(explained, told)):
		c.explained++
	default:
		c.says(RefundUnexplained, f.Transaction, "%s went back at the provider, and the books explain %s%s%s", f.Refunded, sayAmount(explained), sayTold(told), howExplained(f, explained))
	}
}

// howExplained is what a difference says further of refunds that the books do not have. No word of an operator
// explains more than was paid.
func howExplained(f protocol.Facts, books taler.Amount) string {
	rest, err := f.Refunded.Sub(added(taler.Amount{Currency: f.Refunded.Currency}, books))
	if err != nil {
		return ""
	}
	if more(rest, f.Amount) {
		return ", and " + f.Amount.String() + " was paid: ask the provider's support why"
	}
	return ": `bank withdrawal explain --refunded " + rest.String() + "` notes what you have found out"
}

// sayTold is what a difference says further of refunds that the operator has explained.
func sayTold(told taler.Amount) string {
	if told.IsZero() {
		return ""
	}
	return ", and the operator " + told.String()
}

// ours reports whether a payment has confirmed the withdrawal. Its refunds are all
// the bank's to explain; of money that bought nothing somebody else may have given
// back as well.
func (c *comparison) ours(f protocol.Facts) bool {
	return c.sale.state == taler.StateConfirmed && f.Transaction == c.sale.payment.transaction
}

// back is what the bank gives back of a payment without an exchange's asking.
func (c *comparison) back(transaction string) (r refunds) {
	if back, is := c.returns[transaction]; is {
		r.count(back.State, back.Amount)
	}
	return r
}

func sayAmount(a taler.Amount) string {
	if a == (taler.Amount{}) {
		return "nothing of it"
	}
	return a.String()
}
