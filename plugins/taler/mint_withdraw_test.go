package taler_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// order is a request for coins, in either form.
type order struct {
	reserve taler.EddsaPublicKey
	denoms  []taler.HashCode
	evs     []taler.CoinEnvelope
	agreed  func(names []taler.HashCode, costs []*denom) bool // the reserve's signatures
}

func (m *mint) batchWithdraw(w http.ResponseWriter, r *http.Request) {
	var in taler.BatchWithdrawRequest
	pub, _ := crypto.ParseEddsaPublicKey(r.PathValue("pub"))
	if !m.read(w, r, &in) {
		return
	}
	o := order{reserve: pub}
	for _, p := range in.Planchets {
		o.denoms, o.evs = append(o.denoms, p.DenomPubHash), append(o.evs, p.CoinEv)
	}
	o.agreed = func(names []taler.HashCode, costs []*denom) bool {
		for n, p := range in.Planchets {
			consent := crypto.CoinWithdrawal{AmountWithFee: costs[n].cost, Denom: p.DenomPubHash, CoinEv: names[n]}
			if !pub.Verify(consent.Message(), p.ReserveSig) {
				return false
			}
		}
		return true
	}
	if sigs, ok := m.serve(w, o); ok {
		var out taler.BatchWithdrawResponse
		for _, s := range sigs {
			out.EvSigs = append(out.EvSigs, taler.EvSig{EvSig: s})
		}
		m.document(w, out)
	}
}

func (m *mint) unifiedWithdraw(w http.ResponseWriter, r *http.Request) {
	var in taler.WithdrawRequest
	if m.config.Version.Current < 26 || m.unifiedGone {
		m.refuse(w, 404, taler.CodeEndpointUnknown)
		return
	}
	if !m.read(w, r, &in) {
		return
	}
	o := order{reserve: in.ReservePub, denoms: in.DenomsH, evs: in.CoinEvs}
	o.agreed = func(names []taler.HashCode, costs []*denom) bool {
		consent := crypto.Withdrawal{Amount: amount("CHF:0"), Fee: amount("CHF:0"), CoinEvs: names}
		for _, d := range costs {
			consent.Amount, _ = consent.Amount.Add(d.value)
			consent.Fee, _ = consent.Fee.Add(amount("CHF:0.01"))
		}
		return in.ReservePub.Verify(consent.Message(), in.ReserveSig)
	}
	if sigs, ok := m.serve(w, o); ok {
		m.document(w, taler.WithdrawResponse{EvSigs: sigs})
	}
}

func (m *mint) read(w http.ResponseWriter, r *http.Request, into any) bool {
	body, _ := io.ReadAll(r.Body)
	m.requests = append(m.requests, body)
	if err := json.Unmarshal(body, into); err != nil {
		m.refuse(w, 400, taler.CodeJSONInvalid)
		return false
	}
	return true
}

// serve checks in the exchange's order: denominations, signatures, reserve, funds.
func (m *mint) serve(w http.ResponseWriter, o order) ([]taler.BlindSignature, bool) {
	total := amount("CHF:0")
	fresh := 0
	names, costs := make([]taler.HashCode, len(o.evs)), make([]*denom, len(o.evs))
	for n, ev := range o.evs {
		if costs[n] = m.denoms[o.denoms[n]]; costs[n] == nil {
			w.WriteHeader(404)
			_, _ = io.WriteString(w, m.proof(taler.CodeDenominationUnknown, o.denoms[n]))
			return nil, false
		}
		names[n] = crypto.CoinEvHash(o.denoms[n], crypto.CipherRSA, ev.RSABlindedPlanchet)
		if m.issued[names[n]] == nil {
			fresh++
			total, _ = total.Add(costs[n].cost)
		}
	}
	balance, known := m.balances[o.reserve]
	switch {
	case !o.agreed(names, costs):
		m.refuse(w, 403, taler.CodeReserveSignature)
		return nil, false
	case fresh == 0:
	case fresh < len(names):
		m.refuse(w, 409, taler.CodeBatchPartlyWithdrawn)
		return nil, false
	case !known:
		m.refuse(w, 404, taler.CodeReserveUnknown)
		return nil, false
	default:
		if less, _ := balance.Cmp(total); less < 0 {
			m.refuse(w, 409, taler.CodeInsufficientFunds)
			return nil, false
		}
		m.balances[o.reserve], _ = balance.Sub(total)
	}
	return m.issue(o, names, costs), true
}

func (m *mint) issue(o order, names []taler.HashCode, costs []*denom) []taler.BlindSignature {
	var out []taler.BlindSignature
	for n, ev := range o.evs {
		if m.issued[names[n]] == nil {
			signed, err := costs[n].key.SignBlinded(ev.RSABlindedPlanchet)
			if err != nil {
				panic(err)
			}
			m.issued[names[n]] = signed
		}
		out = append(out, taler.BlindSignature{Cipher: taler.CipherRSA, BlindedRSASignature: bytes.Clone(m.issued[names[n]])})
	}
	if m.corrupt != nil {
		m.corrupt(out)
	}
	return out
}
