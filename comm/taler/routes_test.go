package taler

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheTableIsOneToOne(t *testing.T) {
	names, requests := map[RouteName]bool{}, map[string]bool{}
	for _, r := range Routes() {
		if names[r.Name] {
			t.Errorf("two routes are called %s", r.Name)
		}
		names[r.Name] = true
		request := string(r.API) + " " + r.Method + " " + r.Template
		if requests[request] {
			t.Errorf("two routes for %s", request)
		}
		requests[request] = true
		if !strings.HasPrefix(r.Template, "/") || strings.HasSuffix(r.Template, "/") {
			t.Errorf("%s: template %q", r.Name, r.Template)
		}
		if found, ok := RouteOf(r.Name); !ok || found != r {
			t.Errorf("%s is found as %+v", r.Name, found)
		}
	}
	for _, want := range []string{
		"terminal GET /config", "terminal POST /withdrawals", "terminal GET /withdrawals/{wopid}",
		"terminal POST /withdrawals/{wopid}/check", "terminal DELETE /withdrawals/{wopid}", "terminal POST /withdrawals/{wopid}/abort",
		"terminal GET /quotas/{user}", "terminal POST /quotas/{user}/lock", "terminal DELETE /quotas/{user}/lock/{lock}",
		"integration GET /config", "integration GET /withdrawal-operation/{wopid}",
		"integration POST /withdrawal-operation/{wopid}", "integration POST /withdrawal-operation/{wopid}/abort",
		"wire-gateway GET /config", "wire-gateway GET /history/incoming", "wire-gateway GET /history/outgoing",
		"wire-gateway POST /transfer", "wire-gateway GET /transfers", "wire-gateway GET /transfers/{row}",
		"wire-gateway GET /account/check", "wire-gateway POST /admin/add-incoming", "wire-gateway POST /admin/add-kycauth",
	} {
		if !requests[want] {
			t.Errorf("no route for %s", want)
		}
	}
}

func TestRoutesIsACopy(t *testing.T) {
	Routes()[0].Template = "/elsewhere"
	if r, _ := RouteOf(RouteTerminalConfig); r.Template != "/config" || r.Method != http.MethodGet {
		t.Errorf("a reader changed the table: %+v", r)
	}
}

func TestPathsEscapeTheirValues(t *testing.T) {
	r, _ := RouteOf(RouteCheck)
	for name, row := range map[string]struct {
		vars Vars
		want string
	}{
		"an id":    {Vars{"wopid": someID}, "/withdrawals/" + someID + "/check"},
		"a slash":  {Vars{"wopid": "../config?x"}, "/withdrawals/..%2Fconfig%3Fx/check"},
		"no value": {nil, "/withdrawals/{wopid}/check"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := r.Path(row.vars); got != row.want {
				t.Errorf("path %s", got)
			}
		})
	}
	if _, ok := RouteOf("no-such-route"); ok {
		t.Error("a route that is not there was found")
	}
}
