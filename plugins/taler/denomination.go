package taler

import (
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// listed are the denominations of a document, each as its master key signed it.
type listed struct {
	statements map[taler.HashCode]crypto.Denomination // of each whose cipher is known
	good       []taler.Denomination                   // of which coins could be made
	foreign    int                                    // of which none can be made here
	schnorr    int                                    // of these, for their cipher
	restricted int                                    // of these, for they are restricted by age
	short      int                                    // of these, for their key can be broken
}

// verifyDenominations checks every denomination whose cipher is known. Of others
// not even the name can be computed; they are counted, and their signatures stand
// in the signature of the list.
func verifyDenominations(keys taler.Keys) (listed, error) {
	all := listed{statements: map[taler.HashCode]crypto.Denomination{}}
	for _, g := range keys.Denominations {
		for _, k := range g.Denoms {
			name, known := denomHash(g, k)
			if !known {
				all.foreign++
				continue
			}
			statement := crypto.Denomination{
				Master: keys.MasterPublicKey, Denom: name,
				Start: k.StampStart, ExpireWithdraw: k.StampExpireWithdraw, ExpireDeposit: k.StampExpireDeposit, ExpireLegal: k.StampExpireLegal,
				Value: g.Value, FeeWithdraw: g.FeeWithdraw, FeeDeposit: g.FeeDeposit, FeeRefresh: g.FeeRefresh, FeeRefund: g.FeeRefund,
			}
			if !keys.MasterPublicKey.Verify(statement.Message(), k.MasterSig) {
				return listed{}, forged("the denomination %s (%s)", g.Value, name)
			}
			if before, twice := all.statements[name]; twice && before != statement {
				return listed{}, fault.New(fault.Denied, "the exchange lists the denomination %s twice, with different values, fees or times", name).
					Because("denomination-ambiguous").WithHint("do not use this exchange; tell its operator")
			}
			all.statements[name] = statement
			d := taler.Denomination{
				DenomPubHash: name, RSAPub: k.RSAPub, Value: g.Value,
				FeeWithdraw: g.FeeWithdraw, FeeDeposit: g.FeeDeposit, FeeRefresh: g.FeeRefresh, FeeRefund: g.FeeRefund,
				StampStart: k.StampStart, StampExpireWithdraw: k.StampExpireWithdraw,
				StampExpireDeposit: k.StampExpireDeposit, StampExpireLegal: k.StampExpireLegal,
			}
			switch bits := keyBits(d); {
			case g.Cipher == taler.CipherCS:
				all.foreign, all.schnorr = all.foreign+1, all.schnorr+1
			case g.Cipher != taler.CipherRSA:
				all.foreign, all.restricted = all.foreign+1, all.restricted+1
			case bits > 0 && bits < taler.MinDenominationBits:
				all.foreign, all.short = all.foreign+1, all.short+1
			case !k.Lost && bits > 0 && !d.Value.IsZero():
				all.good = append(all.good, d)
			}
		}
	}
	return all, nil
}

// usable leaves out what was revoked.
func (l listed) usable(revoked []taler.Recoup) []taler.Denomination {
	gone := map[taler.HashCode]bool{}
	for _, r := range revoked {
		gone[r.HDenomPub] = true
	}
	var out []taler.Denomination
	for _, d := range l.good {
		if !gone[d.DenomPubHash] {
			out = append(out, d)
		}
	}
	return out
}

// verifyAuditors checks what auditors say of the denominations that are listed. What
// they say of others cannot be read, and vouches for nothing that is here: an exchange
// takes a revoked denomination out of its list, and leaves its auditors' words in it.
func verifyAuditors(keys taler.Keys, all listed) error {
	for _, a := range keys.Auditors {
		for _, k := range a.DenominationKeys {
			statement, found := all.statements[k.DenomPubHash]
			if !found {
				continue
			}
			message := crypto.AuditedDenomination{AuditorURL: a.AuditorURL, Denomination: statement}.Message()
			if !a.AuditorPub.Verify(message, k.AuditorSig) {
				return forged("the auditor %s for the denomination %s", a.AuditorURL, k.DenomPubHash)
			}
		}
	}
	return nil
}

func denomHash(g taler.DenominationGroup, k taler.DenominationKey) (taler.HashCode, bool) {
	switch g.Cipher {
	case taler.CipherRSA, taler.CipherRSA + ageRestricted:
		return crypto.DenomHash(g.AgeMask, crypto.CipherRSA, k.RSAPub), true
	case taler.CipherCS, taler.CipherCS + ageRestricted:
		return crypto.DenomHash(g.AgeMask, crypto.CipherCS, k.CSPub), true
	}
	return taler.HashCode{}, false
}

const ageRestricted = "+age_restricted"

// keyBits is the length of a key, 0 for what would make worthless or traceable coins; the
// exchange may list it, nothing is withdrawn with it.
func keyBits(d taler.Denomination) int {
	key, err := crypto.ParseRSAPublicKey(d.RSAPub)
	if err != nil {
		return 0
	}
	return key.Bits()
}

// proven reports whether a refusal comes with the exchange's own word that one of
// these denominations cannot be used: signed with one of its keys, about one that
// was asked for. Without it anybody on the way could make a wallet give a request
// up that the exchange has answered.
func proven(keys []taler.SignKey, asked []taler.PlannedCoins, e taler.ExchangeError) bool {
	if e.HDenomPub == nil || !signerOf(keys, e.ExchangePub, e.Timestamp) {
		return false
	}
	ours := false
	for _, c := range asked {
		ours = ours || c.Denomination.DenomPubHash == *e.HDenomPub
	}
	message := crypto.DenominationUnknown{At: e.Timestamp, Denom: *e.HDenomPub}.Message()
	if e.Code != taler.CodeDenominationUnknown {
		message = crypto.DenominationExpired{At: e.Timestamp, Operation: e.Oper, Denom: *e.HDenomPub}.Message()
	}
	return ours && e.ExchangePub.Verify(message, e.ExchangeSig)
}
