package card_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

func TestWalleeGivesBackOncePerName(t *testing.T) {
	c := openCounter(t)
	c.put(7, "FULFILL", "W", `{"completedAmount":21.05}`)
	c.put(8, "AUTHORIZED", "W", `{"authorizationAmount":21}`)
	for range 3 {
		got, err := c.refund("7", "CHF:21.05", "one")
		if err != nil || got.State != "paid" || got.Amount != amount("CHF:21.05") || got.ExternalID != "one" || got.ID != "1" {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if len(c.refunds) != 1 || fmt.Sprint(c.refunds["one"]["amount"]) != "21.05" {
		t.Errorf("%v", c.refunds)
	}
	_, err := c.refund("7", "CHF:21", "one") // the first has another amount
	wantFault(t, err, fault.Unavailable, "answer-malformed")
	c.put(9, "FULFILL", "V", `{"completedAmount":30}`)
	_, err = c.refund("9", "CHF:21.05", "one") // the first is of another payment
	wantFault(t, err, fault.Unavailable, "answer-malformed")
	_, err = c.refund("8", "CHF:1", "two")
	wantFault(t, err, fault.Declined, "refund-refused")
	_, err = c.refund("7", "CHF:0", "three")
	wantFault(t, err, fault.Invalid, "amount-too-small")
	c.misbehave(func(w http.ResponseWriter, _ string) bool { w.WriteHeader(409); return true })
	_, err = c.refund("7", "CHF:1", "four")
	wantFault(t, err, fault.Unavailable, "provider-unreachable")
}

// An exchange's request_uid has 103 characters and wallee takes 100: each name has one
// refund there all the same, and keeps its own name here.
func TestWalleeGivesBackUnderNamesThatAreTooLongForIt(t *testing.T) {
	c := openCounter(t)
	c.put(7, "FULFILL", "W", `{"completedAmount":21}`)
	for n, name := range []string{strings.Repeat("Z", 100), strings.Repeat("Z", 101), strings.Repeat("Z", 102) + "0"} {
		for range 2 {
			got, err := c.refund("7", "CHF:1", name)
			if err != nil || got.State != "paid" || got.ExternalID != name {
				t.Errorf("%d characters: %+v, %v", len(name), got, err)
			}
		}
		if len(c.refunds) != n+1 {
			t.Errorf("%d refunds after name %d", len(c.refunds), n)
		}
	}
}

// A repetition is answered with the first answer, so where a refund stands now is
// read.
func TestARefundTakesItsTime(t *testing.T) {
	for _, row := range []struct{ state, want string }{
		{"CREATE", "pending"},
		{"SCHEDULED", "pending"},
		{"PENDING", "pending"},
		{"MANUAL_CHECK", "pending"},
		{"FAILED", "failed"},
		{"SUCCESSFUL", "paid"},
	} {
		t.Run(row.state, func(t *testing.T) {
			c := openCounter(t)
			c.put(7, "FULFILL", "W", `{"completedAmount":21}`)
			c.refundState = "PENDING"
			if got, err := c.refund("7", "CHF:1", "x"); err != nil || got.State != "pending" {
				t.Fatalf("%+v, %v", got, err)
			}
			c.settle("x", row.state)
			if got, err := c.refund("7", "CHF:1", "x"); err != nil || got.State != row.want {
				t.Errorf("%+v, %v", got, err)
			}
			if len(c.refunds) != 1 {
				t.Errorf("%d refunds", len(c.refunds))
			}
			c.settle("x", "REVERSED")
			_, err := c.refund("7", "CHF:1", "x")
			wantFault(t, err, fault.Unavailable, "answer-malformed")
		})
	}
}
