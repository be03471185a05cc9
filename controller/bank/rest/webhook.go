package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// webhook is told by a provider that something is new about a payment, in wallee's form. It
// wants no credentials, for nothing is believed: at most the bank asks the provider sooner. The
// answer is 204 whether or not the bank waits for that payment, so it tells nobody anything. A
// provider that the bank does not have is 404: who has set the webhook up has mistyped the name,
// and should see that.
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
