package audit_test

import (
	"bytes"
	"context"
	"database/sql"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/audit"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/profile"
)

func TestMain(m *testing.M) { commtest.Main(m) }

// patience bounds what only a defect would let hang.
const patience = 4 * time.Minute

// quick asks without long pauses.
var quick = audit.Options{PerSecond: 1000, Pause: time.Millisecond}

// books is a bank whose books a test alters.
type books struct {
	*banktest.House
	t   *testing.T
	lax *instrument.Manager
	db  *sql.DB
	n   byte

	down   atomic.Bool // the provider
	silent atomic.Bool // it takes questions and answers none
	odd    sync.Map    // references about which it answers what nobody can read; "": about all
}

func open(t *testing.T) *books {
	t.Helper()
	dir := t.TempDir()
	h := banktest.Open(t, banktest.Options{
		Bundles: bundled.InProcess(comm.Bank), Dir: dir, Fees: sum("CHF:1"), Asking: bank.Asking{First: time.Millisecond, Longest: 5 * time.Millisecond},
		Decide: func(c *bank.Config) { c.Searching = bank.Searching{First: time.Hour}; c.HandsOut = true },
	})
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "bank.db")+"?_pragma=busy_timeout(5000)")
	check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	b := &books{House: h, t: t, lax: h.Lax(), db: db}
	h.Provider.Meddle = func(w http.ResponseWriter, r *http.Request, honest http.HandlerFunc) {
		if b.silent.Load() {
			<-r.Context().Done()
			return
		}
		if b.down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		reference := r.URL.Query().Get("reference")
		_, one := b.odd.Load(reference)
		_, all := b.odd.Load("")
		if reference != "" && (one || all) {
			_, _ = w.Write([]byte(`{"payments":[{"id":"odd","state":"paid","amount":"CHF:0.30000000000000004"}]}`))
			return
		}
		honest(w, r)
	}
	return b
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var sum = instrumenttest.Sum

func (b *books) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	b.t.Cleanup(cancel)
	return ctx
}

func (b *books) till() profile.Principal {
	b.t.Helper()
	p, err := b.Bank.Profiles().Login(b.ctx(), profile.Terminal, b.Terminal.Name, b.Terminal.Token)
	check(b.t, err)
	return p
}

// selected is a withdrawal of CHF 20, for which CHF 21 are due.
func (b *books) selected() taler.WOPID {
	b.t.Helper()
	b.n++
	out, err := b.Bank.SetUp(b.ctx(), b.till(), taler.TerminalWithdrawalSetup{RequestUID: string('a' + rune(b.n)), Amount: sum("CHF:20")})
	check(b.t, err)
	_, err = b.Bank.Select(b.ctx(), out.WithdrawalID, taler.BankWithdrawalOperationPostRequest{
		ReservePub: taler.EddsaPublicKey(bytes.Repeat([]byte{b.n}, 32)), SelectedExchange: banktest.ExchangeAccount,
	})
	check(b.t, err)
	return out.WithdrawalID
}

// decided is a withdrawal after the verdict on a payment.
func (b *books) decided(tx, paid, reference string) taler.WOPID {
	b.t.Helper()
	id := b.selected()
	if reference == "" {
		reference = id.Text()
	}
	b.Provider.Put(banktest.Payment{ID: tx, State: "paid", Amount: sum(paid), Reference: reference})
	check(b.t, b.Bank.Confirm(b.ctx(), b.till(), id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: tx}))
	_, err := b.Bank.Status(b.ctx(), id, taler.LongPoll{Timeout: patience, OldState: taler.StateSelected})
	check(b.t, err)
	return id
}

// givenBack waits until so many returns have ended.
func (b *books) givenBack(n int) {
	b.t.Helper()
	check(b.t, b.Bank.Instruments().WaitTopic(b.ctx(), instrument.Operations, func(ctx context.Context) (bool, error) {
		all, err := b.Bank.Returns(ctx)
		ended := 0
		for _, r := range all {
			if r.State.Final() {
				ended++
			}
		}
		return ended == n, err
	}))
}

