package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/swaperoo/swaperoo/comm/taler"
)

var (
	withdrawals = prometheus.NewDesc("c2ec_withdrawals", "Withdrawals by state.", []string{"state"}, nil)
	oldest      = prometheus.NewDesc("c2ec_oldest_withdrawal_seconds", "Age of the oldest withdrawal in a state that is not final; 0: there is none.", []string{"state"}, nil)
	asking      = prometheus.NewDesc("c2ec_notices_undecided", "Notices of payments that wait for their provider.", nil, nil)
	refunds     = prometheus.NewDesc("c2ec_refunds", "Refunds by state: those for which exchanges have asked, and those by the bank itself, of money that was paid and buys nothing.", []string{"asked_by", "state"}, nil)
	foreign     = prometheus.NewDesc("c2ec_foreign_payments_total", "Notices since the start that named a payment for something else: of another reference, space or currency, or another withdrawal's.", nil, nil)
	refused     = prometheus.NewDesc("c2ec_refused_transfers_total", "Transfers of exchanges since the start that were refused for good: what they were to give back did not go back.", nil, nil)
	unfetched   = prometheus.NewDesc("c2ec_history_unfetched", "Confirmed withdrawals that the exchange has not read yet, as far as it has said; until it has asked since the start, of those confirmed since then.", nil, nil)

	storeCommits = prometheus.NewDesc("c2ec_store_commits_total", "Commits of the database.", nil, nil)
	storeUnits   = prometheus.NewDesc("c2ec_store_units_total", "Units of work in them.", nil, nil)
	storeFailed  = prometheus.NewDesc("c2ec_store_failed_total", "Units of work that the database or its disk failed to do.", nil, nil)
)

// scrapeWithin bounds one look at the bank.
const scrapeWithin = 5 * time.Second

// money asks the bank when somebody looks. A bank that cannot be asked shows no
// figures rather than those of before.
type money struct{ s Sources }

// Describe implements prometheus.Collector.
func (c *money) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{withdrawals, oldest, asking, refunds, foreign, refused, unfetched} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *money) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWithin)
	defer cancel()
	f, err := c.s.Bank(ctx)
	if err != nil {
		c.s.Log.Error("the bank's figures cannot be shown", "error", err)
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for state, n := range f.Withdrawals {
		gauge(withdrawals, float64(n), string(state))
	}
	for _, state := range []string{"pending", "selected"} {
		age := 0.0
		for s, since := range f.Oldest {
			if string(s) == state {
				age = max(0, c.s.Clock().Sub(since).Seconds())
			}
		}
		gauge(oldest, age, state)
	}
	gauge(asking, float64(f.Asking))
	for by, counts := range map[string]map[taler.TransferState]int{"exchange": f.Transfers, "bank": f.Returns} {
		for state, n := range counts {
			gauge(refunds, float64(n), by, string(state))
		}
	}
	to <- prometheus.MustNewConstMetric(foreign, prometheus.CounterValue, float64(f.Foreign))
	to <- prometheus.MustNewConstMetric(refused, prometheus.CounterValue, float64(f.Refused))
	gauge(unfetched, float64(f.Unfetched))
}

// commits shows what the store has counted since the start.
type commits struct{ count func() Commits }

// Describe implements prometheus.Collector.
func (c *commits) Describe(to chan<- *prometheus.Desc) {
	to <- storeCommits
	to <- storeUnits
	to <- storeFailed
}

// Collect implements prometheus.Collector.
func (c *commits) Collect(to chan<- prometheus.Metric) {
	n := c.count()
	to <- prometheus.MustNewConstMetric(storeCommits, prometheus.CounterValue, float64(n.Commits))
	to <- prometheus.MustNewConstMetric(storeUnits, prometheus.CounterValue, float64(n.Units))
	to <- prometheus.MustNewConstMetric(storeFailed, prometheus.CounterValue, float64(n.Failed))
}
