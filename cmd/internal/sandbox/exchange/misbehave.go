package exchange

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// What the exchange does wrong on purpose, for tests of wallets. None of it takes
// money twice or forgets what was signed.
const (
	Late           = "late"      // the answer comes after a while
	Fails          = "500"       // nothing is done, and the answer is 500
	Drops          = "drop"      // everything is done, and the connection is cut instead of an answer
	WrongSignature = "signature" // a blind signature in the answer is not what was signed
	WrongAmount    = "amount"    // a reserve is said to hold half of what it does
	WantsIdentity  = "451"       // a withdrawal is refused until the person says who it is
	ExpiredKey     = "expired"   // a denomination is said to be over, with a proof
)

// Misbehaviour is the share of requests, from 0 to 1, in which each of the things
// above is done.
type Misbehaviour map[string]float64

// ParseMisbehaviour reads NAME=SHARE,… The error is fault.Invalid.
func ParseMisbehaviour(text string) (Misbehaviour, error) {
	out := Misbehaviour{}
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		share, err := strconv.ParseFloat(value, 64)
		if err != nil || !(share >= 0 && share <= 1) || !slices.Contains(misdeeds(), name) {
			return nil, fault.New(fault.Invalid, "%q is not NAME=SHARE with a share from 0 to 1", part).Because("misbehaviour-unknown").
				WithHint("names are %s", strings.Join(misdeeds(), ", "))
		}
		out[name] = share
	}
	return out, nil
}

func misdeeds() []string {
	return []string{Late, Fails, Drops, WrongSignature, WrongAmount, WantsIdentity, ExpiredKey}
}

// lateBy is how long an answer is late.
const lateBy = 2 * time.Second

// wrong draws whether something is done wrong in this request.
func (e *Exchange) wrong(name string) bool {
	share := e.o.Misbehaviour[name]
	return share > 0 && e.o.Dice() < share
}

// dice is what Options.Dice is by default. Nothing depends on its quality.
func dice() float64 { return rand.Float64() } //nolint:gosec // faults on purpose

// misbehaving stands before the handlers that wallets use.
func (e *Exchange) misbehaving(next http.HandlerFunc) http.HandlerFunc {
	if len(e.o.Misbehaviour) == 0 {
		return next
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if e.wrong(Late) {
			e.o.Timer.Sleep(r.Context(), lateBy)
		}
		switch {
		case e.wrong(Fails):
			e.refuse(w, r, refuse(http.StatusInternalServerError, taler.CodeInvariantFailure, hintInternal, "on purpose"))
		case e.wrong(Drops):
			next(nobody{}, r)
			panic(http.ErrAbortHandler)
		default:
			next(w, r)
		}
	}
}

// spoiled is a batch of signatures as it is answered.
func (e *Exchange) spoiled(batch []planchet) []planchet {
	if !e.wrong(WrongSignature) {
		return batch
	}
	out := slices.Clone(batch)
	out[0].signature = slices.Clone(out[0].signature)
	out[0].signature[len(out[0].signature)-1] ^= 1
	return out
}

// unwilling is a refusal of a batch that could be signed.
func (e *Exchange) unwilling(reserve crypto.EddsaPublicKey, batch []planchet) error {
	switch {
	case e.wrong(ExpiredKey):
		return e.untimelyDenomination(batch[0].denom.hash, taler.CodeDenominationExpired, hintExpired, e.now())
	case e.wrong(WantsIdentity):
		return &refusal{http.StatusUnavailableForLegalReasons, taler.ExchangeError{
			ErrorDetail: taler.ErrorDetail{Code: taler.CodeKYCRequired, Hint: hintIdentity},
			HPayto:      crypto.H32(reserve[:]), RequirementRow: 1,
		}}
	}
	return nil
}

// nobody reads an answer.
type nobody struct{}

func (nobody) Header() http.Header         { return http.Header{} }
func (nobody) Write(b []byte) (int, error) { return len(b), nil }
func (nobody) WriteHeader(int)             {}
