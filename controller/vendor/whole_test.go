package vendor

import (
	"fmt"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

func chf(value uint64) instrument.Amount { return instrument.Amount{Currency: "CHF", Value: value} }

func part(name string, value uint64) share {
	return share{Name: name, Class: "red", Amount: chf(value)}
}

func paid(s share, by instrument.OperationID) share {
	s.Operations, s.Paid = []instrument.OperationID{by}, by
	return s
}

func tried(s share, by ...instrument.OperationID) share {
	s.Operations = by
	return s
}

// What a part needs to be let pay: that it is the one it was, that nobody else pays it, and
// that no more than the total is paid.
func TestWhichPartsMayBePaid(t *testing.T) {
	running := map[instrument.OperationID]bool{"runs": true, "failed": false, "other failed": false}
	dearer := part("a", 4)
	blue := part("a", 3)
	blue.Class = "blue"
	var many []share
	for n := range maxShares {
		many = append(many, tried(part(fmt.Sprint(n), 1), "failed"))
	}
	for name, row := range map[string]struct {
		parts  []share
		asked  share
		by     instrument.OperationID
		reason fault.Reason
	}{
		"the first":                              {nil, part("a", 3), "new", ""},
		"all of it":                              {nil, part("a", 10), "new", ""},
		"another beside one that is paid":        {[]share{paid(part("b", 7), "one")}, part("a", 3), "new", ""},
		"more than is left":                      {[]share{paid(part("b", 8), "one")}, part("a", 3), "new", "parts-too-much"},
		"more than is left while another pays":   {[]share{tried(part("b", 8), "runs")}, part("a", 3), "new", "part-paying"},
		"more than is left beside both":          {[]share{tried(part("b", 3), "runs"), paid(part("c", 5), "one")}, part("a", 3), "new", "part-paying"},
		"as much as was left by one that failed": {[]share{tried(part("b", 8), "failed")}, part("a", 3), "new", ""},
		"one too many":                           {many, part("a", 3), "new", "parts-too-many"},
		"the same again":                         {[]share{tried(part("a", 3), "runs")}, part("a", 3), "runs", ""},
		"of another amount":                      {[]share{tried(part("a", 3), "failed")}, dearer, "new", "part-differs"},
		"of another class":                       {[]share{tried(part("a", 3), "failed")}, blue, "new", "part-differs"},
		"that is paid":                           {[]share{paid(part("a", 3), "one")}, part("a", 3), "new", controller.ReasonPartPaid},
		"that is paid by itself":                 {[]share{paid(part("a", 3), "one")}, part("a", 3), "one", ""},
		"that another pays":                      {[]share{tried(part("a", 3), "runs")}, part("a", 3), "new", "part-paying"},
		"that one nobody has seen yet may pay":   {[]share{tried(part("a", 3), "came meanwhile")}, part("a", 3), "new", "part-paying"},
		"that others have failed to pay":         {[]share{tried(part("a", 3), "failed", "other failed")}, part("a", 3), "new", ""},
		"that failed, and others have paid then": {[]share{tried(part("a", 3), "failed"), paid(part("b", 8), "one")}, part("a", 3), "new", "parts-too-much"},
	} {
		w := whole{Payer: "k", Name: "lunch", Total: chf(10), Parts: row.parts, running: running}
		err := w.add(row.asked, row.by, "life")
		if fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
			t.Errorf("%s: %v", name, err)
		}
		at := slices.IndexFunc(w.Parts, func(s share) bool { return s.Name == row.asked.Name })
		if err == nil && (at < 0 || w.Parts[at].Taker != row.by || w.Parts[at].Life != "life" || !slices.Contains(w.Parts[at].Operations, row.by)) {
			t.Errorf("%s: on record is %+v", name, w.Parts)
		}
	}
}

// A part is tried as often as its payer likes, and its record does not grow for it.
func TestAPartIsTriedOften(t *testing.T) {
	w := whole{Payer: "k", Name: "lunch", Total: chf(10), running: map[instrument.OperationID]bool{}}
	for n := range 3 * maxShares {
		op := instrument.OperationID(fmt.Sprint(n))
		if err := w.add(part("a", 3), op, "life"); err != nil {
			t.Fatal(err)
		}
		w.running[op] = false
	}
	if ops := w.Parts[0].Operations; len(w.Parts) != 1 || len(ops) != maxShares || ops[maxShares-1] != "95" {
		t.Errorf("on record are %v", ops)
	}
}

