package ingest

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// Metrics counts for all loops of a process.
type Metrics struct {
	processed prometheus.Counter
	failed    prometheus.Counter
	batches   prometheus.Counter
	duration  prometheus.Histogram
	latency   prometheus.Histogram
	messages  prometheus.Histogram
	events    prometheus.Histogram
	forms     *prometheus.CounterVec
	reads     prometheus.Counter
	writes    prometheus.Counter

	// The first two as numbers, for who asks without Prometheus.
	totalProcessed, totalFailed atomic.Int64
	rate                        *rate
}

// NewMetrics registers the metrics of the loops with r, which may be nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	factory := promauto.With(r)
	counter := func(name, help string) prometheus.Counter {
		return factory.NewCounter(prometheus.CounterOpts{Name: "redis_postgres_sync_" + name, Help: help})
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return factory.NewHistogram(prometheus.HistogramOpts{Name: "redis_postgres_sync_" + name, Help: help, Buckets: buckets})
	}
	retries := factory.NewCounterVec(prometheus.CounterOpts{
		Name: "redis_postgres_sync_retries_total",
		Help: "Attempts that failed and are made again: to read from Redis, to write into PostgreSQL.",
	}, []string{"operation"})
	m := &Metrics{
		rate:      newRate(),
		processed: counter("events_processed_total", "Events decided: rows, duplicates and dead letters."),
		failed:    counter("events_failed_total", "Events and messages that became dead letters."),
		batches:   counter("batches_processed_total", "Batches committed."),
		duration: histogram("processing_duration_seconds", "Time of a batch from being read until it is committed.",
			prometheus.ExponentialBuckets(0.001, 2, 16)),
		latency: histogram("end_to_end_latency_seconds", "Time of a message from XADD until its COMMIT is answered.",
			prometheus.ExponentialBuckets(0.001, 2, 22)),
		messages: histogram("batch_messages", "Messages in a batch.", prometheus.ExponentialBuckets(1, 2, 14)),
		events:   histogram("batch_events", "Events in a batch.", prometheus.ExponentialBuckets(1, 2, 18)),
		forms: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "redis_postgres_sync_messages_total",
			Help: "Messages by form of their event_data: array, object, empty; or rejected as a whole.",
		}, []string{"form"}),
		reads:  retries.WithLabelValues("read"),
		writes: retries.WithLabelValues("write"),
	}
	for _, form := range formNames {
		m.forms.WithLabelValues(form)
	}
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "redis_postgres_sync_events_per_second", Help: "Events decided a second, over the last five seconds.",
	}, func() float64 { now, _ := m.rate.read(); return now })
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "redis_postgres_sync_peak_events_per_second", Help: "Most events decided in one second since the start.",
	}, func() float64 { _, peak := m.rate.read(); return peak })
	return m
}

// RegisterBreaker registers the state of b with r.
func RegisterBreaker(r prometheus.Registerer, b *Breaker) {
	for _, state := range []State{Closed, Open, HalfOpen} {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "redis_postgres_sync_circuit_breaker_state",
			Help:        "1 for the state that the circuit breaker of PostgreSQL is in: closed, open or half_open.",
			ConstLabels: prometheus.Labels{"state": string(state)},
		}, func() float64 {
			if b.State() == state {
				return 1
			}
			return 0
		}))
	}
}

// Totals returns the events processed and failed since the start.
func (m *Metrics) Totals() (processed, failed int64) {
	return m.totalProcessed.Load(), m.totalFailed.Load()
}

// noAge is what no entry has waited: its id was made up.
const noAge = 365 * 24 * time.Hour

// committed takes down a batch that was read at start.
func (m *Metrics) committed(start time.Time, messages []event.Message, batch *event.Batch, letters []event.DeadLetter) {
	processed, failed := len(batch.Items)+len(batch.Reorgs)+withoutRow(batch.DeadLetters), withoutRow(letters)
	m.totalProcessed.Add(int64(processed))
	m.totalFailed.Add(int64(failed))
	m.rate.add(processed)
	m.processed.Add(float64(processed))
	m.failed.Add(float64(failed))
	m.batches.Inc()
	m.duration.Observe(time.Since(start).Seconds())
	m.messages.Observe(float64(len(messages)))
	m.events.Observe(float64(processed))
	now := time.Now()
	for _, message := range messages {
		if age := event.EntryIDOf(message.ID).Age(now); age < noAge {
			m.latency.Observe(age.Seconds())
		}
	}
}

// decided takes down the forms of a batch's messages.
func (m *Metrics) decided(forms [len(formNames)]int) {
	for form, n := range forms {
		if n > 0 {
			m.forms.WithLabelValues(formNames[form]).Add(float64(n))
		}
	}
}

func withoutRow(letters []event.DeadLetter) (n int) {
	for _, l := range letters {
		if !l.Written {
			n++
		}
	}
	return n
}
