package card_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// counter is a bank that asks an office.
type counter struct {
	*testing.T
	*office
	bank *protocoltest.Node
	at   instrument.ID
}

func openCounter(t *testing.T) *counter {
	c := &counter{T: t, office: openOffice(t), bank: newNode(t, comm.Bank, time.Now)}
	c.at = c.bank.Create(t, walleeAt(c.URL+"/api/", nil))[0]
	return c
}

func (c *counter) do(operation string, args any) (protocol.Result, error) {
	c.Helper()
	return alone(c, c.bank, operation, "card-provider", c.at, args)
}

func (c *counter) verify(id string) (protocol.Facts, error) {
	c.Helper()
	result, err := c.do("VERIFY", map[string]string{"transaction": id})
	if err != nil {
		return protocol.Facts{}, err
	}
	return factsOf(c, result), nil
}

func (c *counter) refund(transaction, sum, external string) (got protocol.Repaid, err error) {
	c.Helper()
	result, err := c.do("REFUND", map[string]string{"transaction": transaction, "amount": sum, "external_id": external})
	if err == nil {
		err = json.Unmarshal(result.Value, &got)
	}
	return got, err
}

func TestWhatWalleeSaysOfATransaction(t *testing.T) {
	c := openCounter(t)
	for n, row := range []struct {
		state, members        string
		want, sum, given, why string
	}{
		{"FULFILL", `{"authorizationAmount":21.50,"completedAmount":21.50,"refundedAmount":0.0}`, "paid", "CHF:21.5", "", ""},
		{"FULFILL", `{"authorizationAmount":30,"completedAmount":20.000000000000,"refundedAmount":5.05}`, "paid", "CHF:20", "CHF:5.05", ""},
		{"FULFILL", `{"completedAmount":2.1E+1,"currency":"EUR"}`, "paid", "EUR:21", "", ""},
		{"COMPLETED", `{"completedAmount":21}`, "pending", "CHF:21", "", ""},
		{"AUTHORIZED", `{"authorizationAmount":21}`, "pending", "CHF:21", "", ""},
		{"CREATE", `{}`, "pending", "CHF:0", "", ""},
		{"PENDING", `{}`, "pending", "CHF:0", "", ""},
		{"CONFIRMED", `{}`, "pending", "CHF:0", "", ""},
		{"PROCESSING", `{}`, "pending", "CHF:0", "", ""},
		{"FAILED", `{"authorizationAmount":21}`, "failed", "CHF:21", "", ""},
		{"VOIDED", `{"authorizationAmount":21}`, "failed", "CHF:21", "", ""},
		{"DECLINE", `{"completedAmount":21}`, "withheld", "CHF:21", "", ""},

		{"FULFILL", `{"authorizationAmount":21}`, "", "", "", "amount"}, // nothing says that it was captured
		{"FULFILL", `{"completedAmount":-21}`, "", "", "", "amount"},
		{"FULFILL", `{"completedAmount":"much"}`, "", "", "", "expected form"},
		{"FULFILL", `{"completedAmount":21,"currency":null}`, "", "", "", "currency"},
		{"FULFILL", `{"completedAmount":21,"linkedSpaceId":null}`, "", "", "", "linkedSpaceId"},
		{"FULFILL", `{"completedAmount":21,"refundedAmount":1e-9}`, "", "", "", "refundedAmount"},
		{"SETTLED", `{"completedAmount":21}`, "", "", "", "state"},
		{"", `{"completedAmount":21}`, "", "", "", "state"},
	} {
		t.Run(row.state+row.members, func(t *testing.T) {
			id := fmt.Sprint(1000 + n)
			c.put(1000+n, row.state, "WOPID", row.members)
			f, err := c.verify(id)
			if row.why != "" {
				wantFault(t, err, fault.Unavailable, "answer-malformed")
				if !strings.Contains(err.Error(), row.why) {
					t.Errorf("it is said that %v", err)
				}
				return
			}
			if err != nil || f.State != row.want || f.Amount.String() != row.sum {
				t.Errorf("%s %s, %v", f.State, f.Amount, err)
			}
			if row.given == "" && !f.Refunded.IsZero() || row.given != "" && f.Refunded.String() != row.given {
				t.Errorf("refunded is %s", f.Refunded)
			}
			if f.Transaction != id || f.Reference != "WOPID" || f.Space != walleeSpace || !strings.Contains(string(f.Raw), row.state) {
				t.Errorf("%+v", f)
			}
		})
	}
	c.put(2000, "FULFILL", "W", `{"completedAmount":1,"linkedSpaceId":77}`)
	if f, err := c.verify("2000"); err != nil || f.Space != 77 {
		t.Errorf("of another space: %+v, %v", f, err)
	}
}

