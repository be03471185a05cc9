package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

// Options say how hard providers are asked; zero members have defaults.
type Options struct {
	Since     time.Time     // providers are asked only about withdrawals that moved since then, or are open; zero: about all
	PerSecond int           // questions to each provider: 50
	AtOnce    int           // questions under way at a time: 4
	Within    time.Duration // for one question: 10 s
	Tries     int           // before a provider counts as unreachable: 3
	Pause     time.Duration // between two of them: 1 s
}

func (o Options) withDefaults() Options {
	def := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	def(&o.PerSecond, 50)
	def(&o.AtOnce, 4)
	def(&o.Tries, 3)
	if o.Within <= 0 {
		o.Within = 10 * time.Second
	}
	if o.Pause <= 0 {
		o.Pause = time.Second
	}
	return o
}

// Report is what an audit has found.
type Report struct {
	OK               bool         `json:"ok"` // there is no difference
	Withdrawals      int          `json:"withdrawals"`
	Confirmed        int          `json:"confirmed"`
	HistoryRows      int          `json:"history_rows"`
	Asked            int          `json:"asked"`             // withdrawals about which their providers were to be asked
	ProviderPayments int          `json:"provider_payments"` // that providers have with the reference of a withdrawal, and that were paid
	Explained        int          `json:"explained"`         // payments, refunds and refused transfers that only an operator's word keeps from being differences
	Differences      []Difference `json:"differences"`
}

// Difference is one place where the books do not agree. The members that say
// where are set as far as they apply.
type Difference struct {
	Kind     Kind   `json:"kind"`
	Text     string `json:"text"` // for people
	WOPID    string `json:"wopid,omitempty"`
	Topic    string `json:"topic,omitempty"`
	Row      uint64 `json:"row,omitempty"`
	Provider string `json:"provider,omitempty"`
	Payment  string `json:"payment,omitempty"` // as the provider calls it
}

// Kind is one fixed word for each kind of difference.
type Kind string

// The kinds.
const (
	RowMissing          Kind = "row-missing"            // confirmed, or carried out, and in no history
	RowTwice            Kind = "row-twice"              // one of them twice
	RowAlone            Kind = "row-alone"              // a row without what it is of
	RowDiffers          Kind = "row-differs"            // amount, reserve or account
	RowGap              Kind = "row-gap"                // a number that nobody has
	RowUnreadable       Kind = "row-unreadable"         // altered, or nothing that the exchange would take
	RecordUnreadable    Kind = "record-unreadable"      // the same of an instrument
	RecordMissing       Kind = "record-missing"         // the journal tells of an instrument that is not there
	RecordDiffers       Kind = "record-differs"         // its status is not what the journal tells: it was turned back, or an entry is lost
	KeyMissing          Kind = "key-missing"            // what an instrument has claimed is not on record as its own
	PaymentTwice        Kind = "payment-used-twice"     // two withdrawals were confirmed by one payment
	PaymentUnknown      Kind = "payment-unknown"        // confirmed, and the provider knows of no such payment
	PaymentNotPaid      Kind = "payment-not-paid"       // confirmed, and the provider does not say paid
	PaymentForOther     Kind = "payment-for-other"      // confirmed, and the payment has another reference, space or currency
	PaymentTooSmall     Kind = "payment-too-small"      // less than amount and fees
	PaymentUnreadable   Kind = "payment-unreadable"     // the provider's answer about a withdrawal's payments is not of the expected form
	SurplusKept         Kind = "surplus-kept"           // more than that, and not given back
	PaidNotGivenBack    Kind = "paid-not-given-back"    // paid for what is aborted, or twice
	PaymentForeign      Kind = "payment-foreign"        // notice was given of it, and it is for nothing here
	RefundMissing       Kind = "refund-missing"         // the books say refunded, the provider does not
	RefundUnexplained   Kind = "refund-unexplained"     // the provider says refunded, the books do not
	TransferExceeds     Kind = "transfer-exceeds"       // more was wired back than the exchange had
	TransferAlone       Kind = "transfer-alone"         // of nothing that was confirmed
	TransferRefused     Kind = "transfer-refused"       // the exchange never sends it again, and what it was for did not go back
	ReturnAlone         Kind = "return-alone"           // the same of a return
	BegunAhead          Kind = "begun-ahead"            // by a clock that was wrong: it does not expire before that time
	ProviderUnreachable Kind = "provider-unreachable"   // it could not be asked
	ProviderUnknown     Kind = "provider-not-on-record" // a withdrawal names one that the bank does not have
)

