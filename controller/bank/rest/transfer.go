package rest

import (
	"context"
	"net/http"
	"net/url"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
)

// transfer stores the request; taler-exchange-transfer knows no other success
// than 200. Whether the money went back is told by /transfers.
func (a *API) transfer(w http.ResponseWriter, r *http.Request, x bank.Exchange) error {
	var in taler.TransferRequest
	if err := a.read(w, r, &in); err != nil {
		return err
	}
	out, err := a.bank.Transfer(r.Context(), x, in)
	return answer(w, out, err)
}

// transfers is never held.
func (a *API) transfers(w http.ResponseWriter, r *http.Request, x bank.Exchange) error {
	q, err := taler.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	var state taler.TransferState
	if q.Has("status") {
		if state, err = taler.ParseTransferState(q.Get("status")); err != nil {
			return err
		}
	}
	return a.page(w, withoutWait(r, q), nil, func(ctx context.Context, p taler.Page) ([]byte, error) {
		out, err := a.bank.TransferList(ctx, x, entries(p), state)
		if err != nil || len(out.Transfers) == 0 {
			return nil, err
		}
		return encoded(out)
	})
}

// withoutWait leaves out what asks to be held.
func withoutWait(r *http.Request, q url.Values) *http.Request {
	q.Del("timeout_ms")
	q.Del("long_poll_ms")
	r = r.Clone(r.Context())
	r.URL.RawQuery = q.Encode()
	return r
}

func (a *API) transferStatus(w http.ResponseWriter, r *http.Request, x bank.Exchange) error {
	row, err := taler.ParseRow(segment(r, "row"))
	if err != nil {
		return err
	}
	out, err := a.bank.TransferStatus(r.Context(), x, row)
	return answer(w, out, err)
}

// accountCheck knows the accounts that a transfer can go to.
func (a *API) accountCheck(w http.ResponseWriter, r *http.Request, x bank.Exchange) error {
	q, err := taler.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	account, err := accountOf(q)
	if err != nil {
		return err
	}
	return answer(w, taler.AccountInfo{}, a.bank.CheckAccount(r.Context(), x, account))
}

func accountOf(q url.Values) (taler.Payto, error) {
	if !q.Has("account") {
		return "", fault.New(fault.Invalid, "the parameter account is missing").Because(taler.ReasonParameterMissing)
	}
	account, err := taler.ParseAccount(q.Get("account"))
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "the parameter account is no bank account").Because(taler.ReasonParameterMalformed)
	}
	return account, nil
}

func (a *API) addIncoming(w http.ResponseWriter, r *http.Request, x bank.Exchange) error {
	var in taler.AddIncomingRequest
	if err := a.read(w, r, &in); err != nil {
		return err
	}
	out, err := a.bank.AddIncoming(r.Context(), x, in)
	return answer(w, out, err)
}

func (a *API) addKYCAuth(w http.ResponseWriter, r *http.Request, x bank.Exchange) error {
	var in taler.AddKYCAuthRequest
	if err := a.read(w, r, &in); err != nil {
		return err
	}
	out, err := a.bank.AddKYCAuth(r.Context(), x, in)
	return answer(w, out, err)
}
