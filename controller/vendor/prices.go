package vendor

import (
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Prices are what this vendor asks of those who buy with a class, where that is not
// just the invoice's amount: "the price of a product may vary" with it (paper §5.2).
// What is no purchase has a price of its own: a withdrawal, and what is paid into an
// account. A class that is priced here is no part of a payment of several
// instruments, for the parts make up one total.
type Prices map[instrument.ClassID]Price

// Price is the rule for a class: so much more or less than the amount, or nothing
// is sold for it.
type Price struct {
	Refused bool
	Less    bool              // a discount, else a surcharge
	Percent taler.Percent     // of the amount, rounded up to what people can pay; 0: Fixed
	Fixed   instrument.Amount // in the money of the invoice; where that is another, the class is not offered
}

// ParsePrices reads rules such as "payment-card=+1.5%", "coupon=-CHF:0.50" and
// "miles=no": fault.Invalid if one cannot be meant.
func ParsePrices(rules []string) (Prices, error) {
	out := Prices{}
	for _, text := range rules {
		class, rule, _ := strings.Cut(text, "=")
		p, err := parsePrice(rule)
		if _, twice := out[instrument.ClassID(class)]; err != nil || class == "" || twice {
			return nil, fault.New(fault.Invalid, "%q is no price of a class, or a second one", text).Because("price-malformed").
				WithHint("write it like payment-card=+1.5%%, coupon=-CHF:0.50 or miles=no; what is neither more nor less needs no rule")
		}
		out[instrument.ClassID(class)] = p
	}
	return out, nil
}

func parsePrice(rule string) (p Price, err error) {
	if rule == "no" {
		return Price{Refused: true}, nil
	}
	by, more := strings.CutPrefix(rule, "+")
	if !more {
		if by, p.Less = strings.CutPrefix(rule, "-"); !p.Less {
			return p, fault.New(fault.Invalid, "neither more nor less").Because("price-malformed")
		}
	}
	if share, ok := strings.CutSuffix(by, "%"); ok {
		p.Percent, err = taler.ParsePercent(share)
		return p, err
	}
	if p.Fixed, err = instrument.ParseAmount(by); err == nil && p.Fixed.IsZero() {
		err = fault.New(fault.Invalid, "nothing more").Because("price-malformed")
	}
	return p, err
}

// of changes the terms for an invoice's amount into those for a class, and says to
// people by how much. fault.Unsupported: the class does not pay this.
func (p Prices) of(class instrument.ClassID, t instrument.Terms) (instrument.Terms, error) {
	rule, has := p[class]
	if rule.Refused {
		return t, notTaken(class)
	}
	if !has || t.Price == (instrument.Amount{}) {
		return t, nil
	}
	by, what := rule.Fixed, rule.Fixed.String()
	if rule.Percent != 0 {
		due, err := (taler.TillFees{Percent: rule.Percent, Unit: taler.PlainCurrency(t.Price.Currency).Unit()}).Due(t.Price)
		if err != nil {
			return t, err
		}
		by, what = due, due.String()+" ("+rule.Percent.String()+" %)"
	}
	change, word := t.Price.Add, " more than "
	if rule.Less {
		change, word = t.Price.Sub, " less than "
	}
	price, err := change(by)
	if err != nil || price.IsZero() {
		return t, notTaken(class)
	}
	return instrument.Terms{Price: price, Text: what + word + t.Price.String()}, nil
}
