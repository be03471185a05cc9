package cli_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// What is broken on disk no log explains, and nobody has to be asked about an offer
// that was paid.
func TestHintsSayWhatHelps(t *testing.T) {
	for reason, want := range map[fault.Reason]string{
		"seal-broken": "backup", "database-unreadable": "disk", "reference-reused": "`classes`", "state-malformed": "author", "anything": "-v",
		"exchange-unknown": "`bank exchange list`", "offer-expired": "`classes`",
	} {
		e, _, messages := env(false)
		e.Fail(fault.New(fault.Internal, "it failed").Because(reason))
		if got := messages.String(); !strings.Contains(got, want) {
			t.Errorf("%s: %s", reason, got)
		}
	}
}

// What cannot be done with a class is one thing, an operation that nobody has begun another.
func TestAnOperationThatThereIsNot(t *testing.T) {
	for kind, want := range map[fault.Kind]string{fault.Unsupported: "`operations CLASS`", fault.NotFound: "list"} {
		e, _, messages := env(false)
		e.Fail(fault.New(kind, "there is no such operation").Because("operation-unknown"))
		if got := messages.String(); !strings.Contains(got, want) || strings.Contains(got, "--help") {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

// What a peer does not know stands in none of our lists, whichever of its words says so.
func TestARefusalOfAPeerDoesNotAdviseOnListsHere(t *testing.T) {
	bank := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"code":5107,"hint":"there is no such operation"}`))
	}))
	defer bank.Close()
	rest, err := taler.NewClient(bank.URL, nil, taler.Anonymous())
	if err != nil {
		t.Fatal(err)
	}
	_, unknown := rest.Operation(t.Context(), taler.WOPID{}.ID(), taler.LongPoll{})
	for name, said := range map[string]error{
		"something":      fault.New(fault.NotFound, "there is no bread").Foreign(),
		"a user":         fault.New(fault.NotFound, "there is no such customer").Because("user-unknown").Foreign(),
		"a peer":         fault.New(fault.NotFound, "that bank is unknown").Because("peer-unknown").Foreign(),
		"a class":        fault.New(fault.Unsupported, "there is no instrument class \"coupon\" here").Because("class-unknown").Foreign(),
		"over REST":      unknown,
		"told on":        fault.New(fault.NotFound, "there is no bread").Foreign().Foreign(),
		"about us, said": fault.New(fault.NotFound, "there is no bread").WithHint("ask for a roll").Foreign(),
	} {
		e, _, messages := env(false)
		e.Fail(said)
		got := messages.String()
		if strings.Contains(got, "list") || strings.Contains(got, "--user") || strings.Contains(got, "plugin") {
			t.Errorf("%s: %s", name, got)
		}
		if want := "ask for a roll"; strings.Contains(name, "said") != strings.Contains(got, want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	e, _, messages := env(false)
	e.Fail(fault.New(fault.NotFound, "there is no such instrument"))
	if got := messages.String(); !strings.Contains(got, "list") {
		t.Errorf("of our own: %s", got)
	}
}
