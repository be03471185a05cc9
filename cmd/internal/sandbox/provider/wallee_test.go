package provider_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
	"github.com/swaperoo/swaperoo/plugins/card/wallee"
)

// office is who asks a simulator by wallee's web service.
type office struct {
	*shop
	user provider.User
}

func openOffice(t *testing.T, s *shop, space int64) office {
	t.Helper()
	u, err := s.provider.AddUser(t.Context(), space)
	if err != nil {
		t.Fatal(err)
	}
	return office{s, u}
}

func (o office) headers(method, path string) map[string]string {
	key, err := base64.StdEncoding.DecodeString(o.user.Key)
	if err != nil {
		o.Fatal(err)
	}
	return wallee.Sign(key, o.user.Number, time.Unix(1795212245, 0), method, path)
}

func (o office) send(method, path, body string, headers map[string]string) (int, string) {
	o.Helper()
	req, err := http.NewRequestWithContext(o.Context(), method, o.url+path, bytes.NewBufferString(body))
	if err != nil {
		o.Fatal(err)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		o.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		o.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// ask sends a call of this space, signed, and reads the answer.
func (o office) ask(method, call, query, body string, into any) int {
	o.Helper()
	path := fmt.Sprintf("/api/%s?spaceId=%d%s", call, o.user.Space, query)
	status, text := o.send(method, path, body, o.headers(method, path))
	if status == http.StatusOK && text != "" {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			o.Fatalf("%s: %v", text, err)
		}
	}
	return status
}

func (o office) charge(amount, reference, token string) string {
	o.Helper()
	made := o.post("/payments", "", fmt.Sprintf(`{"amount":%q,"reference":%q,"token":%q,"space":%d}`, amount, reference, token, o.user.Space))
	if made.status != 200 {
		o.Fatalf("%+v", made)
	}
	return made.ID
}

func (o office) read(id string) (t wallee.Transaction) {
	o.Helper()
	if status := o.ask("GET", "transaction/read", "&id="+id, "", &t); status != 200 {
		o.Fatalf("status %d", status)
	}
	return t
}

func TestTransactionsOfASpace(t *testing.T) {
	s := serve(t, t.TempDir())
	o := openOffice(t, s, 405)
	other := openOffice(t, s, 406)
	id := o.charge("CHF:21.50", "W1", "approved")
	if got := o.read(id); got.State != wallee.Fulfill || got.Currency != "CHF" || got.CompletedAmount != "21.5" || got.MerchantReference != "W1" || got.LinkedSpaceID != 405 || fmt.Sprint(got.ID) != id {
		t.Errorf("%+v", got)
	}
	if got := other.read(id); got.ID != 0 {
		t.Errorf("another space sees %+v", got)
	}
	if got := o.read("99"); got.ID != 0 {
		t.Errorf("what is not there is %+v", got)
	}
	if got := o.read(o.charge("CHF:1", "W1", "declined")); got.State != wallee.Failed || got.CompletedAmount != "0.00" {
		t.Errorf("%+v", got)
	}
	waiting := o.charge("CHF:1", "W2", "pending")
	if got := o.read(waiting); got.State != wallee.Pending {
		t.Errorf("%+v", got)
	}
	for _, state := range []wallee.State{wallee.Authorized, wallee.Completed, wallee.Decline} {
		if got := s.post("/payments/"+waiting+"/settle", "", fmt.Sprintf(`{"state":%q}`, state)); got.status != 200 {
			t.Fatalf("%+v", got)
		}
		if got := o.read(waiting); got.State != state {
			t.Errorf("%+v", got)
		}
	}
	if got := s.post("/payments/"+waiting+"/settle", "", `{"state":"FULFILL"}`); got.status != 409 {
		t.Errorf("what is final becomes %+v", got)
	}
	s.post("/payments", "", order("CHF:1", "W1", "approved")) // in no space
	var found []wallee.Transaction
	query := func(q wallee.EntityQuery) string {
		text, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if status := o.ask("POST", "transaction/search", "", query(wallee.ByReference("W1", 0, 20)), &found); status != 200 || len(found) != 2 {
		t.Errorf("status %d, %+v", status, found)
	}
	if status := o.ask("POST", "transaction/search", "", query(wallee.ByReference("W1", 1, 20)), &found); status != 200 || len(found) != 1 {
		t.Errorf("status %d, %+v", status, found)
	}
	for _, body := range []string{`{}`, `[]`, `no`, `{"filter":{"type":"LEAF","fieldName":"state","operator":"EQUALS","value":"FULFILL"}}`} {
		if status := o.ask("POST", "transaction/search", "", body, nil); status != wallee.StatusClientError {
			t.Errorf("%s: status %d", body, status)
		}
	}
}

func TestRefundsInASpace(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	o := openOffice(t, s, 405)
	id := o.charge("CHF:21.50", "W1", "approved")
	order := func(external, transaction, amount string) (wallee.RefundEntity, int) {
		var got wallee.RefundEntity
		status := o.ask("POST", "refund/refund", "", fmt.Sprintf(
			`{"externalId":%q,"type":"MERCHANT_INITIATED_ONLINE","transaction":%s,"amount":%s}`, external, transaction, amount), &got)
		return got, status
	}
	first, status := order("one", id, "20.00")
	if status != 200 || first.State != wallee.RefundSuccessful || first.Amount != "20" || first.ExternalID != "one" {
		t.Fatalf("status %d, %+v", status, first)
	}
	for _, amount := range []string{"20.00", "2e1", "1"} { // whatever is asked for under its name
		if again, status := order("one", id, amount); status != 200 || again != first {
			t.Errorf("status %d, %+v", status, again)
		}
	}
	if got := o.read(id); got.RefundedAmount != "20" {
		t.Errorf("%+v", got)
	}
	for name, row := range map[string][3]string{
		"too much": {"two", id, "1.51"}, "nothing": {"three", id, "0"}, "unknown": {"four", "99", "1"}, "no amount": {"five", id, `"much"`},
		"no name": {"", id, "1"},
	} {
		if _, status := order(row[0], row[1], row[2]); status != wallee.StatusClientError {
			t.Errorf("%s: status %d", name, status)
		}
	}
	var got wallee.RefundEntity
	if status := o.ask("GET", "refund/read", fmt.Sprint("&id=", first.ID), "", &got); status != 200 || got != first {
		t.Errorf("status %d, %+v", status, got)
	}
	stranger := openOffice(t, s, 406)
	if status := stranger.ask("GET", "refund/read", fmt.Sprint("&id=", first.ID), "", &got); status != 200 {
		t.Errorf("status %d", status)
	}
	s.close()
	o.shop = serve(t, dir) // it is all in the books
	if again, status := order("one", id, "20"); status != 200 || again != first {
		t.Errorf("after a restart: status %d, %+v", status, again)
	}
}

// TestWhoMayAsk changes one thing of a good request at a time.
func TestWhoMayAsk(t *testing.T) {
	s := serve(t, t.TempDir())
	o := openOffice(t, s, 405)
	id := o.charge("CHF:1", "W", "approved")
	good := "/api/transaction/read?spaceId=405&id=" + id
	for name, c := range map[string]struct {
		path   string
		change func(map[string]string)
		want   int
	}{
		"as it should be":        {good, func(map[string]string) {}, 200},
		"no headers":             {good, func(h map[string]string) { clear(h) }, 401},
		"another path":           {good + "0", func(map[string]string) {}, 401},
		"in another order":       {"/api/transaction/read?id=" + id + "&spaceId=405", func(map[string]string) {}, 401},
		"with another escape":    {strings.Replace(good, "spaceId", "space%49d", 1), func(map[string]string) {}, 401},
		"another version":        {good, func(h map[string]string) { h[wallee.HeaderVersion] = "2" }, 401},
		"another user":           {good, func(h map[string]string) { h[wallee.HeaderUser] = "99" }, 401},
		"no user":                {good, func(h map[string]string) { h[wallee.HeaderUser] = "x" }, 401},
		"a stamp moved":          {good, func(h map[string]string) { h[wallee.HeaderTimestamp] = "1795212246" }, 401},
		"no base64":              {good, func(h map[string]string) { h[wallee.HeaderValue] = "*" }, 401},
		"a value cut":            {good, func(h map[string]string) { h[wallee.HeaderValue] = h[wallee.HeaderValue][:40] }, 401},
		"ten minutes old":        {good, o.at(good, 1795212245-600), 200},
		"older":                  {good, o.at(good, 1795212245-601), 401},
		"ten minutes ahead":      {good, o.at(good, 1795212245+600), 200},
		"from the future":        {good, o.at(good, 1795212245+601), 401},
		"another space, signed":  {"/api/transaction/read?spaceId=406&id=" + id, o.signs("/api/transaction/read?spaceId=406&id=" + id), 403},
		"without a space":        {"/api/transaction/read?id=" + id, o.signs("/api/transaction/read?id=" + id), 403},
		"in another order, sign": {"/api/transaction/read?id=" + id + "&spaceId=405", o.signs("/api/transaction/read?id=" + id + "&spaceId=405"), 200},
	} {
		t.Run(name, func(t *testing.T) {
			headers := o.headers("GET", good)
			c.change(headers)
			if status, text := o.send("GET", c.path, "", headers); status != c.want {
				t.Errorf("status %d, want %d: %s", status, c.want, text)
			}
		})
	}
	if status, _ := o.send("POST", good, "", o.headers("GET", good)); status != 405 {
		t.Errorf("another method: status %d", status)
	}
	if _, err := s.provider.AddUser(t.Context(), 0); err == nil {
		t.Error("a user of no space")
	}
}

func (o office) signs(path string) func(map[string]string) {
	return func(h map[string]string) {
		maps.Copy(h, o.headers("GET", path))
	}
}

func (o office) at(path string, seconds int64) func(map[string]string) {
	key, _ := base64.StdEncoding.DecodeString(o.user.Key)
	return func(h map[string]string) {
		maps.Copy(h, wallee.Sign(key, o.user.Number, time.Unix(seconds, 0), "GET", path))
	}
}
