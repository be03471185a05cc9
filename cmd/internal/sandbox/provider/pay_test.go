package provider_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
)

func TestAWordDecidesWhatBecomesOfAPayment(t *testing.T) {
	s := serve(t, t.TempDir())
	for _, c := range []struct{ word, state, reason string }{
		{"approved", "paid", ""},
		{"declined", "failed", "declined"},
		{"pending", "pending", ""},
	} {
		t.Run(c.word, func(t *testing.T) {
			a := s.post("/payments", "", order("CHF:20.5", "ref "+c.word, c.word))
			if a.status != 200 || a.State != c.state || a.Reason != c.reason || a.ID == "" {
				t.Fatalf("answer %+v", a)
			}
			shown := s.get("/payments/" + a.ID)
			if shown.State != c.state || shown.Amount != "CHF:20.5" || shown.Refunded != "CHF:0" || shown.Reference != "ref "+c.word {
				t.Errorf("shown %+v", shown)
			}
		})
	}
}

func TestATimeoutCardPaysAtOnceAndAnswersLate(t *testing.T) {
	s := serve(t, t.TempDir())
	late := make(chan answer)
	go func() {
		a, err := s.do(context.Background(), http.MethodPost, "/payments", "k", order("CHF:20", "R", "timeout"))
		if err != nil {
			t.Error(err)
		}
		late <- a
	}()
	if d := <-s.waits; d != provider.DefaultDelay {
		t.Errorf("it waits %v", d)
	}
	found := s.get("/payments?reference=R").Payments
	if len(found) != 1 || found[0].State != "paid" {
		t.Fatalf("found %+v while the answer is late", found)
	}
	if again := s.post("/payments", "k", order("CHF:20", "R", "timeout")); again.ID != found[0].ID {
		t.Errorf("the repetition is answered %+v, at once", again)
	}
	s.fire <- s.clock()
	if a := <-late; a.State != "paid" || a.ID != found[0].ID {
		t.Errorf("the late answer is %+v", a)
	}
}

func TestALateAnswerEndsWhenTheClientHangsUp(t *testing.T) {
	s := serve(t, t.TempDir())
	ctx, hangUp := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := s.do(ctx, http.MethodPost, "/payments", "", order("CHF:20", "R", "timeout"))
		gone <- err
	}()
	<-s.waits
	hangUp()
	if err := <-gone; err == nil {
		t.Error("there was an answer")
	}
	if found := s.get("/payments?reference=R").Payments; len(found) != 1 || found[0].State != "paid" {
		t.Errorf("found %+v", found)
	}
	s.server.Close() // does not return while the handler waits
}

func TestALateAnswerComesWhenTheServerStops(t *testing.T) {
	s := serve(t, t.TempDir())
	late := make(chan answer)
	go func() {
		a, err := s.do(context.Background(), http.MethodPost, "/payments", "", order("CHF:20", "R", "timeout"))
		if err != nil {
			t.Error(err)
		}
		late <- a
	}()
	<-s.waits
	s.provider.Stop()
	if a := <-late; a.State != "paid" {
		t.Errorf("answer %+v", a)
	}
}

func TestARepetitionFindsTheFirstPaymentAlsoAfterARestart(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	first := s.post("/payments", "key-1", order("CHF:20", "R", "approved"))
	declined := s.post("/payments", "key-2", order("CHF:20", "R", "declined"))
	s.close()
	s = serve(t, dir)
	if a := s.post("/payments", "key-1", order("CHF:20", "R", "approved")); a.ID != first.ID || a.State != "paid" {
		t.Errorf("again: %+v, first %+v", a, first)
	}
	if a := s.post("/payments", "key-2", order("CHF:20", "R", "declined")); a.ID != declined.ID || a.State != "failed" {
		t.Errorf("again: %+v, first %+v", a, declined)
	}
	for name, other := range map[string]string{
		"amount":    order("CHF:21", "R", "approved"),
		"currency":  order("EUR:20", "R", "approved"),
		"reference": order("CHF:20", "S", "approved"),
		"token":     order("CHF:20", "R", "declined"),
	} {
		if a := s.post("/payments", "key-1", other); a.status != 200 || a.ID != first.ID || a.State != "paid" {
			t.Errorf("other %s: %+v, first %+v", name, a, first)
		}
	}
	for reference, want := range map[string]int{"R": 2, "S": 0} {
		if n := len(s.get("/payments?reference=" + reference).Payments); n != want {
			t.Errorf("%d payments for %s", n, reference)
		}
	}
	if a := s.get("/payments/" + first.ID); a.Amount != "CHF:20" || a.Reference != "R" {
		t.Errorf("the first payment became %+v", a)
	}
}