// goodOfSeven confirms, but for what else is in it.
const goodOfSeven = `{"id":7,"state":"FULFILL","merchantReference":"W","currency":"CHF","completedAmount":21,"linkedSpaceId":405,"metaData":{"payer":"Anna"}}`

// What is no answer is asked again, whatever it looks like; an unknown number may
// be known later.
func TestWhatIsNoAnswerOfWallee(t *testing.T) {
	c := openCounter(t)
	c.put(7, "FULFILL", "W", `{"completedAmount":21}`)
	for _, id := range []string{"8", "0", "-7", "07", "7.0", " 7", "7&spaceId=9", "9999999999999999999999", ".."} {
		_, err := c.verify(id)
		wantFault(t, err, fault.NotFound, "transaction-unknown")
	}
	for _, path := range c.asked {
		if path != "/api/transaction/read?spaceId=405&id=8" {
			t.Errorf("it was asked for %s", path)
		}
	}
	for _, row := range []struct {
		status int
		body   string
		kind   fault.Kind
		reason fault.Reason
	}{
		{200, "", fault.NotFound, "transaction-unknown"},
		{200, " \n", fault.NotFound, "transaction-unknown"},
		{200, "null", fault.NotFound, "transaction-unknown"},
		{200, "null\n", fault.NotFound, "transaction-unknown"},
		{404, "{}", fault.NotFound, "transaction-unknown"},
		{200, "<html>", fault.Unavailable, "answer-malformed"},
		{200, "null null", fault.Unavailable, "answer-malformed"},
		{200, "[]", fault.Unavailable, "answer-malformed"},
		{200, strings.Replace(goodOfSeven, "Anna", "Ann\xe9", 1), fault.Unavailable, "answer-malformed"}, // no UTF-8
		{200, strings.Replace(goodOfSeven, `"Anna"`, strings.Repeat("[", 2000)+strings.Repeat("]", 2000), 1), fault.Unavailable, "answer-malformed"},
		{409, "{}", fault.Unavailable, "provider-unreachable"},
		{429, "{}", fault.Unavailable, "provider-unreachable"},
		{442, `{"message":"no"}`, fault.NotFound, "transaction-unknown"},
		{500, "{}", fault.Unavailable, "provider-unreachable"},
		{542, "{}", fault.Unavailable, "provider-unreachable"},
		{401, "", fault.Denied, "provider-credentials"},
		{403, "", fault.Denied, "provider-credentials"},
	} {
		t.Run(fmt.Sprint(row.status, row.body[:min(len(row.body), 120)]), func(t *testing.T) {
			c.misbehave(func(w http.ResponseWriter, _ string) bool {
				w.WriteHeader(row.status)
				_, _ = w.Write([]byte(row.body))
				return true
			})
			_, err := c.verify("7")
			wantFault(t, err, row.kind, row.reason)
		})
	}
	c.misbehave(func(w http.ResponseWriter, _ string) bool {
		_, _ = w.Write([]byte(strings.Replace(goodOfSeven, "Anna", strings.Repeat("a", 256<<10), 1)))
		return true
	})
	_, err := c.verify("7")
	wantFault(t, err, fault.Unavailable, "answer-malformed")
	if !strings.Contains(err.Error(), "longer than") {
		t.Errorf("of what is too long it is said: %v", err)
	}
	c.Close()
	_, err = c.verify("7")
	wantFault(t, err, fault.Unavailable, "provider-unreachable")
}

