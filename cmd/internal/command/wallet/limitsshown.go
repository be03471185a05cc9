package wallet

import (
	"maps"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// shownLimits are limits as they are shown; amounts by currency.
type shownLimits struct {
	Limits   map[string]instrument.Amount       `json:"limits"` // for one operation
	PerDay   map[string]instrument.Amount       `json:"per_day,omitempty"`
	PerMonth map[string]instrument.Amount       `json:"per_month,omitempty"`
	Only     []instrument.ClassID               `json:"only,omitempty"`
	Classes  map[instrument.ClassID]shownLimits `json:"classes,omitempty"`
	Used     *shownUsed                         `json:"used,omitempty"`
}

// shownUsed is what counts by now against the limits of a day and of a month.
type shownUsed struct {
	PerDay   map[string]instrument.Amount `json:"per_day,omitempty"`
	PerMonth map[string]instrument.Amount `json:"per_month,omitempty"`
}

// shown are the limits of somebody, with what they have used of them.
func shown(l, used profile.Limits) shownLimits {
	s := shownLimits{Limits: l.PerOperation, PerDay: l.PerDay, PerMonth: l.PerMonth, Only: l.Only}
	if len(used.PerDay)+len(used.PerMonth) > 0 {
		s.Used = &shownUsed{used.PerDay, used.PerMonth}
	}
	if s.Limits == nil {
		s.Limits = map[string]instrument.Amount{}
	}
	for class, c := range l.Classes {
		if s.Classes == nil {
			s.Classes = map[instrument.ClassID]shownLimits{}
		}
		s.Classes[class] = shown(c, used.Classes[class])
	}
	return s
}

// text is the limits in a few words, empty without any.
func (s shownLimits) text() string {
	parts := s.bounds("")
	for _, class := range slices.Sorted(maps.Keys(s.Classes)) {
		parts = append(parts, s.Classes[class].bounds(" with "+string(class))...)
	}
	if len(s.Only) > 0 {
		names := make([]string, len(s.Only))
		for n, class := range s.Only {
			names[n] = string(class)
		}
		parts = append(parts, "only with "+strings.Join(names, ", "))
	}
	return strings.Join(parts, "; ")
}

func (s shownLimits) sentence() string {
	if text := s.text(); text != "" {
		return "; " + text
	}
	return " without limits"
}

// bounds says what may be moved, by one operation and in a time; with says with what.
func (s shownLimits) bounds(with string) (parts []string) {
	var used shownUsed
	if s.Used != nil {
		used = *s.Used
	}
	for _, bound := range []struct {
		what         string
		limits, used map[string]instrument.Amount
	}{{"one operation", s.Limits, nil}, {"one day", s.PerDay, used.PerDay}, {"one month", s.PerMonth, used.PerMonth}} {
		if len(bound.limits) > 0 {
			parts = append(parts, bound.what+" may move "+sums(bound.limits, bound.used)+with)
		}
	}
	return parts
}

// sums are amounts by currency, each with what of it is used.
func sums(limits, used map[string]instrument.Amount) string {
	var all []string
	for _, currency := range slices.Sorted(maps.Keys(limits)) {
		sum := limits[currency].String()
		if u, ok := used[currency]; ok {
			sum += " (" + u.String() + " used)"
		}
		all = append(all, sum)
	}
	return strings.Join(all, " ")
}
