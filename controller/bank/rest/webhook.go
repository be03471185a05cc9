package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// webhook hears from a provider that something is new about a payment, in
// wallee's form. It wants no credentials, for it believes nothing: at most the
// bank asks the provider earlier than it would have. The answer is the same
// whether it has or not, but not for a provider that the bank has not: whoever has
// set the webhook up has mistyped its name, and should see that.
func (a *API) webhook(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		EntityID json.RawMessage `json:"entityId"` // a number at wallee, text elsewhere
	}
	if err := a.read(w, r, &in); err != nil {
		return err
	}
	provider := segment(r, "provider")
	if _, err := a.bank.ProviderOf(r.Context(), provider); errors.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "there is no provider of this name").Because(taler.ReasonEndpointUnknown)
	} else if err != nil {
		return err
	}
	a.bank.Wake(provider, strings.Trim(string(in.EntityID), `"`))
	return done(w, nil)
}
