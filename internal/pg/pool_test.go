package pg_test

import (
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// TestConnectSetsItsOwnDeadline: a statement_timeout of the database would have a batch tried again as it is, where
// ours has it divided.
func TestConnectSetsItsOwnDeadline(t *testing.T) {
	t.Parallel()
	url := testenv.Database(t)
	setup, err := pg.Connect(t.Context(), url, 1)
	if err != nil {
		t.Fatal(err)
	}
	const alter = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = 1000', current_database()); END $$"
	_, err = setup.Exec(t.Context(), alter)
	setup.Close()
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pg.Connect(t.Context(), url, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var timeout string
	if err := pool.QueryRow(t.Context(), "SHOW statement_timeout").Scan(&timeout); err != nil || timeout != "0" {
		t.Errorf("statement_timeout is %q, error %v", timeout, err)
	}
}