// Nothing was let pay of it, or all of that has failed.
func TestAPaymentThatIsIdle(t *testing.T) {
	taken := tried(part("b", 3), "runs")
	taken.Taker = "runs"
	for name, row := range map[string]struct {
		parts []share
		idle  bool
	}{
		"nothing": {nil, true}, "one that failed": {[]share{tried(part("a", 3), "failed")}, true},
		"one that may pay": {[]share{tried(part("a", 3), "failed"), taken}, false}, "one that has paid": {[]share{paid(part("a", 3), "one")}, false},
	} {
		if idle := (whole{Parts: row.parts}).idle(); idle != row.idle {
			t.Errorf("%s: %v", name, idle)
		}
	}
}

// A payment that is delivered for is paid, and no record of one becomes that of another.
func TestWhatIsOnRecordOfAPayment(t *testing.T) {
	kept := func(status string, alter func(*whole)) *instrument.Instance {
		w := whole{Payer: "k", Name: "lunch/two", Total: chf(10), Product: "A1", Parts: []share{paid(part("a", 3), "one"), part("b", 7)}}
		alter(&w)
		i := &instrument.Instance{Class: controller.ClassPayment, Status: status, Keys: map[string]string{keyPayment: w.key()}}
		if err := i.Encode(w); err != nil {
			t.Fatal(err)
		}
		return i
	}
	was := kept(PaymentOpen, func(*whole) {})
	for name, row := range map[string]struct {
		status string
		alter  func(*whole)
		reason fault.Reason
	}{
		"as it was":                  {PaymentOpen, func(*whole) {}, ""},
		"its other part is paid":     {PaymentPaid, func(w *whole) { w.Parts[1].Paid = "two" }, ""},
		"another part comes":         {PaymentOpen, func(w *whole) { w.Parts = append(w.Parts, part("c", 1)) }, ""},
		"paid in part":               {PaymentPaid, func(*whole) {}, "payment-open"},
		"paid more than it is of":    {PaymentPaid, func(w *whole) { w.Parts = append(w.Parts, paid(part("c", 8), "two")) }, "payment-open"},
		"paid in other money":        {PaymentPaid, func(w *whole) { w.Parts[1].Paid, w.Parts[1].Amount.Currency = "two", "EUR" }, "payment-open"},
		"of another payer":           {PaymentOpen, func(w *whole) { w.Payer = "other" }, "payment-changed"},
		"of another name":            {PaymentOpen, func(w *whole) { w.Name = "dinner" }, "payment-changed"},
		"with a name of ours":        {PaymentOpen, func(w *whole) { w.Alone = true }, "payment-changed"},
		"of a name that reads alike": {PaymentOpen, func(w *whole) { w.Payer, w.Name = "k/lunch", "two" }, "payment-changed"},
		"of another total":           {PaymentOpen, func(w *whole) { w.Total = chf(3) }, "payment-changed"},
		"of another total, paid":     {PaymentPaid, func(w *whole) { w.Total = chf(3) }, "payment-changed"},
		"for another product":        {PaymentOpen, func(w *whole) { w.Product = "B2" }, "payment-changed"},
		"without a part":             {PaymentOpen, func(w *whole) { w.Parts = w.Parts[:1] }, "payment-changed"},
		"a part of another name":     {PaymentOpen, func(w *whole) { w.Parts[1].Name = "c" }, "payment-changed"},
		"a part of another sum":      {PaymentOpen, func(w *whole) { w.Parts[1].Amount = chf(1) }, "payment-changed"},
	} {
		if err := checkWhole(was, kept(row.status, row.alter)); fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
	foreign := kept(PaymentOpen, func(*whole) {})
	foreign.Keys[keyPayment] = "other/lunch"
	if err := checkWhole(nil, foreign); fault.ReasonOf(err) != "payment-malformed" {
		t.Errorf("under another key: %v", err)
	}
}

// Two parts never have one charge between them, whatever their payers call them.
func TestEachPartHasAReferenceOfItsOwn(t *testing.T) {
	seen := map[string]string{}
	for _, of := range [][3]string{{"k", "lunch", "1"}, {"k", "lunch1", ""}, {"k", "lunc", "h1"}, {"kl", "unch", "1"}, {"", "klunch", "1"}, {"k", "lunch", "2"}, {"q", "lunch", "1"}} {
		reference := partReference(of[0], of[1], of[2])
		if first, is := seen[reference]; is {
			t.Errorf("%q has the reference of %q", of, first)
		}
		seen[reference] = fmt.Sprintf("%q", of)
	}
}
