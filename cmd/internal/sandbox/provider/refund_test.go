package provider_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
)

func (s *shop) clock() time.Time { return time.Unix(1795212245, 0) }

func refund(amount, externalID string) string {
	return fmt.Sprintf(`{"amount":%q,"external_id":%q}`, amount, externalID)
}

func TestRefundsAddUpToThePaymentAtMost(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	paid := s.post("/payments", "", order("CHF:20", "R", "approved"))
	other := s.post("/payments", "", order("CHF:20", "R", "approved"))
	refunds := "/payments/" + paid.ID + "/refunds"
	first := s.post(refunds, "", refund("CHF:12.5", "x1"))
	if first.status != 200 || first.State != "paid" || first.ID == "" {
		t.Fatalf("answer %+v", first)
	}
	s.close()
	s = serve(t, dir)
	for _, c := range []struct {
		name, path, body string
		status           int
		reason           string
	}{
		{"again", refunds, refund("CHF:12.5", "x1"), 200, ""},
		{"other amount, same id", refunds, refund("CHF:1", "x1"), 409, string(provider.ReasonRefundReused)},
		{"other payment, same id", "/payments/" + other.ID + "/refunds", refund("CHF:12.5", "x1"), 409, string(provider.ReasonRefundReused)},
		{"too much", refunds, refund("CHF:7.50000001", "x2"), 409, string(provider.ReasonRefundTooLarge)},
		{"nothing", refunds, refund("CHF:0", "x3"), 400, string(provider.ReasonMalformed)},
		{"other currency", refunds, refund("EUR:1", "x4"), 400, "currency-differs"},
		{"no id", refunds, refund("CHF:1", ""), 400, string(provider.ReasonMalformed)},
		{"the rest", refunds, refund("CHF:7.5", "x5"), 200, ""},
		{"one more", refunds, refund("CHF:0.00000001", "x6"), 409, string(provider.ReasonRefundTooLarge)},
		{"unknown payment", "/payments/none/refunds", refund("CHF:1", "x7"), 404, string(provider.ReasonPaymentUnknown)},
	} {
		a := s.post(c.path, "", c.body)
		if a.status != c.status || a.Error.Reason != c.reason {
			t.Errorf("%s: %+v", c.name, a)
		}
		if c.name == "again" && a.ID != first.ID {
			t.Errorf("again is another refund: %+v", a)
		}
	}
	if shown := s.get("/payments/" + paid.ID); shown.Refunded != "CHF:20" || shown.State != "paid" {
		t.Errorf("shown %+v", shown)
	}
}

// An order that comes again says what went back since; one that nothing went back of
// says nothing.
func TestARepeatedOrderSaysWhatWentBack(t *testing.T) {
	s := serve(t, t.TempDir())
	paid := s.post("/payments", "k1", order("CHF:20", "R", "approved"))
	if again := s.post("/payments", "k1", order("CHF:20", "R", "approved")); paid.Refunded != "" || again.Refunded != "" {
		t.Errorf("answers %+v, %+v", paid, again)
	}
	s.post("/payments/"+paid.ID+"/refunds", "", refund("CHF:20", "x1"))
	if again := s.post("/payments", "k1", order("CHF:20", "R", "approved")); again.ID != paid.ID || again.State != "paid" || again.Refunded != "CHF:20" {
		t.Errorf("answer %+v", again)
	}
}

func TestConcurrentRefundsDoNotExceedThePayment(t *testing.T) {
	s := serve(t, t.TempDir())
	paid := s.post("/payments", "", order("CHF:20", "R", "approved"))
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			body := refund("CHF:3", fmt.Sprintf("x%d", i%15)) // each twice
			if _, err := s.do(t.Context(), http.MethodPost, "/payments/"+paid.ID+"/refunds", "", body); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if shown := s.get("/payments/" + paid.ID); shown.Refunded != "CHF:18" {
		t.Errorf("refunded %s", shown.Refunded)
	}
}

func TestOnlyPaidPaymentsAreRefunded(t *testing.T) {
	s := serve(t, t.TempDir())
	for _, word := range []string{"declined", "pending"} {
		x := s.post("/payments", "", order("CHF:20", "R", word))
		if a := s.post("/payments/"+x.ID+"/refunds", "", refund("CHF:1", word)); a.status != 409 || a.Error.Reason != string(provider.ReasonNotPaid) {
			t.Errorf("%s: %+v", word, a)
		}
	}
}

func TestSettleDecidesOnceAndForAll(t *testing.T) {
	for _, c := range []struct {
		from, to string
		status   int
		state    string
	}{
		{"pending", "paid", 200, "paid"},
		{"pending", "failed", 200, "failed"},
		{"pending", "pending", 400, "pending"},
		{"approved", "paid", 200, "paid"},
		{"approved", "failed", 409, "paid"},
		{"declined", "paid", 409, "failed"},
		{"declined", "failed", 200, "failed"},
	} {
		t.Run(c.from+" to "+c.to, func(t *testing.T) {
			s := serve(t, t.TempDir())
			x := s.post("/payments", "", order("CHF:20", "R", c.from))
			for range 2 {
				if a := s.post("/payments/"+x.ID+"/settle", "", fmt.Sprintf(`{"state":%q}`, c.to)); a.status != c.status {
					t.Errorf("answer %+v", a)
				}
			}
			if shown := s.get("/payments/" + x.ID); shown.State != c.state {
				t.Errorf("shown %+v", shown)
			}
		})
	}
}