// wires has the exchange wire back, and says how that ended.
func (b *books) wires(tx, amount string, ended taler.TransferState) {
	b.t.Helper()
	b.n++
	_, err := b.Bank.Transfer(b.ctx(), b.Bank.Default(), taler.TransferRequest{
		RequestUID: taler.HashCode{b.n}, WTID: taler.ShortHash{b.n}, Amount: sum(amount), ExchangeBaseURL: banktest.ExchangeURL,
		CreditAccount: taler.Payto("payto://simulator-transaction/" + tx + "?receiver-name=x"),
	})
	check(b.t, err)
	next, err := b.Bank.NextTransfer(b.ctx(), b.Bank.Default())
	check(b.t, err)
	check(b.t, b.Bank.ReportTransfer(b.ctx(), next.ID, bank.TransferReport{State: ended}))
}

// forge changes the last instrument of a class as no bank would.
func forge[S any](b *books, class instrument.ClassID, change func(*S, *instrument.Instance)) {
	b.t.Helper()
	all, err := b.lax.List(b.ctx(), instrument.Filter{Class: class})
	check(b.t, err)
	id := all[len(all)-1].ID
	check(b.t, b.lax.Update(b.ctx(), func(tx *instrument.Draft) error {
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		var s S
		if err := i.Decode(&s); err != nil {
			return err
		}
		change(&s, &i)
		if err := i.Encode(s); err != nil {
			return err
		}
		return tx.Put(i)
	}))
}

// appends writes a row, about the last instrument of a class.
func (b *books) appends(t instrument.Topic, class instrument.ClassID, body any) {
	b.t.Helper()
	all, err := b.lax.List(b.ctx(), instrument.Filter{Class: class})
	check(b.t, err)
	check(b.t, b.lax.Update(b.ctx(), func(tx *instrument.Draft) error {
		if _, err := tx.Get(all[len(all)-1].ID); err != nil {
			return err
		}
		return tx.Append(t, all[len(all)-1].ID, body)
	}))
}

// lastRow takes the last row of the exchange's history away and returns it.
func (b *books) lastRow() taler.IncomingTransaction {
	b.t.Helper()
	page, err := b.Bank.IncomingHistory(b.ctx(), b.Bank.Default(), instrument.Page{Limit: 1, Reverse: true}, 0)
	check(b.t, err)
	got, err := taler.ReadIncoming(page, 0)
	check(b.t, err)
	b.sql(`DELETE FROM journal WHERE topic = 'incoming' AND seq = ?`, got.IncomingTransactions[0].RowID)
	return got.IncomingTransactions[0]
}

// loses takes a claim of the last instrument of a class away, from a bank that
// remembers nothing of it.
func (b *books) loses(class instrument.ClassID, key string) {
	b.t.Helper()
	b.sql(`DELETE FROM instance_keys WHERE name = ? AND id = (SELECT max(id) FROM instances WHERE class = ?)`, key, class)
	b.Kill()
	b.Restart()
}

// quota is an instrument of a class that an audit has no other business with.
func (b *books) quota() {
	b.t.Helper()
	check(b.t, b.lax.Update(b.ctx(), func(tx *instrument.Draft) error {
		_, err := tx.Create(instrument.Instance{Class: bank.ClassQuota, Owner: "self", Status: "open", Keys: map[string]string{"user": "somebody"}, State: []byte(`{}`)})
		return err
	}))
}

// removes takes the oldest withdrawal of a status away, with all that leads to it.
func (b *books) removes(status string) {
	b.t.Helper()
	const one = `(SELECT min(id) FROM instances WHERE class = 'taler-withdrawal' AND status = ?)`
	b.sql(`DELETE FROM instance_keys WHERE id = `+one, status)
	b.sql(`DELETE FROM instances WHERE id = `+one, status)
}

// keeps copies the last withdrawal, and gives what puts the copy back.
func (b *books) keeps() (back func()) {
	b.t.Helper()
	var id, status string
	var version int64
	var sealed []byte
	check(b.t, b.db.QueryRow(`SELECT id, status, version, sealed FROM instances WHERE id = (SELECT max(id) FROM instances WHERE class = 'taler-withdrawal')`).
		Scan(&id, &status, &version, &sealed))
	return func() {
		b.sql(`UPDATE instances SET status = ?, version = ?, sealed = ? WHERE id = ?`, status, version, sealed, id)
	}
}

func (b *books) sql(statement string, args ...any) {
	b.t.Helper()
	done, err := b.db.Exec(statement, args...)
	check(b.t, err)
	if n, err := done.RowsAffected(); n == 0 || err != nil {
		b.t.Fatalf("%s changed %d rows, %v", statement, n, err)
	}
}

func (b *books) audit() audit.Report {
	b.t.Helper()
	r, err := audit.Run(b.ctx(), b.Bank, quick)
	check(b.t, err)
	return r
}
