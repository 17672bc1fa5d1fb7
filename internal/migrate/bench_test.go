package migrate_test

import (
	"fmt"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// BenchmarkApply measures the first start (an empty database), a full comparison, and the usual start (equal hash).
// Run it with -benchtime=1x for the large ones.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{30, 300, 2500} {
		schema := many(n)
		run := func(b *testing.B, db string, opts ...migrate.ApplyOption) {
			b.Helper()
			m, err := migrate.New(db, schema)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := m.Apply(b.Context(), opts...); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprintf("first/%d", n), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				db := testenv.Database(b)
				b.StartTimer()
				run(b, db)
			}
		})
		b.Run(fmt.Sprintf("full/%d", n), func(b *testing.B) {
			db := testenv.Database(b)
			run(b, db)
			for b.Loop() {
				run(b, db, migrate.CompareInFull())
			}
		})
		b.Run(fmt.Sprintf("equal/%d", n), func(b *testing.B) {
			db := testenv.Database(b)
			run(b, db)
			for b.Loop() {
				run(b, db)
			}
		})
	}
}

// BenchmarkReady measures what a probe costs, its connection included.
func BenchmarkReady(b *testing.B) {
	for _, n := range []int{30, 300, 2500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m, err := migrate.New(testenv.Database(b), many(n))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := m.Apply(b.Context()); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := m.Ready(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
