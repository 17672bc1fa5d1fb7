package pg_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
)

// TestMetrics: what was committed counts, and nothing else.
func TestMetrics(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	registry := prometheus.NewRegistry()
	f.writer = pg.NewWriter(f.pool, pg.Options{
		Finality: func(int64) int64 { return finality }, MaxRefusals: 3, Metrics: pg.NewMetrics(registry),
	})
	items := f.many(5, 1)
	f.write(counts{Inserted: 5}, items...)
	conflicting := f.deposited(1, 0, func(d *events.Deposited) { d.VaultType = 9 })
	f.write(counts{Inserted: 1, Duplicates: 5, DeadLetters: 1}, append(f.again(items), conflicting, f.generic(9, 0, number(9), "{}"))...)
	f.writeBatch(counts{}, &event.Batch{Reorgs: []event.Reorg{{Origin: f.origin(), Network: f.network, Notice: event.JSON("{}")}}})

	missing := f.deposited(2, 0)
	unknown := *missing.Definition
	unknown.Table = "missing_events"
	missing.Definition = &unknown
	if _, err := f.writer.Write(t.Context(), &event.Batch{Items: []event.Item{missing}}); err == nil {
		t.Fatal("wrote into a table that is not there")
	}
	want := `
		# HELP redis_postgres_sync_dead_letters_total Dead letters by reason. Those of nul_in_text annotate a row that was written.
		# TYPE redis_postgres_sync_dead_letters_total counter
		redis_postgres_sync_dead_letters_total{reason="key_conflict"} 1
		# HELP redis_postgres_sync_reorg_notices_total Notices of reorgs that rindexer sent, copies included.
		# TYPE redis_postgres_sync_reorg_notices_total counter
		redis_postgres_sync_reorg_notices_total 1
		# HELP redis_postgres_sync_table_rows_total Events by table: inserted as a row, or duplicate of one that stood already.
		# TYPE redis_postgres_sync_table_rows_total counter
		redis_postgres_sync_table_rows_total{outcome="duplicate",table="deposited_events"} 5
		redis_postgres_sync_table_rows_total{outcome="duplicate",table="generic_events"} 0
		redis_postgres_sync_table_rows_total{outcome="inserted",table="deposited_events"} 5
		redis_postgres_sync_table_rows_total{outcome="inserted",table="generic_events"} 1
	`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
