package taler

import (
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// A denomination whose key turns out dishonest is left out, and the plan is made
// again of the others.
func TestAPlanIsMadeAgainWithoutADishonestKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, taler.MinDenominationBits)
	if err != nil {
		t.Fatal(err)
	}
	good, err := crypto.NewRSAPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	until := timestamp(noon.Add(time.Hour))
	e := taler.ExchangeState{Currency: "CHF", Denominations: []taler.Denomination{
		{DenomPubHash: taler.HashCode{1}, RSAPub: []byte{1, 2, 3}, Value: sum("CHF:10"), FeeWithdraw: sum("CHF:0"), StampExpireWithdraw: until, StampExpireDeposit: until},
		{DenomPubHash: taler.HashCode{2}, RSAPub: good.Encode(), Value: sum("CHF:4"), FeeWithdraw: sum("CHF:0"), StampExpireWithdraw: until, StampExpireDeposit: until},
	}}
	r := taler.Reserve{ReservePriv: taler.StoredSecret{1}, Seed: taler.StoredSecret{2}, Amount: sum("CHF:13"), Remainder: sum("CHF:13")}
	status, err := batchForm().planned(&r, e, taler.Amount{}, noon)
	if err != nil || status != taler.ReserveSent || len(r.Batch.Plan) != 1 || r.Batch.Plan[0].Count != 3 || r.NextCoin != 3 {
		t.Errorf("%s, %v", status, err)
	}
	r.Batch, r.NextCoin, e.Denominations = nil, 0, e.Denominations[:1]
	if _, err := batchForm().planned(&r, e, taler.Amount{}, noon); fault.ReasonOf(err) != "no-denominations" {
		t.Errorf("with that one alone: %v", err)
	}
}

// An exchange that has only tiny coins when the money is there is not answered by asking
// for less of it: nobody can any more.
func TestMoreCoinsThanOneWantsOfWhatIsThere(t *testing.T) {
	until := timestamp(noon.Add(time.Hour))
	e := taler.ExchangeState{Currency: "CHF", Denominations: []taler.Denomination{
		{DenomPubHash: taler.HashCode{1}, Value: sum("CHF:0.01"), FeeWithdraw: sum("CHF:0"), StampExpireWithdraw: until, StampExpireDeposit: until},
	}}
	r := taler.Reserve{Amount: sum("CHF:20"), Remainder: sum("CHF:20")}
	_, err := batchForm().planned(&r, e, taler.Amount{}, noon)
	if hint := fault.From(err).Hint; fault.ReasonOf(err) != "too-many-coins" || !strings.Contains(hint, "goes back") || strings.Contains(hint, "several parts") {
		t.Errorf("%v, and a person reads %q", err, hint)
	}
}

// No coin is made that costs more than it is worth, and an exchange that has no others
// is said to be that.
func TestACoinThatCostsMoreThanItIsWorth(t *testing.T) {
	denomination := func(name byte, value, fee string) taler.Denomination {
		until := timestamp(noon.Add(time.Hour))
		return taler.Denomination{DenomPubHash: taler.HashCode{name}, Value: sum(value), FeeWithdraw: sum(fee), StampExpireWithdraw: until, StampExpireDeposit: until}
	}
	dear, fair, even := denomination(1, "CHF:10", "CHF:10.01"), denomination(2, "CHF:5", "CHF:0.1"), denomination(3, "CHF:0.1", "CHF:0.1")
	e := taler.ExchangeState{Currency: "CHF", Denominations: []taler.Denomination{dear, fair, even}}
	got, err := outlook(e, sum("CHF:30.9"), taler.Amount{}, noon)
	if err != nil || got.Coins != 7 || got.Amount != sum("CHF:30.1") || got.Fees != sum("CHF:0.7") || got.Remainder != sum("CHF:0.1") {
		t.Errorf("%+v, %v", got, err)
	}
	worthless := denomination(4, "CHF:20", "CHF:0")
	worthless.FeeDeposit = sum("CHF:20.01")
	e.Denominations = append(e.Denominations, worthless)
	if again, err := outlook(e, sum("CHF:30.9"), taler.Amount{}, noon); err != nil || again.Amount != got.Amount {
		t.Errorf("with coins that nobody could deposit: %+v, %v", again, err)
	}
	e.Denominations = e.Denominations[:1]
	if _, err := outlook(e, sum("CHF:30"), taler.Amount{}, noon); fault.ReasonOf(err) != "fees-exceed-value" {
		t.Errorf("of that alone: %v", err)
	}
	r := taler.Reserve{Amount: sum("CHF:30"), Remainder: sum("CHF:30")}
	if _, err := batchForm().planned(&r, e, taler.Amount{}, noon); !strings.Contains(fault.From(err).Hint, "goes back") || strings.Contains(fault.From(err).Hint, "another exchange") {
		t.Errorf("with the money there: %v", err)
	}
	if _, err := outlook(e, sum("CHF:30"), taler.Amount{}, noon.Add(2*time.Hour)); fault.ReasonOf(err) != "no-denominations" {
		t.Errorf("when its time is over: %v", err)
	}
}

// An exchange that lets nobody withdraw is not said to want less.
func TestALimitOfNothing(t *testing.T) {
	e := taler.ExchangeState{HardLimits: []taler.HardLimit{{OperationType: taler.LimitWithdraw, Threshold: sum("CHF:0")}}}
	_, err := limited(e, sum("CHF:1"), taler.Amount{})
	if f := fault.From(err); f == nil || f.Reason != "limit-exceeded" || strings.Contains(f.Hint, "less") || !strings.Contains(f.Message, "nobody withdraw anything") {
		t.Errorf("%v", err)
	}
}

// What a person has agreed to is for the whole amount: fees of the batches that are made count with
// those of the next.
func TestTheFeesOfAllBatchesAreHeldToWhatWasAgreed(t *testing.T) {
	until := timestamp(noon.Add(time.Hour))
	e := taler.ExchangeState{Currency: "CHF", Denominations: []taler.Denomination{
		{DenomPubHash: taler.HashCode{1}, Value: sum("CHF:5"), FeeWithdraw: sum("CHF:0.2"), StampExpireWithdraw: until, StampExpireDeposit: until},
	}}
	agreed := sum("CHF:0.5")
	r := taler.Reserve{Amount: sum("CHF:20"), Remainder: sum("CHF:5.2"), Coins: 3, Fees: sum("CHF:0.3"), Agreed: &taler.Agreed{Fees: &agreed}}
	if err := costsAsAgreed(r, e, noon); err != nil {
		t.Errorf("just what was agreed to: %v", err)
	}
	r.Fees = sum("CHF:0.31")
	if err := costsAsAgreed(r, e, noon); fault.ReasonOf(err) != taler.ReasonFeesRisen {
		t.Errorf("more in all: %v", err)
	}
}
