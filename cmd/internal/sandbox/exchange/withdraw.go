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
		err = e.withdraw(r.Context(), reserve, batch)
	}
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	var out taler.BatchWithdrawResponse
	for _, p := range batch {
		out.EvSigs = append(out.EvSigs, taler.EvSig{EvSig: taler.BlindSignature{Cipher: taler.CipherRSA, BlindedRSASignature: p.signature}})
	}
	e.answer(w, r, http.StatusOK, out)
}

// readBatch reads a request, every member of which must be there.
func readBatch(w http.ResponseWriter, r *http.Request) ([]planchet, error) {
	var in struct {
		Planchets *[]struct {
			DenomPubHash *taler.HashCode `json:"denom_pub_hash"`
			CoinEv       *struct {
				Cipher             string      `json:"cipher"`
				RSABlindedPlanchet *taler.Blob `json:"rsa_blinded_planchet"`
			} `json:"coin_ev"`
			ReserveSig *taler.EddsaSignature `json:"reserve_sig"`
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
	seen := map[crypto.HashCode]bool{}
	for _, m := range *in.Planchets {
		switch {
		case m.DenomPubHash == nil:
			return nil, badField("denom_pub_hash")
		case m.CoinEv == nil:
			return nil, badField("coin_ev")
		case m.ReserveSig == nil:
			return nil, badField("reserve_sig")
		case m.CoinEv.Cipher == taler.CipherCS:
			return nil, refuse(http.StatusBadRequest, codeCipherMismatch, hintCipher, "")
		case m.CoinEv.Cipher != taler.CipherRSA:
			return nil, badField("cipher")
		case m.CoinEv.RSABlindedPlanchet == nil || len(*m.CoinEv.RSABlindedPlanchet) == 0:
			return nil, badField("rsa_blinded_planchet")
		}
		envelope := *m.CoinEv.RSABlindedPlanchet
		p := planchet{
			Planchet: taler.Planchet{
				DenomPubHash: *m.DenomPubHash, ReserveSig: *m.ReserveSig,
				CoinEv: taler.CoinEnvelope{Cipher: taler.CipherRSA, RSABlindedPlanchet: envelope},
			},
			ev: crypto.CoinEvHash(*m.DenomPubHash, crypto.CipherRSA, envelope),
		}
		if seen[p.ev] {
			return nil, badParameter("planchets") // the real one hangs up
		}
		seen[p.ev] = true
		batch = append(batch, p)
	}
	return batch, nil
}

// withdraw puts the blind signatures into batch. They are in the books, and paid
// by the reserve, when it returns without an error; the same batch again finds
// them there, even when its denominations are over by then.
func (e *Exchange) withdraw(ctx context.Context, reserve crypto.EddsaPublicKey, batch []planchet) error {
	unusable := e.findDenominations(batch)
	if unusable == nil {
		if err := checkSignatures(reserve, batch); err != nil {
			return err
		}
	}
	// A look that spares signing again; only charge sees the books standing still.
	if all, _ := e.signedBefore(ctx, e.db, reserve, batch); all {
		return nil
	}
	if unusable != nil {
		return unusable
	}
	if err := sign(batch); err != nil {
		return err
	}
	return e.charge(ctx, reserve, batch)
}

func checkSignatures(reserve crypto.EddsaPublicKey, batch []planchet) error {
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
