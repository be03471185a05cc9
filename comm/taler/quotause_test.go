package taler_test

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// withdrawals are those of a bank, by WOPID. It counts how many were read.
type withdrawals struct {
	instrument.Tx
	all  map[string]taler.Withdrawal
	read int
}

func (w *withdrawals) Find(_ instrument.ClassID, _, value string) (instrument.ID, error) {
	if _, known := w.all[value]; !known {
		return "", fault.New(fault.NotFound, "there is no such withdrawal")
	}
	return instrument.ID(value), nil
}

func (w *withdrawals) Get(id instrument.ID) (instrument.Instance, error) {
	w.read++
	i := instrument.Instance{ID: id}
	return i, i.Encode(w.all[string(id)])
}

// begin counts a withdrawal of CHF:1 that begins at a time, and puts it there.
func (w *withdrawals) begin(q *taler.Quota, rule taler.QuotaRule, at int64) (taler.WOPID, error) {
	n := len(w.all) + 1
	id := taler.WOPID{byte(n), byte(n >> 8), 1}
	made := taler.Withdrawal{WOPID: id, State: taler.StatePending, Amount: taler.Amount{Currency: "CHF", Value: 1}, Created: at}
	counted, err := q.Counted(w, rule, at)
	if err == nil {
		_, err = counted.Use(rule, made, "", taler.Amount{})
	}
	if err != nil {
		return id, err
	}
	*q, w.all[id.Text()] = counted, made
	return id, nil
}

func (w *withdrawals) become(id taler.WOPID, s taler.State) {
	is := w.all[id.Text()]
	is.State = s
	w.all[id.Text()] = is
}

// TestAQuotaDoesNotGrow with each withdrawal: what is confirmed is not read again, nor kept
// one by one, and counts neither less nor more than a 64th of the time longer.
func TestAQuotaDoesNotGrow(t *testing.T) {
	const day = 24 * 60 * 60
	rule := taler.QuotaRule{Amount: taler.Amount{Currency: "CHF", Value: 5000}, Within: day}
	bank, q := &withdrawals{all: map[string]taler.Withdrawal{}}, taler.Quota{User: "anna"}
	for n := range 5000 {
		bank.read = 0
		id, err := bank.begin(&q, rule, int64(n))
		if err != nil {
			t.Fatalf("the %d. withdrawal: %v", n+1, err)
		}
		if bank.read > 1 || len(q.Uses) > 2*64+1 {
			t.Fatalf("for the %d. withdrawal %d others were read, and %d are kept", n+1, bank.read, len(q.Uses))
		}
		bank.become(id, taler.StateConfirmed)
	}
	if _, err := bank.begin(&q, rule, 5000); fault.ReasonOf(err) != taler.ReasonQuotaExceeded {
		t.Errorf("one more than the user may: %v", err)
	}
	for at, least := range map[int64]uint64{day - 1: 0, day + 2500: 2500 - day/64 - 1, day + 5000 + day/64: 5000} {
		now, err := q.Counted(bank, rule, at)
		if err != nil {
			t.Fatal(err)
		}
		left, err := now.Limit(rule)
		if most := uint64(max(0, at-day+1)); err != nil || left.Limit.Value < least || left.Limit.Value > most {
			t.Errorf("at %d %s is left, %v; want CHF:%d to CHF:%d", at, left.Limit, err, least, most)
		}
	}
}

// TestSoManyAreUnderWay at a time for one user, whatever their amounts: all of them are read for
// each further one.
func TestSoManyAreUnderWay(t *testing.T) {
	rule := taler.QuotaRule{Amount: taler.Amount{Currency: "CHF", Value: 5000}, Within: 60}
	bank, q := &withdrawals{all: map[string]taler.Withdrawal{}}, taler.Quota{User: "anna"}
	var ids []taler.WOPID
	for n := range 64 {
		id, err := bank.begin(&q, rule, 1)
		if err != nil {
			t.Fatalf("the %d. withdrawal: %v", n+1, err)
		}
		ids = append(ids, id)
	}
	if _, err := bank.begin(&q, rule, 1); fault.ReasonOf(err) != taler.ReasonQuotaExceeded || !strings.Contains(err.Error(), "64 withdrawals under way") {
		t.Errorf("one more than there may be: %v", err)
	}
	bank.become(ids[0], taler.StateAborted)
	bank.become(ids[1], taler.StateConfirmed)
	for range 2 {
		if _, err := bank.begin(&q, rule, 1); err != nil {
			t.Errorf("when two are over: %v", err)
		}
	}
	if _, err := bank.begin(&q, rule, 1); err == nil {
		t.Error("a third has the place of two")
	}
}
