package exchange

import (
	"net/http"

	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// maxCoins is the most coins in one request since protocol 26, by its draft.
const maxCoins = 64

// postWithdraw is the form since protocol 26: one signature of the reserve for all
// coins. It follows the protocol's draft; no real exchange was seen to do it.
func (e *Exchange) postWithdraw(w http.ResponseWriter, r *http.Request) {
	reserve, batch, err := readUnified(w, r)
	if err == nil {
		err = e.withdraw(r.Context(), reserve, batch, allSigned)
	}
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	var out taler.WithdrawResponse
	for _, p := range e.spoiled(batch) {
		out.EvSigs = append(out.EvSigs, taler.BlindSignature{Cipher: taler.CipherRSA, BlindedRSASignature: p.signature})
	}
	e.answer(w, r, http.StatusOK, out)
}

func readUnified(w http.ResponseWriter, r *http.Request) (reserve crypto.EddsaPublicKey, batch []planchet, err error) {
	var in struct {
		Cipher     string                `json:"cipher"`
		ReservePub *taler.EddsaPublicKey `json:"reserve_pub"`
		DenomsH    []*taler.HashCode     `json:"denoms_h"`
		CoinEvs    []*envelope           `json:"coin_evs"`
		ReserveSig *taler.EddsaSignature `json:"reserve_sig"`
		MaxAge     *int                  `json:"max_age"`
	}
	if err := read(w, r, &in); err != nil {
		return reserve, nil, err
	}
	switch {
	case in.Cipher != taler.CipherEddsa:
		return reserve, nil, badField("cipher")
	case in.ReservePub == nil:
		return reserve, nil, badField("reserve_pub")
	case in.ReserveSig == nil:
		return reserve, nil, badField("reserve_sig")
	case len(in.DenomsH) == 0 || len(in.DenomsH) > maxCoins:
		return reserve, nil, badParameter("denoms_h")
	case len(in.CoinEvs) != len(in.DenomsH):
		return reserve, nil, badParameter("coin_evs")
	case in.MaxAge != nil:
		return reserve, nil, badParameter("max_age") // nothing here is restricted by age
	}
	for n, ev := range in.CoinEvs {
		if batch, err = addPlanchet(batch, in.DenomsH[n], ev, *in.ReserveSig); err != nil {
			return reserve, nil, err
		}
	}
	return *in.ReservePub, batch, nil
}

// allSigned is the form since protocol 26: one signature for the whole batch.
func allSigned(currency string, reserve crypto.EddsaPublicKey, batch []planchet) (err error) {
	zero := instrument.ZeroOf(currency)
	agreed := crypto.Withdrawal{Amount: zero, Fee: zero}
	for _, p := range batch {
		if agreed.Amount, err = agreed.Amount.Add(p.denom.value); err != nil {
			return err
		}
		if agreed.Fee, err = agreed.Fee.Add(p.denom.fee); err != nil {
			return err
		}
		agreed.CoinEvs = append(agreed.CoinEvs, p.ev)
	}
	if !reserve.Verify(agreed.Message(), batch[0].ReserveSig) {
		return refuse(http.StatusForbidden, taler.CodeReserveSignature, hintSignature, "")
	}
	return nil
}
