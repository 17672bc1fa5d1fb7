// Package tables gives tests a database with all tables. It is imported by tests only, and stands apart from testenv, which
// the tests of the packages that it needs import.
package tables

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/schema"
)

// Pool makes the tables in the database of a URL, and returns a pool of up to eight connections to it, which ends with the
// test.
func Pool(tb testing.TB, url string) *pgxpool.Pool {
	tb.Helper()
	migrator, err := migrate.New(url, schema.Files)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := migrator.Apply(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	pool, err := pg.Connect(tb.Context(), url, 8)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool
}
