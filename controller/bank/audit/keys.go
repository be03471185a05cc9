package audit

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

// compareKeys wants what an instrument has claimed to lead to it. The claims stand
// beside the records, in the clear of a table, and are what keeps anything from being
// used twice, and what finds the withdrawal of a payment that is wired back. A difference
// is d, and its text begins with whose key it is.
func (a *auditor) compareKeys(ctx context.Context, class instrument.ClassID, id instrument.ID, d Difference, whose string, keys map[string]string) error {
	d.Kind = KeyMissing
	for key, value := range keys {
		of, err := a.b.Instruments().Find(ctx, class, key, value)
		switch {
		case errors.Is(err, fault.NotFound):
			a.differs(d, "%s %s is on record as nobody's", whose, key)
		case err != nil:
			return err
		case of != id:
			a.differs(d, "%s %s is on record as that of another %s", whose, key, class)
		}
	}
	return nil
}

// recorded are the keys whose values follow from the state of a record: compareKeys is asked for
// them with these. All others are compared with what is under the seal.
var recorded = map[instrument.ClassID][]string{
	bank.ClassWithdrawal: {bank.KeyWOPID, bank.KeyReservePub, bank.KeyProviderTx},
	bank.ClassTransfer:   {bank.KeyRequestUID, bank.KeyWTID},
	bank.ClassReturn:     {bank.KeyPayment},
}

// compareFurtherKeys is compareKeys for what an instrument of any class has under its seal.
func (a *auditor) compareFurtherKeys(ctx context.Context, i instrument.Instance) error {
	further := maps.Clone(i.Keys)
	for _, key := range recorded[i.Class] {
		delete(further, key)
	}
	return a.compareKeys(ctx, i.Class, i.ID, Difference{}, fmt.Sprintf("the %s %s's", i.Class, i.ID), further)
}

// keys are what a withdrawal has claimed that its record tells of.
func (s *sale) keys() map[string]string {
	keys := map[string]string{}
	if s.reserve != (taler.EddsaPublicKey{}) {
		keys[bank.KeyReservePub] = s.reserve.String()
	}
	if s.admin {
		return keys
	}
	keys[bank.KeyWOPID] = s.wopid.Text()
	if s.state == taler.StateConfirmed {
		keys[bank.KeyProviderTx] = bank.ProviderTx(s.payment.provider, s.payment.transaction)
	}
	return keys
}

// keys are what makes a transfer one, however often it is asked for.
func (t *wired) keys() map[string]string {
	of := "" // a further exchange has its own
	if t.Exchange != "" {
		of = t.Exchange + "/"
	}
	return map[string]string{bank.KeyRequestUID: of + t.Request.RequestUID.String(), bank.KeyWTID: of + t.Request.WTID.String()}
}

// keys are what makes a return the only one of its payment.
func (r *returned) keys() map[string]string {
	return map[string]string{bank.KeyPayment: bank.ProviderTx(r.Provider, r.ProviderTransactionID)}
}
