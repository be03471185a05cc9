package card_test

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

const (
	walleeSpace = 405
	walleeUser  = 12345
	walleeKey   = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
)

// office is Wallee's web service in memory, as far as a bank uses it. It computes
// the MAC from the request as it came in, in a few lines of its own.
type office struct {
	*httptest.Server
	clock func() time.Time

	mu           sync.Mutex
	transactions []map[string]any
	refunds      map[string]map[string]any // by external id
	first        map[string]map[string]any // as they were answered the first time
	refundState  string                    // of new refunds
	answer       func(w http.ResponseWriter, path string) bool
	asked        []string // paths with queries
	refused      int
}

func openOffice(t testing.TB) *office {
	o := &office{
		clock: time.Now, refunds: map[string]map[string]any{}, first: map[string]map[string]any{}, refundState: "SUCCESSFUL",
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/transaction/read", o.read)
	mux.HandleFunc("POST /api/transaction/search", o.search)
	mux.HandleFunc("POST /api/refund/refund", o.refund)
	mux.HandleFunc("GET /api/refund/read", o.readRefund)
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.asked = append(o.asked, r.URL.RequestURI())
		if o.answer != nil && o.answer(w, r.URL.Path) {
			return
		}
		if !o.knows(r) {
			o.refused++
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(o.Close)
	return o
}

func (o *office) knows(r *http.Request) bool {
	key, _ := base64.StdEncoding.DecodeString(walleeKey)
	h := hmac.New(sha512.New, key)
	stamp := r.Header.Get("x-mac-timestamp")
	fmt.Fprintf(h, "1|%d|%s|%s|%s", walleeUser, stamp, r.Method, r.RequestURI)
	at, err := strconv.ParseInt(stamp, 10, 64)
	off := o.clock().Sub(time.Unix(at, 0)).Abs()
	return err == nil && off < 10*time.Minute && r.Header.Get("x-mac-version") == "1" &&
		r.Header.Get("x-mac-userid") == strconv.Itoa(walleeUser) &&
		r.Header.Get("x-mac-value") == base64.StdEncoding.EncodeToString(h.Sum(nil)) &&
		r.URL.Query().Get("spaceId") == strconv.Itoa(walleeSpace)
}

// put makes a transaction, of further members as they are on the wire.
func (o *office) put(id int, state, reference, members string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := map[string]any{"id": id, "state": state, "merchantReference": reference, "linkedSpaceId": walleeSpace, "currency": "CHF", "version": 3}
	d := json.NewDecoder(strings.NewReader(members))
	d.UseNumber()
	if err := d.Decode(&t); err != nil {
		panic(err)
	}
	o.transactions = append(o.transactions, t)
}

func (o *office) of(match func(map[string]any) bool) (found []map[string]any) {
	found = []map[string]any{}
	for _, t := range o.transactions {
		if match(t) {
			found = append(found, t)
		}
	}
	return found
}

func (o *office) read(w http.ResponseWriter, r *http.Request) {
	found := o.of(func(t map[string]any) bool { return fmt.Sprint(t["id"]) == r.URL.Query().Get("id") })
	if len(found) == 0 {
		w.WriteHeader(http.StatusOK) // an empty body
		return
	}
	answer(w, found[0])
}

func (o *office) search(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Filter                           struct{ Type, FieldName, Operator, Value string }
		StartingEntity, NumberOfEntities int
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.Filter.Type != "LEAF" || q.Filter.FieldName != "merchantReference" || q.Filter.Operator != "EQUALS" {
		w.WriteHeader(442)
		return
	}
	found := o.of(func(t map[string]any) bool { return t["merchantReference"] == q.Filter.Value })
	found = found[min(q.StartingEntity, len(found)):]
	answer(w, found[:min(q.NumberOfEntities, len(found))])
}

func (o *office) refund(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ExternalID, Type string
		Transaction      json.Number
		Amount           json.Number
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Type != "MERCHANT_INITIATED_ONLINE" || in.ExternalID == "" || len(in.ExternalID) > 100 {
		w.WriteHeader(442)
		return
	}
	if o.first[in.ExternalID] == nil {
		paid := o.of(func(t map[string]any) bool { return fmt.Sprint(t["id"]) == in.Transaction.String() })
		if len(paid) == 0 || paid[0]["state"] != "FULFILL" {
			w.WriteHeader(442)
			return
		}
		made := map[string]any{"id": len(o.refunds) + 1, "state": o.refundState, "externalId": in.ExternalID, "amount": in.Amount, "transaction": paid[0]}
		o.refunds[in.ExternalID] = made
		first := map[string]any{}
		maps.Copy(first, made)
		o.first[in.ExternalID] = first
	}
	answer(w, o.first[in.ExternalID])
}

func (o *office) readRefund(w http.ResponseWriter, r *http.Request) {
	for _, made := range o.refunds {
		if fmt.Sprint(made["id"]) == r.URL.Query().Get("id") {
			answer(w, made)
		}
	}
}

// settle lets refunds take a state.
func (o *office) settle(external, state string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refunds[external]["state"] = state
}

// misbehave answers instead of the office; nil for the truth.
func (o *office) misbehave(f func(w http.ResponseWriter, path string) bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = f
}

// walleeAt is a bank's wallee.
func walleeAt(url string, change map[string]any) instrument.Instance {
	state := map[string]any{"name": "wallee", "kind": "wallee", "url": url, "space": walleeSpace, "user": walleeUser, "key": walleeKey}
	maps.Copy(state, change)
	text, _ := json.Marshal(state)
	return instrument.Instance{
		Class: "card-provider", Owner: "bank", Status: "active", Keys: map[string]string{"name": fmt.Sprint(state["name"])}, State: text,
	}
}
