package taler

import (
	"net/http"
	"net/url"
	"strings"
)

// API is one of the three faces that the bank shows.
type API string

// The bank's APIs.
const (
	Terminal    API = "terminal"     // for payment terminals; every route wants credentials
	Integration API = "integration"  // for wallets; knowing a WOPID is the permission
	WireGateway API = "wire-gateway" // for the exchange; every route but /config wants credentials
)

// RouteName names one line of the table, for the server's list of handlers and
// the client's methods.
type RouteName string

// The routes.
const (
	RouteTerminalConfig    RouteName = "terminal-config"
	RouteQuota             RouteName = "quota"
	RouteQuotaLock         RouteName = "quota-lock"
	RouteQuotaUnlock       RouteName = "quota-unlock"
	RouteSetUp             RouteName = "terminal-setup"
	RouteTerminalStatus    RouteName = "terminal-status"
	RouteCheck             RouteName = "terminal-check"
	RouteTerminalDelete    RouteName = "terminal-delete"
	RouteTerminalAbort     RouteName = "terminal-abort"
	RouteIntegrationConfig RouteName = "integration-config"
	RouteOperation         RouteName = "operation-status"
	RouteSelect            RouteName = "operation-select"
	RouteOperationAbort    RouteName = "operation-abort"
	RouteWireConfig        RouteName = "wire-config"
	RouteIncoming          RouteName = "history-incoming"
	RouteOutgoing          RouteName = "history-outgoing"
	RouteTransfer          RouteName = "transfer"
	RouteTransfers         RouteName = "transfers"
	RouteTransferStatus    RouteName = "transfer-status"
	RouteAccountCheck      RouteName = "account-check"
	RouteAddIncoming       RouteName = "add-incoming"
	RouteAddKYCAuth        RouteName = "add-kycauth"
)

// Route is one request that a bank answers. Template is relative to the base URL
// of its API and begins with a slash; {names} in braces are one path segment.
type Route struct {
	Name     RouteName
	API      API
	Method   string
	Template string
}

// The one table: the bank's REST server mounts it, the client asks by it. To add
// a route, add its name above and its line here.
var routes = [...]Route{
	{RouteTerminalConfig, Terminal, http.MethodGet, "/config"},
	{RouteQuota, Terminal, http.MethodGet, "/quotas/{user}"},
	{RouteQuotaLock, Terminal, http.MethodPost, "/quotas/{user}/lock"},
	{RouteQuotaUnlock, Terminal, http.MethodDelete, "/quotas/{user}/lock/{lock}"},
	{RouteSetUp, Terminal, http.MethodPost, "/withdrawals"},
	{RouteTerminalStatus, Terminal, http.MethodGet, "/withdrawals/{wopid}"},
	{RouteCheck, Terminal, http.MethodPost, "/withdrawals/{wopid}/check"},
	{RouteTerminalDelete, Terminal, http.MethodDelete, "/withdrawals/{wopid}"},
	{RouteTerminalAbort, Terminal, http.MethodPost, "/withdrawals/{wopid}/abort"},

	{RouteIntegrationConfig, Integration, http.MethodGet, "/config"},
	{RouteOperation, Integration, http.MethodGet, "/withdrawal-operation/{wopid}"},
	{RouteSelect, Integration, http.MethodPost, "/withdrawal-operation/{wopid}"},
	{RouteOperationAbort, Integration, http.MethodPost, "/withdrawal-operation/{wopid}/abort"},

	{RouteWireConfig, WireGateway, http.MethodGet, "/config"},
	{RouteIncoming, WireGateway, http.MethodGet, "/history/incoming"},
	{RouteOutgoing, WireGateway, http.MethodGet, "/history/outgoing"},
	{RouteTransfer, WireGateway, http.MethodPost, "/transfer"},
	{RouteTransfers, WireGateway, http.MethodGet, "/transfers"},
	{RouteTransferStatus, WireGateway, http.MethodGet, "/transfers/{row}"},
	{RouteAccountCheck, WireGateway, http.MethodGet, "/account/check"},
	{RouteAddIncoming, WireGateway, http.MethodPost, "/admin/add-incoming"},
	{RouteAddKYCAuth, WireGateway, http.MethodPost, "/admin/add-kycauth"},
}

// Routes is a copy of the table, in its order.
func Routes() []Route { return append([]Route(nil), routes[:]...) }

// RouteOf is the line of a name; found is false for a name that is not there.
func RouteOf(name RouteName) (route Route, found bool) {
	for _, r := range routes {
		if r.Name == name {
			return r, true
		}
	}
	return Route{}, false
}

// Vars are the values of a template's {names}.
type Vars map[string]string

// Path fills the template, each value escaped as one segment. A name without a
// value stays as it is, which no server answers.
func (r Route) Path(vars Vars) string {
	segments := strings.Split(r.Template, "/")
	for i, s := range segments {
		if name, isVar := strings.CutPrefix(s, "{"); isVar {
			if value, given := vars[strings.TrimSuffix(name, "}")]; given {
				segments[i] = url.PathEscape(value)
			}
		}
	}
	return strings.Join(segments, "/")
}
