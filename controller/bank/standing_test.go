package bank_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// many transfers, written as the bank writes them, without the withdrawals.
type many struct {
	*banktest.House
	t    *testing.T
	next uint64
	ids  map[uint64]instrument.ID
}

// add makes transfers with these ends, in one commit each time.
func (m *many) add(states ...taler.TransferState) {
	m.t.Helper()
	ctx := withTimeout(m.t)
	own, err := m.Bank.Own(ctx)
	if err != nil {
		m.t.Fatal(err)
	}
	made := make([]instrument.ID, len(states))
	err = m.Bank.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		for n := range states {
			row := m.next + uint64(n)
			t := taler.Transfer{State: taler.TransferPending, Row: row, Request: back(m.t, 1, "CHF:1", paidWithTx), Created: 1}
			binary.BigEndian.PutUint64(t.Request.RequestUID[:], row)
			i := instrument.Instance{Class: bank.ClassTransfer, Owner: own.ID, Status: string(t.State), Keys: map[string]string{
				"request_uid": fmt.Sprint(row), "wtid": fmt.Sprint(row), "row": fmt.Sprint(row), "part": fmt.Sprint(row),
			}}
			if err := i.Encode(t); err != nil {
				return err
			}
			id, err := tx.Create(i)
			if err != nil {
				return err
			}
			made[n] = id
			if err := tx.Append(bank.Transfers, id, struct{}{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	for n, id := range made {
		m.ids[m.next] = id
		m.next++
		if states[n] != taler.TransferPending {
			m.ends(m.next-1, states[n])
		}
	}
}

func (m *many) ends(row uint64, state taler.TransferState) {
	m.t.Helper()
	if err := m.Bank.ReportTransfer(withTimeout(m.t), m.ids[row], bank.TransferReport{State: state}); err != nil {
		m.t.Fatal(err)
	}
}

func (m *many) list(p instrument.Page, state taler.TransferState) []taler.TransferListStatus {
	m.t.Helper()
	out, err := m.Bank.TransferList(context.Background(), m.Bank.Default(), p, state)
	if err != nil {
		m.t.Fatal(err)
	}
	return out.Transfers
}

// agrees compares pages of each state with what is there.
func (m *many) agrees(when string) {
	m.t.Helper()
	all := m.list(instrument.Page{Limit: 10_000}, "")
	for _, state := range []taler.TransferState{taler.TransferPending, taler.TransferTransient, taler.TransferPermanent, taler.TransferSuccess} {
		for _, reverse := range []bool{false, true} {
			for _, after := range []instrument.Seq{0, 40, 41, 300} {
				for _, limit := range []int{7, 1000} {
					p := instrument.Page{After: after, Limit: limit, Reverse: reverse}
					want := slices.DeleteFunc(slices.Clone(all), func(t taler.TransferListStatus) bool {
						beyond := !reverse && t.RowID <= uint64(after) || reverse && after != 0 && t.RowID >= uint64(after)
						return beyond || t.Status != state
					})
					if reverse {
						slices.Reverse(want)
					}
					want = want[:min(limit, len(want))]
					got := m.list(p, state)
					if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
						m.t.Errorf("%s: %s %+v (-want +got):\n%s", when, state, p, diff)
					}
				}
			}
		}
	}
}

// TestTransfersOfOneState are found without looking at the others, and are those
// that there are, whatever happens to them.
func TestTransfersOfOneState(t *testing.T) {
	h := open(t, banktest.Options{Decide: handsOut})
	m := &many{h, t, 1, map[uint64]instrument.ID{}}
	m.agrees("of none")
	states := make([]taler.TransferState, 300)
	for n := range states {
		switch row := n + 1; {
		case row%41 == 0:
			states[n] = taler.TransferPending
		case row%29 == 0:
			states[n] = taler.TransferTransient
		case row > 200:
			states[n] = taler.TransferPermanent
		default:
			states[n] = taler.TransferSuccess
		}
	}
	m.add(states...)
	m.agrees("at first")
	h.Restart()
	m.agrees("in the next life")
	m.ends(41, taler.TransferTransient)
	m.ends(41, taler.TransferPending)
	m.ends(82, taler.TransferSuccess)
	m.ends(29, taler.TransferPermanent)
	m.agrees("after changes")
	m.add(taler.TransferPending, taler.TransferSuccess)
	m.agrees("with new ones")

	// What is allocated says how much was read: one transfer takes about forty.
	for state, most := range map[taler.TransferState]float64{taler.TransferPending: 1000, taler.TransferSuccess: 5000} {
		var got []taler.TransferListStatus
		spent := testing.AllocsPerRun(5, func() { got = m.list(instrument.Page{Limit: 5, Reverse: true, After: 300}, state) })
		if len(got) != 5 || spent > most {
			t.Errorf("%d that are %s cost %.0f allocations", len(got), state, spent)
		}
	}
}
