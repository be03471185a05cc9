package exchange

import (
	"context"
	"net/http"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// planchet is one coin to be, with what the exchange finds out about it.
type planchet struct {
	taler.Planchet
	ev        crypto.HashCode // names the blinded coin
	denom     *denomination
	signature []byte
}

// postBatchWithdraw checks in the order in which the real exchange was seen to:
// JSON, denominations, signatures, then the books. So an unknown reserve also
// tells the wallet that its signatures were right.
func (e *Exchange) postBatchWithdraw(w http.ResponseWriter, r *http.Request) {
	reserve, err := reserveOf(r)
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	batch, err := readBatch(w, r)
	if err == nil {
		err = e.withdraw(r.Context(), reserve, batch, eachSigned)
	}
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	var out taler.BatchWithdrawResponse
	for _, p := range e.spoiled(batch) {
		out.EvSigs = append(out.EvSigs, taler.EvSig{EvSig: taler.BlindSignature{Cipher: taler.CipherRSA, BlindedRSASignature: p.signature}})
	}
	e.answer(w, r, http.StatusOK, out)
}

// readBatch reads a request, every member of which must be there.
func readBatch(w http.ResponseWriter, r *http.Request) ([]planchet, error) {
	var in struct {
		Planchets *[]struct {
			DenomPubHash *taler.HashCode       `json:"denom_pub_hash"`
			CoinEv       *envelope             `json:"coin_ev"`
			ReserveSig   *taler.EddsaSignature `json:"reserve_sig"`
		} `json:"planchets"`
	}
	if err := read(w, r, &in); err != nil {
		return nil, err
	}
	switch {
	case in.Planchets == nil:
		return nil, badField("planchets")
	case len(*in.Planchets) == 0 || len(*in.Planchets) > taler.MaxPlanchets:
		return nil, badParameter("planchets")
	}
	batch := make([]planchet, 0, len(*in.Planchets))
	for _, m := range *in.Planchets {
		if m.ReserveSig == nil {
			return nil, badField("reserve_sig")
		}
		var err error
		if batch, err = addPlanchet(batch, m.DenomPubHash, m.CoinEv, *m.ReserveSig); err != nil {
			return nil, err
		}
	}
	return batch, nil
}

// addPlanchet checks one planchet's form; no two may be alike.
func addPlanchet(batch []planchet, denom *taler.HashCode, ev *envelope, sig taler.EddsaSignature) ([]planchet, error) {
	switch {
	case denom == nil:
		return nil, badField("denom_pub_hash")
	case ev == nil:
		return nil, badField("coin_ev")
	case ev.Cipher == taler.CipherCS:
		return nil, refuse(http.StatusBadRequest, codeCipherMismatch, hintCipher, "")
	case ev.Cipher != taler.CipherRSA:
		return nil, badField("cipher")
	case ev.RSABlindedPlanchet == nil || len(*ev.RSABlindedPlanchet) == 0:
		return nil, badField("rsa_blinded_planchet")
	}
	p := planchet{
		Planchet: taler.Planchet{
			DenomPubHash: *denom, ReserveSig: sig, CoinEv: taler.CoinEnvelope{Cipher: taler.CipherRSA, RSABlindedPlanchet: *ev.RSABlindedPlanchet},
		},
		ev: crypto.CoinEvHash(*denom, crypto.CipherRSA, *ev.RSABlindedPlanchet),
	}
	for _, other := range batch {
		if other.ev == p.ev {
			return nil, badParameter("planchets") // the real one hangs up
		}
	}
	return append(batch, p), nil
}

// envelope is a coin_ev, of which every member must be there.
type envelope struct {
	Cipher             string      `json:"cipher"`
	RSABlindedPlanchet *taler.Blob `json:"rsa_blinded_planchet"`
}

// consent checks what a reserve has signed, in one of the two forms.
type consent func(currency string, reserve crypto.EddsaPublicKey, batch []planchet) error

// withdraw puts the blind signatures into batch. When it returns without an error they are in the books
// and paid by the reserve. The same batch finds them there again, even if its denominations are over
// by then.
func (e *Exchange) withdraw(ctx context.Context, reserve crypto.EddsaPublicKey, batch []planchet, signed consent) error {
	unusable := e.findDenominations(batch)
	if unusable == nil {
		if err := signed(e.info.Currency, reserve, batch); err != nil {
			return err
		}
	}
	// Signing again is saved here; what decides is the look within the transaction of charge.
	if all, _ := e.signedBefore(ctx, e.db, reserve, batch); all {
		return nil
	}
	if unusable != nil {
		return unusable
	}
	if err := e.unwilling(reserve, batch); err != nil {
		return err
	}
	if err := sign(batch); err != nil {
		return err
	}
	return e.charge(ctx, reserve, batch)
}

// eachSigned is the form up to protocol 25: a signature for each planchet.
func eachSigned(_ string, reserve crypto.EddsaPublicKey, batch []planchet) error {
	for _, p := range batch {
		message := crypto.CoinWithdrawal{AmountWithFee: p.denom.withFee, Denom: p.denom.hash, CoinEv: p.ev}.Message()
		if !reserve.Verify(message, p.ReserveSig) {
			return refuse(http.StatusForbidden, taler.CodeReserveSignature, hintSignature, "")
		}
	}
	return nil
}

func sign(batch []planchet) (err error) {
	for i := range batch {
		p := &batch[i]
		p.signature, err = p.denom.private.SignBlinded(p.CoinEv.RSABlindedPlanchet)
		if fault.KindOf(err) == fault.Invalid { // zero, or not below the modulus
			return badParameter("rsa_blinded_planchet")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *Exchange) findDenominations(batch []planchet) error {
	now := e.now()
	for i := range batch {
		d, found := e.denominations[batch[i].DenomPubHash]
		switch {
		case !found:
			return e.unknownDenomination(batch[i].DenomPubHash)
		case now < d.start:
			return e.untimelyDenomination(d.hash, taler.CodeDenominationNotYet, hintFuture, now)
		case now >= d.withdraw:
			return e.untimelyDenomination(d.hash, taler.CodeDenominationExpired, hintExpired, now)
		}
		batch[i].denom = d
	}
	return nil
}
