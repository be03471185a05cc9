package rest

import (
	"encoding/json"
	"net/http"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/profile"
)

func (a *API) quota(w http.ResponseWriter, r *http.Request, _ *profile.Principal) error {
	out, err := a.bank.Quota(r.Context(), segment(r, "user"))
	return answer(w, out, err)
}

// tooMuch is a refusal that says how much there would be.
type tooMuch struct {
	taler.ErrorDetail
	taler.WithdrawLimit
}

func (a *API) quotaLock(w http.ResponseWriter, r *http.Request, _ *profile.Principal) error {
	if err := a.bank.HasQuotas(); err != nil { // before a body is read for a path that is not there
		return err
	}
	var in taler.WithdrawLimitLock
	if err := a.read(w, r, &in); err != nil {
		return err
	}
	out, err := a.bank.LockQuota(r.Context(), segment(r, "user"), in)
	if fault.ReasonOf(err) != taler.ReasonQuotaExceeded {
		return answer(w, out, err)
	}
	status, detail := taler.StatusOf(err)
	text, failed := json.Marshal(tooMuch{detail, out})
	if failed != nil {
		return err
	}
	write(w, status, text)
	return nil
}

func (a *API) quotaUnlock(w http.ResponseWriter, r *http.Request, _ *profile.Principal) error {
	return done(w, a.bank.UnlockQuota(r.Context(), segment(r, "user"), segment(r, "lock")))
}
