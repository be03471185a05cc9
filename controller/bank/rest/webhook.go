package rest

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gorilla/mux"
)

// webhook hears from a provider that something is new about a payment, in
// wallee's form. It wants no credentials, for it believes nothing: at most the
// bank asks the provider earlier than it would have. The answer is the same
// whether it has or not.
func (a *API) webhook(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		EntityID json.RawMessage `json:"entityId"` // a number at wallee, text elsewhere
	}
	if err := a.read(w, r, &in); err != nil {
		return err
	}
	a.bank.Wake(mux.Vars(r)["provider"], strings.Trim(string(in.EntityID), `"`))
	return done(w, nil)
}
