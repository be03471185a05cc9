package taler

import "github.com/swaperoo/swaperoo/instrument"

// CoinWithdrawal is a reserve's consent to pay for one coin: the form that
// exchanges of protocol 15 to 25 ask for, one signature per planchet.
type CoinWithdrawal struct {
	AmountWithFee instrument.Amount // the coin's value and the withdrawal fee
	Denom         HashCode
	CoinEv        HashCode
}

// Message is what the reserve key signs.
func (w CoinWithdrawal) Message() []byte {
	return SignedMessage(PurposeReserveWithdraw, amount(w.AmountWithFee), w.Denom[:], w.CoinEv[:])
}

// Withdrawal is a reserve's consent to pay for all coins of one request: the form
// of protocol 26 and later, without age restriction and without Clause-Schnorr.
// It has the purpose and the size of CoinWithdrawal and another meaning, so the
// same planchets are never signed in both forms.
//
// No running exchange has confirmed this layout; it follows the protocol's draft.
type Withdrawal struct {
	Amount  instrument.Amount // of all coins, without fees
	Fee     instrument.Amount // for withdrawing all of them
	CoinEvs []HashCode        // in the order of the request
}

// Message is what the reserve key signs.
func (w Withdrawal) Message() []byte {
	var blindingSeed [32]byte // only Clause-Schnorr has one
	planchets := PlanchetsHash(w.CoinEvs)
	return SignedMessage(PurposeReserveWithdraw, amount(w.Amount), amount(w.Fee), planchets[:], blindingSeed[:], u32(0), u32(0))
}

// PlanchetsHash names a batch of blinded coins: the hash of their names in order.
func PlanchetsHash(coinEvs []HashCode) HashCode {
	joined := make([]byte, 0, len(coinEvs)*len(HashCode{}))
	for _, ev := range coinEvs {
		joined = append(joined, ev[:]...)
	}
	return H(joined)
}

// HistoryRequest is a reserve's consent to show its history from an entry on.
type HistoryRequest struct{ Start uint64 }

// Message is what the reserve key signs.
func (r HistoryRequest) Message() []byte { return SignedMessage(PurposeReserveHistory, u64(r.Start)) }
