package taler

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

func TestWhatAnExchangeLimits(t *testing.T) {
	hard := func(operation, sum string, soft bool) taler.ExchangeState {
		return taler.ExchangeState{HardLimits: []taler.HardLimit{{OperationType: operation, Threshold: limit(sum), Timeframe: crypto.Lasting(time.Hour), SoftLimit: soft}}}
	}
	for _, row := range []struct {
		name         string
		exchange     taler.ExchangeState
		amount, held string
		identify     bool
		reason       fault.Reason
	}{
		{"nothing", taler.ExchangeState{}, "CHF:1000", "CHF:0", false, ""},
		{"what is below", hard(taler.LimitWithdraw, "CHF:100", false), "CHF:100", "CHF:50", false, ""},
		{"what is above", hard(taler.LimitWithdraw, "CHF:100", false), "CHF:100.01", "CHF:0", false, "limit-exceeded"},
		{"what is above, until it knows who", hard(taler.LimitWithdraw, "CHF:100", true), "CHF:101", "CHF:0", true, ""},
		{"what a wallet holds", hard(taler.LimitBalance, "CHF:100", false), "CHF:60", "CHF:50", false, "limit-exceeded"},
		{"what a wallet holds, below", hard(taler.LimitBalance, "CHF:100", false), "CHF:50", "CHF:50", false, ""},
		{"what a wallet holds, of another currency", hard(taler.LimitBalance, "CHF:100", false), "CHF:60", "EUR:50", false, ""},
		{"deposits", hard("DEPOSIT", "CHF:1", false), "CHF:60", "CHF:50", false, ""},
		{"everybody unknown", taler.ExchangeState{ZeroLimits: []taler.ZeroLimit{{OperationType: taler.LimitWithdraw}}}, "CHF:1", "CHF:0", true, ""},
		{"unknown holders, and depositors", taler.ExchangeState{ZeroLimits: []taler.ZeroLimit{{OperationType: taler.LimitBalance}, {OperationType: "DEPOSIT"}}}, "CHF:1", "CHF:0", true, ""},
		{"unknown depositors", taler.ExchangeState{ZeroLimits: []taler.ZeroLimit{{OperationType: "DEPOSIT"}}}, "CHF:1", "CHF:0", false, ""},
	} {
		got, err := limited(row.exchange, limit(row.amount), limit(row.held))
		if got != row.identify || fault.ReasonOf(err) != row.reason {
			t.Errorf("it limits %s: %v, %v", row.name, got, err)
		}
	}
}

func limit(text string) taler.Amount { return sum(text) }