// A wrong key, user, space, path or clock makes a MAC that wallee refuses, and the
// right ones one that it takes.
func TestWalleeKnowsWhoAsks(t *testing.T) {
	c := openCounter(t)
	if _, err := c.do("CHECK", struct{}{}); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]map[string]any{
		"another key":   {"key": "AAAA"},
		"another user":  {"user": 1},
		"another space": {"space": 406},
	} {
		t.Run(name, func(t *testing.T) {
			change["name"], change["url"] = name, c.URL+"/api"
			id := c.bank.Create(t, walleeAt("", change))[0]
			_, err := alone(t, c.bank, "CHECK", "card-provider", id, struct{}{})
			wantFault(t, err, fault.Denied, "provider-credentials")
		})
	}
	t.Run("a clock that is an hour off", func(t *testing.T) {
		c.clock = func() time.Time { return time.Now().Add(time.Hour) }
		_, err := c.do("CHECK", struct{}{})
		wantFault(t, err, fault.Denied, "provider-credentials")
	})
	t.Run("nobody's address", func(t *testing.T) {
		id := c.bank.Create(t, walleeAt(c.URL, map[string]any{"name": "root"}))[0]
		c.clock = time.Now
		_, err := alone(t, c.bank, "CHECK", "card-provider", id, struct{}{})
		wantFault(t, err, fault.Unavailable, "answer-malformed")
	})
}

func TestAWalleeThatIsIncompleteIsNotKept(t *testing.T) {
	for name, change := range map[string]map[string]any{
		"no space": {"space": 0}, "a negative user": {"user": -1}, "no key": {"key": ""}, "a key that is not base64": {"key": "*"},
		"a space that is text": {"space": "405"}, "another kind": {"kind": "datatrans"}, "an address that is none": {"url": "http://[::1"},
	} {
		t.Run(name, func(t *testing.T) {
			bank := newNode(t, comm.Bank, time.Now)
			err := bank.Instruments.Update(t.Context(), func(d *instrument.Draft) error {
				_, err := d.Create(walleeAt("https://app-wallee.com/api", change))
				return err
			})
			if !strings.HasPrefix(string(fault.ReasonOf(err)), "provider-") || strings.Contains(err.Error(), walleeKey) {
				t.Errorf("%v (%s)", err, fault.ReasonOf(err))
			}
		})
	}
}

func TestEverythingWithAReferenceIsFound(t *testing.T) {
	c := openCounter(t)
	more := false
	find := func(reference string) []protocol.Facts {
		t.Helper()
		result, err := c.do("SEARCH", map[string]string{"reference": reference})
		if err != nil {
			t.Fatal(err)
		}
		var found protocol.Found
		if err := json.Unmarshal(result.Value, &found); err != nil {
			t.Fatal(err)
		}
		more = found.More
		return found.Payments
	}
	if got := find("W"); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	for n := range 45 {
		c.put(1+n, []string{"FULFILL", "FAILED"}[n%2], "W", `{"completedAmount":1}`)
	}
	c.put(100, "FULFILL", "X", `{"completedAmount":1}`)
	if got := find("W"); len(got) != 45 || got[44].Transaction != "45" || more {
		t.Errorf("%d were found, more: %v", len(got), more)
	}
	for n := range 250 {
		c.put(1000+n, "FAILED", "many", `{"completedAmount":0}`)
	}
	if got := find("many"); len(got) != 200 || !more {
		t.Errorf("of many %d were found, more: %v", len(got), more)
	}
	// Long ones, too: of those that prove something the words are kept while there is room.
	for n := range 25 {
		c.put(2000+n, []string{"FAILED", "FULFILL"}[n%2], "long", `{"completedAmount":1,"metaData":{"note":"`+strings.Repeat("x", 20<<10)+`"}}`)
	}
	got := find("long")
	if len(got) != 25 || more {
		t.Errorf("of long ones %d were found, more: %v", len(got), more)
	}
	for _, f := range got {
		if f.State == protocol.FactPaid && len(f.Raw) == 0 {
			t.Errorf("the words for %s are lost", f.Transaction)
		}
	}
	c.misbehave(func(w http.ResponseWriter, _ string) bool {
		answer(w, c.transactions[45:46]) // for another reference
		return true
	})
	_, err := c.do("SEARCH", map[string]string{"reference": "W"})
	wantFault(t, err, fault.Unavailable, "answer-malformed")
}
