//go:build unix

package crash_test

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/swaperoo/swaperoo/instrument"
)

// mark is how things stood before a run.
type mark struct {
	client, vendor marked
	payments       int
	till           account
	receipts       int
}

type marked struct {
	number int64 // of the newest operation row
	last   instrument.OperationID
}

// row is an operation as the database has it.
type row struct {
	number int64
	id     instrument.OperationID
	state  string
	heard  bool
}

// rows lists operations that are newer than a number, oldest first. It asks the
// database and none of the code that is tested.
func (s *side) rows(after int64) []row {
	found, err := s.db.Query(`SELECT number, id, state, heard FROM operations WHERE number > ? AND protocol <> ? ORDER BY number`, after, note)
	if err != nil {
		panic(err)
	}
	defer found.Close()
	var list []row
	for found.Next() {
		var r row
		if err := found.Scan(&r.number, &r.id, &r.state, &r.heard); err != nil {
			panic(err)
		}
		list = append(list, r)
	}
	if err := found.Err(); err != nil {
		panic(err)
	}
	return list
}

// stuck tells whether an operation after these has stopped for good.
func (s *side) stuck(after int64) bool {
	return slices.ContainsFunc(s.rows(after), func(r row) bool { return r.state == "stuck" })
}

// texts reads one column.
func (s *side) texts(query string) []string {
	found, err := s.db.Query(query)
	if err != nil {
		panic(err)
	}
	defer found.Close()
	var list []string
	for found.Next() {
		var text string
		if err := found.Scan(&text); err != nil {
			panic(err)
		}
		list = append(list, text)
	}
	if err := found.Err(); err != nil {
		panic(err)
	}
	return list
}

func (s *side) mark() (m marked) {
	err := s.db.QueryRow(`SELECT number, id FROM operations ORDER BY number DESC LIMIT 1`).Scan(&m.number, &m.last)
	if err != nil {
		return marked{}
	}
	return m
}

func (w *world) mark() mark {
	made, _ := w.provider.since(0)
	return mark{w.client.mark(), w.vendor.mark(), len(made), w.account(), len(w.receipts())}
}

func (w *world) account() account {
	var a account
	i, err := w.vendor.desk.Instruments().View(w.t.Context(), w.till)
	check(w.t, err)
	check(w.t, i.Decode(&a))
	return a
}

func (w *world) receipts() []string {
	return w.vendor.texts(`SELECT id FROM instances WHERE class = 'receipt' ORDER BY id`)
}

// verdict compares what is on both disks and at the provider with the outcome
// that the client was told.
func (w *world) verdict(m mark, coin instrument.ID, out outcome) []string {
	v := &verdict{w: w, m: m, paid: out.Kind == ""}
	if !v.paid && out.Reason != "plugin-crashed" {
		v.says("the payment ended with %s %s: %s", out.Kind, out.Reason, out.Text)
	}
	v.ends()
	v.rows()
	v.instruments(coin)
	v.payments()
	for name, s := range map[string]*side{"client": &w.client, "vendor": &w.vendor} {
		v.disk(name, s)
	}
	return v.problems
}

type verdict struct {
	w        *world
	m        mark
	paid     bool
	op       instrument.OperationID
	coin     kept
	receipt  kept
	problems []string
}

func (v *verdict) says(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

// ends: all has ended, and nothing is held any more.
func (v *verdict) ends() {
	for name, rows := range map[string][]row{"client": v.w.client.rows(v.m.client.number), "vendor": v.w.vendor.rows(v.m.vendor.number)} {
		for _, r := range rows {
			if r.state != "ended" {
				v.says("operation %.8s is %s at the %s", r.id, r.state, name)
			}
		}
	}
}

// rows: the same operations on both sides.
func (v *verdict) rows() {
	client, vendor := v.w.client.rows(v.m.client.number), v.w.vendor.rows(v.m.vendor.number)
	known := map[instrument.OperationID]bool{}
	for _, r := range client {
		known[r.id], v.op = true, r.id
	}
	for _, r := range vendor {
		if !known[r.id] {
			v.says("the vendor has a row of operation %.8s, the client none", r.id)
		}
		delete(known, r.id)
	}
	if v.paid && len(client) != 1 || len(client) > 1 {
		v.says("the client has %d rows of one payment", len(client))
	}
	if v.paid && len(known) > 0 {
		v.says("the client has a row of a payment, the vendor none")
	}
}

// instruments: the value is where the outcome says, and both sides have stored
// the same words and times.
func (v *verdict) instruments(coin instrument.ID) {
	i, err := v.w.client.desk.Instruments().View(v.w.t.Context(), coin)
	check(v.w.t, err)
	if want := map[bool]string{true: "spent", false: "full"}[v.paid]; i.Status != want {
		v.says("the coin is %s", i.Status)
	}
	check(v.w.t, i.Decode(&v.coin))
	fresh := v.w.receipts()[v.m.receipts:]
	now, taken := v.w.account(), 0
	if v.paid {
		taken = 1
	}
	if len(fresh) != taken || now.Taken != v.m.till.Taken+taken || now.Pending != v.m.till.Pending {
		v.says("the vendor has taken %d coins with %d receipts, and %d are on the way", now.Taken-v.m.till.Taken, len(fresh), now.Pending-v.m.till.Pending)
	}
	if !v.paid || len(fresh) != 1 {
		return
	}
	i, err = v.w.vendor.desk.Instruments().View(v.w.t.Context(), instrument.ID(fresh[0]))
	check(v.w.t, err)
	check(v.w.t, i.Decode(&v.receipt))
	if text(v.coin.Mine) != text(v.receipt.Theirs) || text(v.coin.Theirs) != text(v.receipt.Mine) {
		v.says("the client has stored %s, the vendor %s", text(v.coin), text(v.receipt))
	}
}

// payments: at the provider is what was ordered, once, and as it was stored.
func (v *verdict) payments() {
	made, differs := v.w.provider.since(v.m.payments)
	for _, key := range differs {
		v.says("the key %.8s… came again with another order", key)
	}
	want := map[string]bool{}
	if v.paid {
		want["the first"] = true
		if v.w.protocol == trade {
			want["the second"], want["the client's"] = true, true
		}
	}
	for _, p := range made {
		if !want[p.What] || p.Reference != v.op {
			v.says("nobody knows of the payment %q for %.8s", p.What, p.Reference)
			continue
		}
		delete(want, p.What)
		if stored := v.stored(p.What); stored != text(p.By.Nonce)+text(p.By.Now) {
			v.says("the payment %q was made by a run that was forgotten", p.What)
		}
	}
	for what := range want {
		v.says("the payment %q is missing", what)
	}
}

func (v *verdict) stored(what string) string {
	list, n := v.receipt.Mine, 0
	switch what {
	case "the second":
		n = 1
	case "the client's":
		list = v.coin.Mine
	}
	if n >= len(list) {
		return ""
	}
	return text(list[n].Nonce) + text(list[n].Now)
}

// disk: nothing is leased, and the journal has no gap.
func (v *verdict) disk(name string, s *side) {
	if held := s.texts(`SELECT id FROM instances WHERE lease IS NOT NULL`); len(held) > 0 {
		v.says("%v are still leased at the %s", held, name)
	}
	if gaps := s.texts(`SELECT topic FROM journal GROUP BY topic HAVING count(*) <> max(seq) OR min(seq) <> 1`); len(gaps) > 0 {
		v.says("the journal of %v has gaps at the %s", gaps, name)
	}
}

func text(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(out)
}
