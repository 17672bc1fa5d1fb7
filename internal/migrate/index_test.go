package migrate_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

const validIndexes = `SELECT count(*) FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
	WHERE c.relname IN ('extra_idx', 'other_idx') AND indisvalid`

func TestBuildIndexes(t *testing.T) {
	t.Parallel()
	const addition = `CREATE INDEX extra_idx ON deposited_events (curve_id);
CREATE INDEX other_idx ON deposited_events (address);
COMMENT ON INDEX extra_idx IS 'by curve';
COMMENT ON TABLE`

	t.Run("builds after start what a table with rows lacks", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(deposited))
		exec(t, db, fmt.Sprintf(insertRow, 1, "NULL"))
		schema := edited(t, "COMMENT ON TABLE", addition)

		plan := apply(t, db, schema)
		if !plan.Empty() || len(plan.Indexes) != 3 ||
			!strings.Contains(plan.String(), "CREATE INDEX CONCURRENTLY extra_idx ON") {
			t.Errorf("plan:\n%s", plan)
		}
		m := newMigrator(t, db, schema)
		if err := m.Ready(t.Context()); err != nil {
			t.Errorf("before the indexes are built: %v", err)
		}
		if st, err := m.Status(t.Context()); err != nil || len(st.MissingIndexes) != 2 {
			t.Errorf("status %+v, %v; want two missing indexes", st, err)
		}
		built, err := m.BuildIndexes(t.Context())
		if err != nil || len(built) != 2 {
			t.Errorf("built %v, %v; want two", built, err)
		}
		if got := query[string](t, db, "SELECT obj_description('extra_idx'::regclass)"); got != "by curve" {
			t.Errorf("comment: %s", got)
		}
		wantNothing(t, db, schema)
		if built, err := m.BuildIndexes(t.Context()); err != nil || len(built) != 0 {
			t.Errorf("second time: built %v, %v", built, err)
		}
	})

	t.Run("drops invalid leftovers and builds them again", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(deposited))
		exec(t, db, fmt.Sprintf(insertRow, 1, "NULL"))
		schema := edited(t, "COMMENT ON TABLE", addition)
		apply(t, db, schema)

		// A writer that does not end keeps the index from becoming valid.
		writer, builder := connect(t, db), connect(t, db)
		if _, err := writer.Exec(t.Context(), "BEGIN;"+fmt.Sprintf(insertRow, 2, "NULL")); err != nil {
			t.Fatal(err)
		}
		if _, err := builder.Exec(t.Context(), "SET lock_timeout = 20"); err != nil {
			t.Fatal(err)
		}
		if _, err := builder.Exec(t.Context(), "CREATE INDEX CONCURRENTLY extra_idx ON deposited_events (curve_id)"); err == nil {
			t.Fatal("the index was built beside an open transaction")
		}
		if _, err := writer.Exec(t.Context(), "COMMIT"); err != nil {
			t.Fatal(err)
		}

		m := newMigrator(t, db, schema)
		st, err := m.Status(t.Context())
		if err != nil || len(st.InvalidIndexes) != 1 || len(st.MissingIndexes) != 1 {
			t.Errorf("status %+v, %v; want one invalid and one missing index", st, err)
		}
		if got := planOf(t, db, schema).String(); !strings.Contains(got, `DROP INDEX CONCURRENTLY IF EXISTS "extra_idx"`) {
			t.Errorf("plan:\n%s", got)
		}
		if built, err := m.BuildIndexes(t.Context()); err != nil || len(built) != 2 {
			t.Errorf("built %v, %v", built, err)
		}
		if got := query[int](t, db, validIndexes); got != 2 {
			t.Errorf("%d valid indexes, want 2", got)
		}
		wantNothing(t, db, schema)
	})

	t.Run("builds once where three instances do", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(deposited))
		exec(t, db, fmt.Sprintf(insertRow, 1, "NULL"))
		schema := edited(t, "COMMENT ON TABLE", addition)
		apply(t, db, schema)
		// The first one waits for this to end, so that the others meet it.
		writer := connect(t, db)
		if _, err := writer.Exec(t.Context(), "BEGIN;"+fmt.Sprintf(insertRow, 2, "NULL")); err != nil {
			t.Fatal(err)
		}
		var log launch.Buffer
		var group errgroup.Group
		built := make([]int, 3)
		for i := range built {
			m := newMigrator(t, db, schema, migrate.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			group.Go(func() error {
				names, err := m.BuildIndexes(t.Context())
				built[i] = len(names)
				return err
			})
		}
		testenv.Eventually(t, eventually, func() error {
			if strings.Count(log.String(), "waiting for another instance") < 2 {
				return fmt.Errorf("the others do not wait:\n%s", &log)
			}
			return nil
		})
		if _, err := writer.Exec(t.Context(), "COMMIT"); err != nil {
			t.Fatal(err)
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		if total := built[0] + built[1] + built[2]; total != 2 {
			t.Errorf("built %v, want two in all", built)
		}
	})

	t.Run("goes on to the next index where one cannot be built", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(deposited))
		exec(t, db, fmt.Sprintf(insertRow, 1, "NULL"), fmt.Sprintf(insertRow, 2, "NULL"))
		schema := edited(t, "COMMENT ON TABLE", strings.Replace(addition, "CREATE INDEX", "CREATE UNIQUE INDEX", 1))
		apply(t, db, schema)
		built, err := newMigrator(t, db, schema).BuildIndexes(t.Context())
		wantError(t, err, "build index extra_idx on table deposited_events", "23505")
		if len(built) != 1 || built[0] != "other_idx" {
			t.Errorf("built %v", built)
		}
	})

	t.Run("first for tables with rows, at once for empty ones", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(twoTables))
		exec(t, db, "DROP INDEX deposited_events_sender_idx, other_events_amount_idx", "INSERT INTO other_events VALUES ('a', 1)")
		var log bytes.Buffer
		m := newMigrator(t, db, files(twoTables), migrate.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		built, err := m.BuildIndexes(t.Context())
		if want := []string{"other_events_amount_idx", "deposited_events_sender_idx"}; err != nil || !slices.Equal(built, want) {
			t.Errorf("built %v, %v; want %v", built, err, want)
		}
		if got := strings.Count(log.String(), "building index"); got != 1 || !strings.Contains(log.String(), "other_events") {
			t.Errorf("built concurrently:\n%s", &log)
		}
		wantNothing(t, db, files(twoTables))
	})

	t.Run("concurrently where an empty table is in use", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(twoTables))
		exec(t, db, "DROP INDEX other_events_amount_idx")
		writer := connect(t, db)
		if _, err := writer.Exec(t.Context(), "BEGIN; INSERT INTO other_events VALUES ('a', 1)"); err != nil {
			t.Fatal(err)
		}
		var group errgroup.Group
		m := newMigrator(t, db, files(twoTables))
		group.Go(func() error {
			_, err := m.BuildIndexes(t.Context())
			return err
		})
		const building = `SELECT count(*) FROM pg_stat_progress_create_index
			WHERE datname = current_database() AND command = 'CREATE INDEX CONCURRENTLY'`
		testenv.Eventually(t, eventually, func() error { return wantCount(t, db, building, 1) })
		exec(t, db, "SET lock_timeout = '5s'; INSERT INTO other_events VALUES ('b', 1)") // nobody has to wait
		if _, err := writer.Exec(t.Context(), "COMMIT"); err != nil {
			t.Fatal(err)
		}
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
		wantNothing(t, db, files(twoTables))
	})

	t.Run("before tables are altered, so that writers do not queue behind who waits for it", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(deposited))
		exec(t, db, fmt.Sprintf(insertRow, 1, "NULL"), "DROP INDEX deposited_events_sender_idx")
		writer := connect(t, db)
		if _, err := writer.Exec(t.Context(), "BEGIN;"+fmt.Sprintf(insertRow, 2, "NULL")); err != nil {
			t.Fatal(err)
		}
		var group errgroup.Group
		older := newMigrator(t, db, files(deposited))
		group.Go(func() error {
			_, err := older.BuildIndexes(t.Context())
			return err
		})
		const building = `SELECT count(*) FROM pg_stat_progress_create_index WHERE datname = current_database()`
		testenv.Eventually(t, eventually, func() error { return wantCount(t, db, building, 1) })

		var log launch.Buffer
		newer := newMigrator(t, db, edited(t, "    legs", "    extra bytea,\n    legs"),
			migrate.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		group.Go(func() error {
			_, err := newer.Apply(t.Context())
			return err
		})
		testenv.Eventually(t, eventually, func() error {
			if !strings.Contains(log.String(), "waiting for another instance") {
				return fmt.Errorf("log: %s", &log)
			}
			return nil
		})
		const waiting = `SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'deposited_events'::regclass`
		if err := wantCount(t, db, waiting, 0); err != nil {
			t.Error(err)
		}
		if _, err := writer.Exec(t.Context(), "COMMIT"); err != nil {
			t.Fatal(err)
		}
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
		const extra = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'deposited_events'::regclass AND attname = 'extra'"
		if got := query[int](t, db, extra); got != 1 {
			t.Error("the column was not added")
		}
	})

	t.Run("no more of them once the connection is gone", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		many := deposited
		for i := range 5 {
			many += fmt.Sprintf("CREATE INDEX many_%d_idx ON deposited_events (curve_id);\n", i)
		}
		apply(t, db, files(deposited))
		exec(t, db, fmt.Sprintf(insertRow, 1, "NULL"))
		writer := connect(t, db) // the build waits for it
		if _, err := writer.Exec(t.Context(), "BEGIN;"+fmt.Sprintf(insertRow, 2, "NULL")); err != nil {
			t.Fatal(err)
		}
		failed := make(chan error, 1)
		m := newMigrator(t, db, files(many))
		go func() {
			_, err := m.BuildIndexes(t.Context())
			failed <- err
		}()
		const builder = " FROM pg_stat_progress_create_index WHERE datname = current_database()"
		testenv.Eventually(t, eventually, func() error { return wantCount(t, db, "SELECT count(*)"+builder, 1) })
		exec(t, db, "SELECT pg_terminate_backend(pid)"+builder)
		if err := <-failed; err == nil || strings.Count(err.Error(), "build index") != 1 {
			t.Errorf("got %v; want the one that was being built", err)
		}
	})

	t.Run("names three of many that cannot be built", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		many := twoTables
		for i := range 5 {
			many += fmt.Sprintf("CREATE INDEX many_%d_idx ON deposited_events (curve_id);\n", i)
		}
		apply(t, db, files(twoTables))
		name, asRole := role(t, db)
		exec(t, db, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+name)
		_, err := newMigrator(t, asRole, files(many)).BuildIndexes(t.Context())
		wantError(t, err, "build index many_0_idx", "must own the tables", "and 2 more")
	})

	t.Run("ends with its context, on the server too", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(deposited))
		exec(t, db, fmt.Sprintf(insertRow, 1, "NULL"))
		schema := edited(t, "COMMENT ON TABLE", addition)
		apply(t, db, schema)
		writer := connect(t, db)
		if _, err := writer.Exec(t.Context(), "BEGIN;"+fmt.Sprintf(insertRow, 2, "NULL")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var group errgroup.Group
		m := newMigrator(t, db, schema)
		group.Go(func() error {
			_, err := m.BuildIndexes(ctx)
			return err
		})
		const building = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' " +
			"AND datname = current_database()"
		testenv.Eventually(t, eventually, func() error { return wantCount(t, db, building, 1) })
		cancel()
		if err := group.Wait(); err == nil {
			t.Error("the cancelled build succeeded")
		}
		testenv.Eventually(t, eventually, func() error { return wantCount(t, db, building, 0) })
	})
}

func wantCount(t *testing.T, db, sql string, want int) error {
	t.Helper()
	if got := query[int](t, db, sql); got != want {
		return fmt.Errorf("%s: %d, want %d", sql, got, want)
	}
	return nil
}
