package store

import (
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestEveryStatementUsesAnIndex asks SQLite how it would run what was prepared:
// a table that is walked from end to end is fast until there is money in it.
func TestEveryStatementUsesAnIndex(t *testing.T) {
	db := openTest(t, Options{Readers: 1})
	ctx := t.Context()
	must(t, db.UpdateOperations(ctx, func(w protocol.Writer) error {
		r := instrument.Row{ID: "a", Class: "coupon", Version: 1, Keys: []instrument.BlindKey{{Name: "serial", Blind: []byte("1")}}}
		later := r
		later.Keys = []instrument.BlindKey{{Name: "late", Blind: []byte("1")}}
		o := protocol.Row{ID: "op", State: protocol.Running}
		_, err := w.Append(instrument.EntryRow{Topic: "t"}, func(instrument.Seq) ([]byte, error) { return nil, nil })
		return errors.Join(w.Insert(r), w.Lease("a", 1, "op"), w.Update(later, 1, "op"), w.Release("op"), w.Validate("a", 1),
			w.ValidateKey("coupon", r.Keys[0], "a"), w.BeginOperation(o), w.Log("op", "", 1, []byte("log")), w.TakeOver(o, o), w.Heard("peer", "op"), w.EndOperation(o), w.Forget("op"), err)
	}))
	must(t, db.UpdateProfiles(ctx, func(w profile.Writer) error {
		s := profile.Spending{Operation: "op", Account: "gary", Amount: instrument.ZeroOf("CHF")}
		return errors.Join(w.PutPrincipal(profile.Principal{ID: "gary"}), second(w.Principal("gary")),
			w.PutMembership(profile.Membership{Group: "g", Member: "m"}), second(w.Membership("g", "m")), w.RemoveMembership("g", "m"),
			w.Count(s), second(w.Counted("op")), second(w.SpentNow("gary", "CHF", "", s.Time)), second(w.SpentNow("gary", "CHF", "coupon", s.Time)),
			w.Uncount("op", instrument.Amount{Currency: "CHF", Value: 1}), w.Uncount("op", instrument.Amount{}))
	}))
	reads := []error{
		second(db.Principal(ctx, "gary")),
		second(db.Memberships(ctx, "g", "")),
		second(db.Memberships(ctx, "", "m")),
		second(db.Memberships(ctx, "g", "m")),
		second(db.Reserved(ctx, "gary")),
		second(db.Spent(ctx, "gary", "CHF", "", time.Unix(0, 0))),
		second(db.Row(ctx, "a")),
		second(db.Rows(ctx, instrument.Filter{Owner: "gary"})),
		second(db.Rows(ctx, instrument.Filter{Class: "coupon", Owner: "gary", After: "a"})),
		second(db.Rows(ctx, instrument.Filter{Class: "coupon", Status: "new"})),
		second(db.Rows(ctx, instrument.Filter{Class: "coupon", After: "a", Limit: 5})),
		second(db.Entries(ctx, "t", instrument.Page{Limit: 5})),
		second(db.Entries(ctx, "t", instrument.Page{Limit: 5, Bare: true})),
		second(db.Entries(ctx, "t", instrument.Page{Limit: 5, Reverse: true})),
		second(db.Entries(ctx, "t", instrument.Page{Limit: 5, After: 9, Reverse: true})),
		second(db.Rows(ctx, instrument.Filter{Lease: "op"})),
		second(db.OperationRow(ctx, "op")),
		second(db.OperationLog(ctx, "op")),
		second(db.OperationRows(ctx, protocol.Filter{Peer: "peer", Unheard: true})),
		second(db.OperationRows(ctx, protocol.Filter{State: protocol.Running, Runner: "me", NotRunner: true})),
		second(db.OperationRows(ctx, protocol.Filter{State: protocol.Stuck})),
		second(db.OperationRows(ctx, protocol.Filter{Prefix: "o"})),
	}
	must(t, errors.Join(reads...))
	must(t, db.pool.read(ctx, func(c *conn) error { return plans(t, c) }))
	must(t, plans(t, db.writer.conn)) // idle, for its queue is empty
}

func second[T any](_ T, err error) error { return err }

// plans fails for each statement of c that walks a table, adds up rows one by one, or sorts a whole class
// for a page of it.
func plans(t *testing.T, c *conn) error {
	t.Helper()
	var queries []string
	for query := range c.prepared {
		if head, _, _ := strings.Cut(query, " "); strings.Contains("SELECT INSERT UPDATE DELETE WITH", head) {
			queries = append(queries, query)
		}
	}
	if len(queries) < 8 {
		t.Errorf("only %d statements to look at", len(queries))
	}
	for _, query := range queries {
		if err := c.query("EXPLAIN QUERY PLAN "+query, func(row []driver.Value) error {
			step := text(row[3])
			walks := strings.HasPrefix(step, "SCAN") && step != "SCAN statuses" // of which there are a few
			sorts := step == "SEARCH instances USING INDEX instances_by_status (class=?)"
			if walks || sorts || strings.Contains(query, "SUM(") && !strings.Contains(step, "COVERING INDEX") { // a sum reads as many rows as there are
				t.Errorf("%s: %s", step, query)
			}
			return nil
		}, make([]driver.Value, 16)...); err != nil {
			return err
		}
	}
	return nil
}
