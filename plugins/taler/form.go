package taler

import (
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// form is one way to ask an exchange for coins: what is signed and sent, and how the answer
// is read. Both forms sign with the same purpose over the same size, so a request that was
// made in one of them must never be made in the other as well.
type form struct {
	id, title string
	path      func(reserve taler.EddsaPublicKey) string
	request   func(reserve crypto.EddsaPrivateKey, made []planchet) (any, error)
	answer    func(body []byte) ([]taler.BlindSignature, error)
}

// batchForm is the form of exchange protocols 15 to 25.
func batchForm() form {
	return form{
		id: taler.ProtocolBatchWithdraw, title: "Withdraw digital cash from an exchange of protocol 15 to 25",
		path:    func(reserve taler.EddsaPublicKey) string { return "reserves/" + reserve.String() + "/batch-withdraw" },
		request: batchRequest,
		answer: func(body []byte) ([]taler.BlindSignature, error) {
			var response taler.BatchWithdrawResponse
			if err := taler.Unmarshal(body, &response); err != nil {
				return nil, err
			}
			var out []taler.BlindSignature
			for _, wrapped := range response.EvSigs {
				out = append(out, wrapped.EvSig)
			}
			return out, nil
		},
	}
}

func batchRequest(reserve crypto.EddsaPrivateKey, made []planchet) (any, error) {
	var out taler.BatchWithdrawRequest
	for _, p := range made {
		cost, err := p.denom.Value.Add(p.denom.FeeWithdraw)
		if err != nil {
			return nil, err
		}
		consent := crypto.CoinWithdrawal{AmountWithFee: cost, Denom: p.denom.DenomPubHash, CoinEv: p.evHash()}
		out.Planchets = append(out.Planchets, taler.Planchet{
			DenomPubHash: p.denom.DenomPubHash, CoinEv: p.envelope(), ReserveSig: reserve.Sign(consent.Message()),
		})
	}
	return out, nil
}

// unifiedForm is the form of exchange protocol 26 and later. No running exchange
// has confirmed it.
func unifiedForm() form {
	return form{
		id: taler.ProtocolWithdraw26, title: "Withdraw digital cash from an exchange of protocol 26 and later",
		path:    func(taler.EddsaPublicKey) string { return "withdraw" },
		request: unifiedRequest,
		answer: func(body []byte) ([]taler.BlindSignature, error) {
			var response taler.WithdrawResponse
			err := taler.Unmarshal(body, &response)
			return response.EvSigs, err
		},
	}
}

func unifiedRequest(reserve crypto.EddsaPrivateKey, made []planchet) (any, error) {
	out := taler.WithdrawRequest{Cipher: taler.CipherEddsa, ReservePub: reserve.Public()}
	var consent crypto.Withdrawal
	for n, p := range made {
		if n == 0 {
			zero := instrument.ZeroOf(p.denom.Value.Currency)
			consent.Amount, consent.Fee = zero, zero
		}
		var err error
		if consent.Amount, err = consent.Amount.Add(p.denom.Value); err != nil {
			return nil, err
		}
		if consent.Fee, err = consent.Fee.Add(p.denom.FeeWithdraw); err != nil {
			return nil, err
		}
		consent.CoinEvs = append(consent.CoinEvs, p.evHash())
		out.DenomsH, out.CoinEvs = append(out.DenomsH, p.denom.DenomPubHash), append(out.CoinEvs, p.envelope())
	}
	out.ReserveSig = reserve.Sign(consent.Message())
	return out, nil
}

// preferNewest is the preference of the reserve class: the form that the person likes most,
// or else the newest one that both sides have.
func preferNewest(protocols []string, with instrument.Circumstances) (string, error) {
	for _, id := range slices.Concat(with.Preferences, []string{taler.ProtocolWithdraw26, taler.ProtocolBatchWithdraw}) {
		if slices.Contains(protocols, id) {
			return id, nil
		}
	}
	return "", fault.New(fault.Unsupported, "coins cannot be withdrawn by any of these protocols").Because("no-common-protocol")
}
