package bank

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/swaperoo/swaperoo/controller/bank"
)

// TestABankAnswersBelowThePathOfItsURL as well, because a proxy may leave that where it is.
func TestABankAnswersBelowThePathOfItsURL(t *testing.T) {
	all := []bank.Exchange{{Name: "exchange", Default: true}, {Name: "zurich"}}
	for _, row := range []struct{ path, asked, found string }{
		{"", "/config", "/config"},
		{"/", "/config", "/config"},
		{"/a/b/", "/a/b/config", "/config"},
		{"/a/b/", "/config", "/config"}, // a proxy has taken it away
		{"/a/b/", "/a/b/zurich/taler-wire-gateway/config", "/zurich/taler-wire-gateway/config"},
		{"/a/b/", "/a/bc/config", "/a/bc/config"},
		{"/a/b/", "/a/b/", "/"},
		{"/a/b/", "/a/b/webhooks/x%2Fy", "/webhooks/x%2Fy"},
		{"/zurich/", "/zurich/taler-wire-gateway/config", "/zurich/taler-wire-gateway/config"}, // the further exchange's
		{"/withdrawals/", "/withdrawals/X", "/withdrawals/X"},                                  // the bank's own
	} {
		found := ""
		h := below(row.path, all, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { found = r.URL.EscapedPath() }))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, row.asked, nil))
		if found != row.found {
			t.Errorf("%s below %q is taken for %s", row.asked, row.path, found)
		}
	}
}