func TestFiftyEqualRequestsMakeOnePayment(t *testing.T) {
	s := serve(t, t.TempDir())
	token := s.authorise(s.card(provider.Approved), 1, "CHF:20", "R")
	var all sync.WaitGroup
	ids := make(chan string, 50)
	for range 50 {
		all.Go(func() {
			a, err := s.do(t.Context(), http.MethodPost, "/payments", "same", order("CHF:20", "R", token))
			if err != nil || a.State != "paid" {
				t.Errorf("%+v, %v", a, err)
			}
			ids <- a.ID
		})
	}
	all.Wait()
	close(ids)
	distinct := map[string]bool{}
	for id := range ids {
		distinct[id] = true
	}
	if len(distinct) != 1 || len(s.get("/payments?reference=R").Payments) != 1 {
		t.Errorf("ids %v", distinct)
	}
}

func TestWithoutAKeyEachRequestIsAPayment(t *testing.T) {
	s := serve(t, t.TempDir())
	a := s.post("/payments", "", order("CHF:20", "R", "approved"))
	b := s.post("/payments", "", order("CHF:20", "R", "approved"))
	if a.ID == b.ID {
		t.Error("both have one id")
	}
	found := s.get("/payments?reference=R").Payments
	if len(found) != 2 || found[0].ID != a.ID || found[1].ID != b.ID {
		t.Errorf("found %+v", found)
	}
	if other := s.get("/payments?reference=unknown"); other.Payments == nil || len(other.Payments) != 0 {
		t.Errorf("of an unknown reference: %+v", other)
	}
}

// An order that was long on its way must not be paid beside the one that was sent
// in its place, with another key and perhaps another card.
func TestAMerchantIsPaidOnceForAReference(t *testing.T) {
	s := serve(t, t.TempDir())
	named := func(reference, token, merchant string) string {
		return strings.Replace(order("CHF:20", reference, token), "{", `{"merchant":"`+merchant+`",`, 1)
	}
	for _, row := range []struct {
		name, reference, token, merchant string
		state, reason                    string
	}{
		{"a refused one", "R", "declined", "Shop", "failed", provider.WhyDeclined},
		{"another card", "R", "approved", "Shop", "paid", ""},
		{"the same once more", "R", "approved", "Shop", "failed", provider.WhyPaid},
		{"a third card", "R", "pending", "Shop", "failed", provider.WhyPaid},
		{"another thing", "S", "pending", "Shop", "pending", ""},
		{"while that is not decided", "S", "approved", "Shop", "failed", provider.WhyPaid},
		{"another merchant", "R", "approved", "Bar", "paid", ""},
		{"nobody", "R", "approved", "", "paid", ""},
		{"nobody again", "R", "approved", "", "paid", ""},
	} {
		a := s.post("/payments", row.name, named(row.reference, row.token, row.merchant))
		if a.State != row.state || a.Reason != row.reason {
			t.Errorf("%s: %s, %s", row.name, a.State, a.Reason)
		}
	}
}

func TestMalformedRequestsMakeNoPayment(t *testing.T) {
	s := serve(t, t.TempDir())
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"empty":            {``, 400},
		"not JSON":         {`amount=CHF:20`, 400},
		"two objects":      {order("CHF:20", "R", "approved") + `{}`, 400},
		"unknown member":   {`{"amount":"CHF:20","reference":"R","token":"approved","pan":"4111"}`, 400},
		"amount a number":  {`{"amount":20,"reference":"R","token":"approved"}`, 400},
		"amount negative":  {order("CHF:-1", "R", "approved"), 400},
		"amount nothing":   {order("CHF:0", "R", "approved"), 400},
		"amount missing":   {`{"reference":"R","token":"approved"}`, 400},
		"no reference":     {order("CHF:20", "", "approved"), 400},
		"long reference":   {order("CHF:20", strings.Repeat("R", 257), "approved"), 400},
		"no token":         {order("CHF:20", "R", ""), 400},
		"unknown word":     {order("CHF:20", "R", "maybe"), 400},
		"malformed token":  {order("CHF:20", "R", "ota2.AAAA"), 400},
		"more than enough": {order("CHF:20", "R", strings.Repeat("a", 20<<10)), 413},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.post("/payments", "", c.body)
			if a.status != c.status || a.Error.Kind != "invalid" || a.Error.Message == "" {
				t.Errorf("answer %+v", a)
			}
		})
	}
	if found := s.get("/payments?reference=R").Payments; len(found) != 0 {
		t.Errorf("payments %+v", found)
	}
}

func TestUnknownAddresses(t *testing.T) {
	s := serve(t, t.TempDir())
	for name, c := range map[string]struct {
		method, path string
		status       int
	}{
		"no such path":    {http.MethodGet, "/nothing", 404},
		"a double slash":  {http.MethodPost, "//payments", 404},
		"no such payment": {http.MethodGet, "/payments/pay-1", 404},
		"no reference":    {http.MethodGet, "/payments", 400},
		"method":          {http.MethodDelete, "/payments", 405},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := s.do(t.Context(), c.method, c.path, "", "")
			if err != nil || a.status != c.status || a.Error.Reason == "" {
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
}