// auditor is one audit under way.
type auditor struct {
	b     *bank.Bank
	o     Options
	books books

	mu     sync.Mutex
	report Report
}

// Run makes an audit. That something differs is no error; the error is of a database that cannot
// be read, or of ctx.
func Run(ctx context.Context, b *bank.Bank, o Options) (Report, error) {
	a := &auditor{b: b, o: o.withDefaults(), report: Report{Differences: []Difference{}}}
	if err := a.read(ctx); err != nil {
		return Report{}, err
	}
	if err := a.compareChanges(ctx); err != nil {
		return Report{}, err
	}
	if err := a.compareOwn(ctx); err != nil {
		return Report{}, err
	}
	if err := a.nameRefusals(ctx); err != nil {
		return Report{}, err
	}
	if err := a.askProviders(ctx); err != nil {
		return Report{}, err
	}
	r := a.report
	slices.SortFunc(r.Differences, func(x, y Difference) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Topic, y.Topic), cmp.Compare(x.Row, y.Row),
			cmp.Compare(x.WOPID, y.WOPID), cmp.Compare(x.Payment, y.Payment))
	})
	r.OK = len(r.Differences) == 0
	return r, nil
}

// differs notes a difference.
func (a *auditor) differs(d Difference, format string, args ...any) {
	d.Text = fmt.Sprintf(format, args...)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.report.Differences = append(a.report.Differences, d)
}

// books are what the bank itself has on record.
type books struct {
	changes                       *changes
	incoming, outgoing, transfers histories
	providers                     map[string]provider
	sales                         map[instrument.ID]*sale
	confirmedBy                   map[payment]*sale
	wired                         []wired
	wiredOf                       map[taler.WOPID][]wired
	returns                       []returned
	returnsOf                     map[taler.WOPID][]returned
}

type provider struct {
	at instrument.ID
	bank.Provider
}

// payment names one at a provider.
type payment struct{ provider, transaction string }

// sale is what counts of a withdrawal.
type sale struct {
	id            instrument.ID
	wopid         taler.WOPID
	state         taler.State
	payment       payment
	currency      string
	amount, total taler.Amount
	reserve       taler.EddsaPublicKey
	exchange      string                 // whose cash was sold
	refunds       taler.Amount           // what went back of its payment outside of the books, as the operator has found out; absent: nothing
	foreign       []taler.ForeignPayment // those that are for something else, which the bank leaves alone
	undecided     bool                   // the provider has not said what became of the payment
	summed        bool                   // total could be added up
	admin         bool                   // credited by a test tool, without a payment
	restored      bool                   // open in a backup that the bank was restored from
	waits         time.Time              // since when it waits for a wallet, or to be paid; zero: for neither
}

func saleOf(id instrument.ID, w taler.Withdrawal) *sale {
	s := &sale{
		id: id, wopid: w.WOPID, state: w.State, payment: payment{w.Provider, w.ProviderTransactionID}, currency: w.Currency, amount: w.Amount,
		reserve: w.ReservePub, exchange: w.Exchange, refunds: w.RefundsExplained.Amount, foreign: w.AllForeign(), undecided: w.Undecided(), admin: w.WOPID.IsZero(), restored: w.Restored != 0,
	}
	if !w.State.Final() && !s.undecided {
		s.waits = time.Unix(max(w.Created, w.Selected), 0)
	}
	if w.Amount != (taler.Amount{}) {
		var err error
		s.total, err = w.Total()
		s.summed = err == nil
	}
	return s
}

func (s *sale) where() Difference {
	d := Difference{Provider: s.payment.provider, Payment: s.payment.transaction}
	if !s.admin {
		d.WOPID = s.wopid.Text()
	}
	return d
}

// wired is a transfer and its instance, and returned a return.
type wired struct {
	id instrument.ID
	taler.Transfer
}

type returned struct {
	id instrument.ID
	taler.Return
}
