package exchange

import (
	"errors"
	"net/http"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// refusal is an answer that is not 2xx, with the body that the real exchange
// gives: programs look at its code, and at the proof where there is one.
type refusal struct {
	status int
	body   any
}

func (r *refusal) Error() string { return http.StatusText(r.status) }

// codeCipherMismatch is GANA's EXCHANGE_GENERIC_CIPHER_MISMATCH.
const codeCipherMismatch taler.Code = 1017

// Words of the registry that goes with the codes.
const (
	hintJSON        = "The JSON in the client's request was malformed. This is likely a bug in the client implementation. Check if you are using the latest available version and/or file a report with the developers."
	hintParameter   = "The HTTP server had insufficient information to process the request: a parameter is malformed."
	hintReservePub  = "The reserve public key was malformed."
	hintReserve     = "The exchange has no information about the \"reserve_pub\" that was given."
	hintDenom       = "The exchange is not aware of the denomination key the wallet requested for the operation."
	hintFuture      = "Validity period of the denomination lies in the future."
	hintExpired     = "The specific denomination expired."
	hintSignature   = "The signature of the reserve is not valid."
	hintFunds       = "The given reserve does not have sufficient funds to admit the requested withdraw operation at this time."
	hintMixed       = "The batch withdraw included a planchet that was already withdrawn. This is not allowed."
	hintCipher      = "The ciphers of the planchet and of the denomination differ."
	hintEndpoint    = "There is no endpoint defined for the URL provided by the client. Check if you used the correct URL and/or file a report with the developers of the client software."
	hintMethod      = "The HTTP method used is invalid for this endpoint. This is likely a bug in the client implementation."
	hintUpload      = "The HTTP server refuses to handle the request: its body is too large."
	hintReserveUsed = "The reserve was filled before; a key is good for one transfer."
	hintIdentity    = "The exchange must know who you are before it makes these coins."
	hintInternal    = "The exchange failed; its log says why."
)

func refuse(status int, code taler.Code, hint, detail string) *refusal {
	return &refusal{status, taler.ErrorDetail{Code: code, Hint: hint, Detail: detail}}
}

// badField names the member of a request that is missing or malformed.
func badField(field string) *refusal {
	return &refusal{http.StatusBadRequest, struct {
		taler.ErrorDetail
		Field string `json:"field"`
		Line  int    `json:"line"`
	}{taler.ErrorDetail{Code: taler.CodeJSONInvalid, Hint: hintJSON}, field, 0}}
}

func badParameter(detail string) *refusal {
	return refuse(http.StatusBadRequest, taler.CodeParameterMalformed, hintParameter, detail)
}

// unified reports whether coins are asked for in the form since protocol 26.
func (e *Exchange) unified() bool { return e.info.Protocol >= Protocol26 }

// operation is what withdrawing is called in proofs.
func (e *Exchange) operation() string {
	if e.unified() {
		return "withdraw"
	}
	return "batch-withdraw"
}

// unknownDenomination is refused with the exchange's word for it, so that a
// wallet can show that the exchange disowns a denomination.
func (e *Exchange) unknownDenomination(hash crypto.HashCode) *refusal {
	at := e.now()
	return &refusal{http.StatusNotFound, taler.ExchangeError{
		ErrorDetail: taler.ErrorDetail{Code: taler.CodeDenominationUnknown, Hint: hintDenom},
		Timestamp:   at, HDenomPub: &hash,
		ExchangePub: e.signing.Public(),
		ExchangeSig: e.signing.Sign(crypto.DenominationUnknown{At: at, Denom: hash}.Message()),
	}}
}

// untimelyDenomination is refused with proof as well.
func (e *Exchange) untimelyDenomination(hash crypto.HashCode, code taler.Code, hint string, at taler.Timestamp) *refusal {
	return &refusal{http.StatusGone, taler.ExchangeError{
		ErrorDetail: taler.ErrorDetail{Code: code, Hint: hint},
		Oper:        e.operation(), Timestamp: at, HDenomPub: &hash,
		ExchangePub: e.signing.Public(),
		ExchangeSig: e.signing.Sign(crypto.DenominationExpired{At: at, Operation: e.operation(), Denom: hash}.Message()),
	}}
}

// refusalOf is the answer for any error.
func refusalOf(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	f := fault.From(err)
	if f.Kind == fault.Internal {
		return refuse(http.StatusInternalServerError, taler.CodeInvariantFailure, hintInternal, "")
	}
	status, body := taler.StatusOf(f)
	return &refusal{status, body}
}
