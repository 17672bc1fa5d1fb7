package migrate_test

import (
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// twoTables are deposited_events and another table with an index and a unique one.
const twoTables = deposited + `
CREATE TABLE other_events (
    network text NOT NULL,
    amount numeric(78,0) NOT NULL,
    CONSTRAINT other_events_pkey PRIMARY KEY (network)
);
CREATE INDEX other_events_amount_idx ON other_events (amount);
CREATE UNIQUE INDEX other_events_unique_idx ON other_events (network, amount);
`

func TestPostponeIndexes(t *testing.T) {
	t.Parallel()
	tables := []string{"deposited_events", "other_events", "missing_events"}
	const sender, amount = "deposited_events_sender_idx", "other_events_amount_idx"

	postpone := func(t *testing.T, db string, want ...string) {
		t.Helper()
		got, err := newMigrator(t, db, files(twoTables)).PostponeIndexes(t.Context(), tables)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("dropped %v, %v; want %v", got, err, want)
		}
	}
	missing := func(t *testing.T, db string, want ...string) {
		t.Helper()
		got, err := newMigrator(t, db, files(twoTables)).MissingIndexes(t.Context())
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("missing are %v, %v; want %v", got, err, want)
		}
	}

	t.Run("those of empty tables, and BuildIndexes builds them", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(twoTables))
		exec(t, db, "CREATE INDEX somebodys_idx ON deposited_events (address)")
		missing(t, db)
		postpone(t, db, sender, amount)
		missing(t, db, sender, amount)
		const kept = `SELECT string_agg(indexname, ' ' ORDER BY indexname) FROM pg_indexes WHERE tablename = ANY ('{deposited_events,other_events}')`
		want := "deposited_events_block_timestamp_idx deposited_events_pkey deposited_events_transaction_hash_idx " +
			"other_events_pkey other_events_unique_idx somebodys_idx"
		if got := query[string](t, db, kept); got != want {
			t.Errorf("kept %s\nwant %s", got, want)
		}
		m := newMigrator(t, db, files(twoTables))
		if err := m.Ready(t.Context()); err != nil {
			t.Errorf("without the indexes: %v", err)
		}
		if plan := apply(t, db, files(twoTables)); !plan.Empty() {
			t.Errorf("a start makes them again:\n%s", plan)
		}
		postpone(t, db)
		exec(t, db, `INSERT INTO other_events VALUES ('a', 1)`)
		if built, err := m.BuildIndexes(t.Context()); err != nil || len(built) != 2 {
			t.Errorf("built %v, %v", built, err)
		}
		missing(t, db)
		exec(t, db, "DROP INDEX somebodys_idx")
		wantNothing(t, db, files(twoTables))
	})

	t.Run("not those of tables with rows", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(twoTables))
		exec(t, db, `INSERT INTO other_events VALUES ('a', 1)`)
		postpone(t, db, sender)
	})

	t.Run("not those of a partitioned table, which could not be built again", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(twoTables))
		exec(t, db, "DROP TABLE other_events CASCADE", `CREATE TABLE other_events (network text PRIMARY KEY, amount numeric(78,0) NOT NULL)
			PARTITION BY LIST (network)`, "CREATE INDEX other_events_amount_idx ON other_events (amount)")
		postpone(t, db, sender)
	})

	t.Run("not those of a table that is getting its first row, which is not waited for", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(twoTables))
		writer := connect(t, db)
		if _, err := writer.Exec(t.Context(), `BEGIN; INSERT INTO other_events VALUES ('a', 1)`); err != nil {
			t.Fatal(err)
		}
		postpone(t, db, sender)
		if _, err := writer.Exec(t.Context(), "COMMIT"); err != nil {
			t.Fatal(err)
		}
		missing(t, db, sender)
	})

	t.Run("not those of a table that somebody keeps locked", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(twoTables))
		reader := connect(t, db)
		if _, err := reader.Exec(t.Context(), `BEGIN; LOCK TABLE other_events IN ACCESS SHARE MODE`); err != nil {
			t.Fatal(err)
		}
		postpone(t, db, sender)
		missing(t, db, sender)
	})

	t.Run("none while another instance builds", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(twoTables))
		exec(t, db, "DROP INDEX "+amount, `INSERT INTO other_events VALUES ('a', 1)`)
		writer := connect(t, db)
		if _, err := writer.Exec(t.Context(), `BEGIN; INSERT INTO other_events VALUES ('b', 1)`); err != nil {
			t.Fatal(err)
		}
		m := newMigrator(t, db, files(twoTables))
		var group errgroup.Group
		group.Go(func() error {
			_, err := m.BuildIndexes(t.Context())
			return err
		})
		const building = `SELECT count(*) FROM pg_stat_progress_create_index WHERE datname = current_database()`
		testenv.Eventually(t, eventually, func() error { return wantCount(t, db, building, 1) })
		missing(t, db, amount)
		postpone(t, db)
		if _, err := writer.Exec(t.Context(), "COMMIT"); err != nil {
			t.Fatal(err)
		}
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
		missing(t, db)
	})

	t.Run("a role that owns none is told so", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(twoTables))
		name, asRole := role(t, db)
		exec(t, db, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+name)
		_, err := newMigrator(t, asRole, files(twoTables)).PostponeIndexes(t.Context(), tables)
		wantError(t, err, "postpone indexes", "must own the tables")
		missing(t, db)
	})
}