func TestUntilWhenKeysAreGood(t *testing.T) {
	later := noon.Add(3 * time.Hour).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
	for _, row := range []struct {
		name   string
		header map[string]string
		want   time.Duration
	}{
		{"it says nothing", nil, time.Hour},
		{"Expires", map[string]string{"Expires": later}, 3 * time.Hour},
		{"max-age goes first", map[string]string{"Expires": later, "Cache-Control": "public,must-revalidate,max-age=7200"}, 2 * time.Hour},
		{"never too often", map[string]string{"Cache-Control": "max-age=0"}, 2 * time.Minute},
		{"not cached at all", map[string]string{"Cache-Control": "no-store"}, 2 * time.Minute},
		{"in the past", map[string]string{"Expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 2 * time.Minute},
		{"for ever", map[string]string{"Cache-Control": "max-age=2000000000"}, 7 * 24 * time.Hour},
		{"nonsense", map[string]string{"Expires": "soon", "Cache-Control": "max-age=soon"}, time.Hour},
	} {
		if got := expiry(protocol.Response{Header: row.header}, noon).Sub(noon); got != row.want {
			t.Errorf("%s: %s", row.name, got)
		}
	}
}

func TestWhoMustIdentifyIsToldHow(t *testing.T) {
	e := taler.ExchangeState{URL: "https://exchange.example/"}
	for body, want := range map[string]string{
		`{"code":1028,"h_payto":"` + crypto.ShortHash{1}.String() + `","requirement_row":42}`: "https://exchange.example/kyc-check/" + crypto.ShortHash{1}.String() + " says what is missing (requirement 42)",
		`{"code":1028}`: "ask its operator how, at https://exchange.example/",
		`{"code":1028,"h_payto":"","requirement_row":42}`: "ask its operator how",
	} {
		final, err := batchForm().refused(taler.Reserve{Batch: &taler.WithdrawBatch{}}, e, protocol.Response{Status: 451, Body: []byte(body)}, true)
		if final || !errors.Is(err, fault.Denied) || fault.ReasonOf(err) != taler.ReasonKYCRequired || !strings.Contains(fault.From(err).Hint, want) {
			t.Errorf("%v, %q", err, fault.From(err).Hint)
		}
	}
}

// benchKeys is a document of so many denominations with every signature.
func benchKeys(b *testing.B, n int) taler.Keys {
	b.Helper()
	key := func(seed byte) crypto.EddsaPrivateKey {
		k, err := crypto.NewEddsaPrivateKey(append(make([]byte, 31), seed))
		if err != nil {
			b.Fatal(err)
		}
		return k
	}
	master, online := key(1), key(2)
	at := timestamp(noon)
	k := taler.Keys{
		Version: taler.Version{Current: 23, Age: 6}, Currency: "CHF", MasterPublicKey: master.Public(), ExchangePub: online.Public(), ListIssueDate: at,
		StefanAbs: sum("CHF:0"), StefanLog: sum("CHF:0"),
		SignKeys: []taler.SignKey{{StampStart: at, StampExpire: at + 86400, StampEnd: at + 86400, Key: online.Public()}},
	}
	s := k.SignKeys[0]
	k.SignKeys[0].MasterSig = master.Sign(crypto.SigningKey{Start: s.StampStart, Expire: s.StampExpire, End: s.StampEnd, Key: s.Key}.Message())
	list := crypto.DenominationList{Issued: at}
	modulus := make([]byte, 256)
	for i := range modulus {
		modulus[i] = byte(2*i + 0x81)
	}
	for i := 0; len(k.Denominations) < n; i++ {
		modulus[100], modulus[101] = byte(i), byte(i>>8)
		rsa := append([]byte{1, 0, 0, 3}, append(append([]byte(nil), modulus...), 1, 0, 1)...)
		if _, err := crypto.ParseRSAPublicKey(rsa); err != nil {
			continue // it has small divisors
		}
		g := taler.DenominationGroup{Cipher: taler.CipherRSA, Value: sum("CHF:1"), FeeWithdraw: sum("CHF:0"), FeeDeposit: sum("CHF:0"), FeeRefresh: sum("CHF:0"), FeeRefund: sum("CHF:0")}
		d := taler.DenominationKey{RSAPub: rsa, StampStart: at, StampExpireWithdraw: at + 86400, StampExpireDeposit: at + 86400, StampExpireLegal: at + 86400}
		name, _ := denomHash(g, d)
		d.MasterSig = master.Sign(crypto.Denomination{
			Master: master.Public(), Denom: name, Start: at, ExpireWithdraw: at + 86400, ExpireDeposit: at + 86400, ExpireLegal: at + 86400,
			Value: g.Value, FeeWithdraw: g.FeeWithdraw, FeeDeposit: g.FeeDeposit, FeeRefresh: g.FeeRefresh, FeeRefund: g.FeeRefund,
		}.Message())
		g.Denoms = []taler.DenominationKey{d}
		list.MasterSigs = append(list.MasterSigs, d.MasterSig)
		k.Denominations = append(k.Denominations, g)
	}
	k.ExchangeSig = online.Sign(list.Message())
	return k
}

// BenchmarkKeys verifies a document of 200 denominations.
func BenchmarkKeys(b *testing.B) {
	keys := benchKeys(b, 200)
	for b.Loop() {
		if e, err := verified(keys, noon); err != nil || len(e.Denominations) != 200 {
			b.Fatal(len(e.Denominations), err)
		}
	}
}

// BenchmarkBatch is the wallet's own work for coins, without network and exchange:
// the request with its signatures, and the coins of the answer. Blind signatures
// are made before, with the key of the test exchange.
func BenchmarkBatch(b *testing.B) {
	for _, n := range []int{10, 64} {
		b.Run(map[int]string{10: "10 coins", 64: "64 coins"}[n], func(b *testing.B) { benchBatch(b, n) })
	}
}
