package pg

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// Metrics counts what was committed, for all writers of a process. Labels are tables of the catalog and reasons of the
// closed set, never what a message says.
type Metrics struct {
	rows    *prometheus.CounterVec
	letters *prometheus.CounterVec
	notices prometheus.Counter
}

// NewMetrics registers the metrics with r, which may be nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	factory := promauto.With(r)
	return &Metrics{
		rows: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "redis_postgres_sync_table_rows_total",
			Help: "Events by table: inserted as a row, or duplicate of one that stood already.",
		}, []string{"table", "outcome"}),
		letters: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "redis_postgres_sync_dead_letters_total",
			Help: "Dead letters by reason. Those of nul_in_text annotate a row that was written.",
		}, []string{"reason"}),
		notices: factory.NewCounter(prometheus.CounterOpts{
			Name: "redis_postgres_sync_reorg_notices_total",
			Help: "Notices of reorgs that rindexer sent, copies included.",
		}),
	}
}

func (m *Metrics) written(batch *event.Batch, rows placed, letters []event.DeadLetter) {
	for table, t := range rows.tables {
		m.rows.WithLabelValues(table, "inserted").Add(float64(t.inserted))
		m.rows.WithLabelValues(table, "duplicate").Add(float64(t.duplicates))
	}
	for _, l := range letters {
		m.letters.WithLabelValues(string(l.Reason)).Inc()
	}
	m.notices.Add(float64(len(batch.Reorgs)))
}

// RegisterPool registers the pool's connections with r: idle, used, and how many there may be.
func RegisterPool(r prometheus.Registerer, pool *pgxpool.Pool) {
	for state, count := range map[string]func(*pgxpool.Stat) int32{
		"idle": (*pgxpool.Stat).IdleConns,
		"used": (*pgxpool.Stat).AcquiredConns,
		"max":  (*pgxpool.Stat).MaxConns,
	} {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "redis_postgres_sync_postgres_connections",
			Help:        "Connections of the writers' pool: idle, used, and max, how many there may be.",
			ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 { return float64(count(pool.Stat())) }))
	}
}
