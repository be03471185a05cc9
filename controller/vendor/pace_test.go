package vendor_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// TestABankThatDoesNotHoldALongPollIsAskedAtAPace: the third answer comes no sooner
// than after two pauses.
func TestABankThatDoesNotHoldALongPollIsAskedAtAPace(t *testing.T) {
	c := newCast(t)
	var asked atomic.Int32
	hasty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		state := "pending"
		if asked.Add(1) == 3 {
			state = "aborted"
		}
		_, _ = w.Write([]byte(`{"status":"` + state + `","amount":"CHF:20","wire_types":["iban"]}`))
	}))
	t.Cleanup(hasty.Close)
	rest, err := taler.NewClient(hasty.URL, nil, taler.Anonymous())
	check(t, err)
	began := time.Now()
	err = vendor.New(c.Controller, rest, vendor.Config{}).Watch(t.Context(), vendor.Withdrawal{})
	if took := time.Since(began); !errors.Is(err, fault.Declined) || asked.Load() != 3 || took < 600*time.Millisecond {
		t.Errorf("%v, after %d requests within %s", err, asked.Load(), took)
	}
}
