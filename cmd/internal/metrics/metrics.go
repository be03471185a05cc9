// Package metrics shows a bank's figures to Prometheus: the money questions first,
// then requests by route template, the store's commits and the process itself.
// Names begin with c2ec_. No label holds what a client chose.
package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/swaperoo/swaperoo/controller/bank"
)

// Commits counts a store's work.
type Commits struct{ Commits, Units, Failed uint64 }

// Sources are where the figures come from when somebody looks.
type Sources struct {
	Bank  func(ctx context.Context) (bank.Figures, error)
	Store func() Commits
	Clock func() time.Time
	Log   *slog.Logger
}

// Metrics is a registry of its own.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	held     prometheus.Gauge
}

// New makes the registry of one bank.
func New(s Sources) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "c2ec_request_seconds", Help: "Time to answer requests, long polls included, by route template.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1, 10, 60},
		}, []string{"route", "method", "status"}),
		held: prometheus.NewGauge(prometheus.GaugeOpts{Name: "c2ec_long_polls", Help: "Requests that are held in long polls now."}),
	}
	m.registry.MustRegister(m.requests, m.held, &money{s}, &commits{s.Store}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Answered counts a request. A method that no route has is a client's choice of
// words.
func (m *Metrics) Answered(route, method string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodOptions:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

// Held says how many requests are held now.
func (m *Metrics) Held(now int) { m.held.Set(float64(now)) }

// Handler answers scrapes.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Timeout: 10 * time.Second})
}
