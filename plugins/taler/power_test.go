package taler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/https"
	wire "github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// power is what a life of a wallet runs on. Each commit, each request and each
// answer takes some; with event number cut it is gone, and nothing is written, sent
// or heard any more.
type power struct {
	mu      sync.Mutex
	at, cut int // cut 0: it stays
	events  []string
}

var errDark = errors.New("the power is cut")

func (p *power) use(event string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at++
	p.events = append(p.events, event)
	if p.cut > 0 && p.at >= p.cut {
		return errDark
	}
	return nil
}

// mains is the database on that power. A unit of work is there as a whole or not
// at all: that it is so inside a commit is the store's own test.
type mains struct {
	protocol.Store
	power *power
}

func (m mains) UpdateOperations(ctx context.Context, unit func(protocol.Writer) error) error {
	if err := m.power.use("commit"); err != nil {
		return err
	}
	return m.Store.UpdateOperations(ctx, unit)
}

// life is a wallet from its start to its end, over what an earlier one has left.
func (w *wallet) life(t *testing.T, p *power) {
	t.Helper()
	fetcher := https.New(https.Options{})
	t.Cleanup(fetcher.CloseIdle)
	w.Node = protocoltest.NewNode(t, protocoltest.Options{
		Role: comm.Client, Bundles: bundles(comm.Client), Before: w.Node, Unchecked: true,
		Database: func(s protocol.Store) protocol.Store { return mains{s, p} },
		Fetch: func(ctx context.Context, f comm.Fetch) (comm.Fetched, error) {
			if err := p.use("request"); err != nil {
				return comm.Fetched{}, err
			}
			answer, err := fetcher.Fetch(ctx, f)
			if dark := p.use("answer"); dark != nil {
				return comm.Fetched{}, dark
			}
			return answer, err
		},
	})
}

// goOn withdraws from wherever an earlier life has come to: it makes the reserve,
// has it filled by whoever was told of it, waits and makes coins.
func (w *wallet) goOn(t *testing.T, form, sum string) error {
	t.Helper()
	if _, err := w.Protocols.Resume(t.Context()); err != nil {
		return err
	}
	for _, o := range w.Operations(t) {
		if o.State == protocol.Running {
			_, _ = w.Protocols.Await(t.Context(), o.ID)
		}
	}
	args := wire.PrepareArgs{Exchange: w.exchange, BankURL: "https://bank.example/", WOPID: wire.WOPID{1}.ID(), Amount: amount(sum), Account: exchangePayto}
	result, err := w.do(form, "PREPARE", "", args)
	if err != nil {
		return err
	}
	var made wire.PrepareResult
	if err := json.Unmarshal(result.Value, &made); err != nil {
		return err
	}
	w.mint.with(func() {
		if _, filled := w.mint.balances[made.ReservePub]; !filled {
			w.mint.balances[made.ReservePub] = amount(sum)
		}
	})
	if status, _ := w.reserve(made.Reserve); status != wire.ReserveDone {
		if _, err := w.do(form, "AWAIT", made.Reserve, wire.AwaitArgs{}); err != nil {
			return err
		}
	}
	_, err = w.do(form, "WITHDRAW", made.Reserve, wire.WithdrawArgs{Balance: amount(sum)})
	return err
}

// conserved checks that nothing was lost or doubled: what was paid in is coins,
// fees and what is left at the exchange; and that no planchet was ever sent in two
// requests.
func (w *wallet) conserved(t *testing.T, sum string) {
	t.Helper()
	all, err := w.Instruments.List(t.Context(), instrument.Filter{Class: "taler-reserve"})
	if err != nil || len(all) != 1 {
		t.Fatalf("%d reserves, %v", len(all), err)
	}
	status, r := w.reserve(all[0].ID)
	total, worth := w.mint.balances[r.ReservePub], amount("CHF:0")
	for _, c := range w.coins() {
		if !c.Verified() {
			t.Errorf("coin %d is not sound", c.Index)
		}
		worth, _ = worth.Add(c.Value)
	}
	for _, a := range []instrument.Amount{worth, r.Fees} {
		total, _ = total.Add(a)
	}
	if status != wire.ReserveDone || worth != r.Value || total != amount(sum) || w.mint.balances[r.ReservePub] != r.Remainder || len(w.coins()) != r.Coins {
		t.Errorf("%s: coins of %s, fees of %s, %s at the exchange; the reserve has %s in %d coins and %s left",
			status, worth, r.Fees, w.mint.balances[r.ReservePub], r.Value, r.Coins, r.Remainder)
	}
	sent := map[wire.HashCode][]byte{}
	for _, body := range w.mint.requests {
		for _, name := range envelopes(t, body) {
			if before, again := sent[name]; again && !bytes.Equal(before, body) {
				t.Error("a planchet was sent in two requests")
			}
			sent[name] = body
		}
	}
}

// envelopes names the planchets of a request of either form.
func envelopes(t *testing.T, body []byte) (names []wire.HashCode) {
	t.Helper()
	var in struct {
		Planchets []wire.Planchet     `json:"planchets"`
		DenomsH   []wire.HashCode     `json:"denoms_h"`
		CoinEvs   []wire.CoinEnvelope `json:"coin_evs"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		t.Fatal(err)
	}
	for _, p := range in.Planchets {
		names = append(names, crypto.CoinEvHash(p.DenomPubHash, crypto.CipherRSA, p.CoinEv.RSABlindedPlanchet))
	}
	for n, ev := range in.CoinEvs {
		names = append(names, crypto.CoinEvHash(in.DenomsH[n], crypto.CipherRSA, ev.RSABlindedPlanchet))
	}
	return names
}

// The power is cut before each commit, request and answer of a withdrawal, in each
// of its states, and comes back: value is conserved every time.
func TestNoPowerCutLosesMoney(t *testing.T) {
	for _, row := range []struct {
		name, form, sum string
		small           bool // only the smallest coins: two batches
	}{
		{"a batch", wire.ProtocolBatchWithdraw, "CHF:12.25", false},
		{"the newer form", wire.ProtocolWithdraw26, "CHF:12.25", false},
		{"two batches", wire.ProtocolBatchWithdraw, "CHF:7.3", true},
	} {
		begin := func(t *testing.T) *wallet {
			w := openWallet(t)
			w.mint.with(func() {
				if row.form == wire.ProtocolWithdraw26 {
					w.mint.config.Version = wire.Version{Current: 26}
					w.mint.keys.Version = w.mint.config.Version
				}
				if row.small {
					w.mint.keys.Denominations = w.mint.keys.Denominations[2:]
					w.mint.sign()
				}
			})
			if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
				t.Fatal(err)
			}
			return w
		}
		whole := &power{}
		w := begin(t)
		w.life(t, whole)
		if err := w.goOn(t, row.form, row.sum); err != nil {
			t.Fatal(err)
		}
		w.conserved(t, row.sum)
		if len(whole.events) < 6 {
			t.Fatalf("only %v happened", whole.events)
		}
		for cut := 1; cut <= whole.at; cut++ {
			t.Run(fmt.Sprint(row.name, "/", cut, " ", whole.events[cut-1]), func(t *testing.T) {
				w := begin(t)
				w.life(t, &power{cut: cut})
				if err := w.goOn(t, row.form, row.sum); err == nil {
					t.Error("it ended well without power")
				}
				if err := w.Protocols.Close(context.Background()); err != nil {
					t.Fatal(err)
				}
				w.life(t, &power{})
				if err := w.goOn(t, row.form, row.sum); err != nil {
					t.Fatal(err)
				}
				w.conserved(t, row.sum)
			})
		}
	}
}
