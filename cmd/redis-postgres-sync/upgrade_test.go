package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

//go:embed testdata/first-version.sql
var firstVersion string

// oldDatabase is the database of the first version, with statements run on it.
func oldDatabase(t *testing.T, statements ...string) (url string) {
	t.Helper()
	url = testenv.Database(t)
	change(t, url, firstVersion)
	change(t, url, statements...)
	return url
}

// change runs scripts in a session of its own, as they may leave settings behind.
func change(t *testing.T, url string, scripts ...string) {
	t.Helper()
	db := connect(t, url)
	defer db.Close(t.Context())
	for _, sql := range scripts {
		if _, err := db.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%.200s: %v", sql, err)
		}
	}
}

// source returns settings with a stream of the test's own, and a function that adds a message with events of the ledger.
func source(t *testing.T, database string) (settings []string, add func(...deposit)) {
	t.Helper()
	redisURL, prefix := testenv.Redis(t)
	client, err := stream.Connect(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	key := prefix + "stream"
	add = func(deposits ...deposit) {
		t.Helper()
		items := make([]string, len(deposits))
		for i, d := range deposits {
			items[i] = d.json()
		}
		payload := `{"event_name":"Deposited","event_signature_hash":"` + depositedTopic0 + `","event_data":[` +
			strings.Join(items, ",") + `]}`
		args := redis.XAddArgs{Stream: key, Values: []string{"payload", payload}}
		if err := client.XAdd(t.Context(), &args).Err(); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"DATABASE_URL=" + database, "REDIS_URL=" + redisURL, "REDIS_STREAMS=" + key, "HTTP_PORT=0"}, add
}

// TestUpgrade: a database that an earlier version made comes up on this one, with every row as it was.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{
		"as the first version left it":            "SELECT 1",
		"cut off before the hash was stored":      "TRUNCATE schema_state",
		"without a table, a column, and an index": "DROP TABLE reorgs CASCADE; TRUNCATE schema_state; " + withoutColumn + withoutIndex,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := oldDatabase(t, before, remember)
			settings, add := source(t, database)
			add(deposit{0})
			p := startService(t, settings...)
			db := connect(t, database)
			awaitRows(t, db, oldDeposits+1)
			testenv.Eventually(t, patience, func() error { return indexIsThere(t, db) })
			p.signal(syscall.SIGTERM)
			if code := p.wait(); code != exitDone {
				t.Errorf("exit code %d\n%s", code, p.output())
			}
			compareRemembered(t, db)
			code, output := command(t, settings, "migrate", "status")
			expect(t, exitDone, code, output, "these files applied", "true", "missing indexes", "none")
		})
	}
}

const (
	oldDeposits   = 12
	withoutColumn = "DROP VIEW hex.dead_letters; ALTER TABLE dead_letters DROP COLUMN sqlstate; "
	withoutIndex  = "DROP INDEX deposited_events_receiver_idx"

	// remember copies every table. What the service says of its schema is the only thing that an upgrade may change.
	remember = `
CREATE SCHEMA before;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_state' LOOP
        EXECUTE format('CREATE TABLE before.%I AS TABLE public.%I', name, name);
    END LOOP;
END $$`

	rememberedQuery = `
SELECT c.relname::text, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'before'::regnamespace
GROUP BY c.relname`
)

func indexIsThere(t *testing.T, db *pgx.Conn) error {
	t.Helper()
	var valid bool
	err := db.QueryRow(t.Context(), `SELECT EXISTS (
		SELECT FROM pg_index WHERE indexrelid = to_regclass('deposited_events_receiver_idx') AND indisvalid)`).Scan(&valid)
	if err == nil && !valid {
		err = fmt.Errorf("the index is not there")
	}
	return err
}

// compareRemembered looks for every row as it was, in the columns that there were.
func compareRemembered(t *testing.T, db *pgx.Conn) {
	t.Helper()
	rows, err := db.Query(t.Context(), rememberedQuery)
	if err != nil {
		t.Fatal(err)
	}
	type table struct{ Name, Columns string }
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[table])
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, table := range tables {
		var old, lost int
		err := db.QueryRow(t.Context(), fmt.Sprintf(`SELECT (SELECT count(*) FROM before.%[1]s),
			(SELECT count(*) FROM (SELECT %[2]s FROM before.%[1]s EXCEPT ALL SELECT %[2]s FROM public.%[1]s) AS lost)`,
			table.Name, table.Columns)).Scan(&old, &lost)
		if err != nil || lost > 0 {
			t.Errorf("table %s: %d of %d rows are gone or differ, error %v", table.Name, lost, old, err)
		}
		total += old
	}
	if len(tables) < 30 || total < 60 {
		t.Errorf("%d tables with %d rows were compared, which is not the database of the first version", len(tables), total)
	}
}

// TestUpgradeIsRefused: what would drop or rewrite a column is left to people, with all that they need to decide.
func TestUpgradeIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, reason, plan, after string }{
		"a column that would be dropped": {
			before: "ALTER TABLE deposited_events ADD COLUMN memo text NOT NULL DEFAULT 'kept'; " +
				"ALTER TABLE deposited_events ALTER COLUMN memo DROP DEFAULT",
			reason: "table deposited_events: column memo would be dropped with its data",
			plan:   `ALTER TABLE "deposited_events" DROP COLUMN "memo"`,
			after:  "SELECT count(*) FROM deposited_events WHERE memo = 'kept'",
		},
		"a type that would be narrowed": {
			before: "DROP VIEW hex.deposited_events; ALTER TABLE deposited_events ALTER COLUMN vault_type TYPE integer",
			reason: "table deposited_events: column vault_type would change its type from integer to smallint",
			plan:   `ALTER TABLE "deposited_events" ALTER COLUMN "vault_type" TYPE smallint`,
			after:  "SELECT count(*) FROM deposited_events WHERE pg_typeof(vault_type) = 'integer'::regtype",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := oldDatabase(t, test.before, remember)
			settings, _ := source(t, database)
			code, output := command(t, settings, "run")
			expect(t, exitFailed, code, output, "refused", test.reason, "-- NOT ADDITIVE", test.plan,
				"redis-postgres-sync migrate apply --allow-destructive")
			db := connect(t, database)
			var rows int
			if err := db.QueryRow(t.Context(), test.after).Scan(&rows); err != nil || rows != oldDeposits {
				t.Errorf("%d rows are as they were, error %v", rows, err)
			}
			compareRemembered(t, db)

			code, output = command(t, settings, "migrate", "plan")
			expect(t, exitFailed, code, output, test.reason, test.plan)
			code, output = command(t, settings, "migrate", "apply")
			expect(t, exitFailed, code, output, test.reason)
			code, output = command(t, settings, "migrate", "apply", "--allow-destructive")
			expect(t, exitDone, code, output, test.plan)
			code, output = command(t, settings, "migrate", "plan")
			expect(t, exitDone, code, output, "nothing to do")
		})
	}
}

// TestRunWithoutPrivileges: a role that may write rows and nothing else runs the service where the schema is as it
// should be, and is told which column is not where it is not.
func TestRunWithoutPrivileges(t *testing.T) {
	t.Parallel()
	for _, autoMigrate := range []string{"AUTO_MIGRATE=on", "AUTO_MIGRATE=off"} {
		t.Run(autoMigrate, func(t *testing.T) {
			t.Parallel()
			database := oldDatabase(t)
			settings, add := source(t, database)
			code, output := command(t, settings, "migrate", "apply")
			expect(t, exitDone, code, output)
			settings[0] = "DATABASE_URL=" + writer(t, database)

			p := startService(t, append(settings, autoMigrate)...)
			add(deposit{0})
			awaitRows(t, connect(t, database), oldDeposits+1)
			p.awaitStatus(t, "/readyz", 200)
			change(t, database, "ALTER TABLE deposited_events DROP COLUMN vault_type CASCADE")
			_, body := p.awaitStatus(t, "/readyz", 503)
			if err := contains(body, "table deposited_events: column vault_type is missing"); err != nil {
				t.Error(err)
			}
		})
	}
}

// writer returns the URL with a role that may connect and write rows, which takes temporary tables, and nothing else.
func writer(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	name := "writer_" + strings.ToLower(rand.Text())
	change(t, database, fmt.Sprintf(`CREATE ROLE %[1]s LOGIN PASSWORD 'writer';
		REVOKE ALL ON DATABASE %[2]s FROM PUBLIC;
		REVOKE ALL ON SCHEMA public FROM PUBLIC;
		GRANT CONNECT, TEMPORARY ON DATABASE %[2]s TO %[1]s;
		GRANT USAGE ON SCHEMA public TO %[1]s;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO %[1]s;
		REVOKE INSERT, UPDATE, DELETE ON schema_state FROM %[1]s`, name, strings.TrimPrefix(u.Path, "/")))
	t.Cleanup(func() {
		ctx := context.Background()
		db, err := pgx.Connect(ctx, database)
		if err != nil {
			t.Error(err)
			return
		}
		defer db.Close(ctx)
		if _, err := db.Exec(ctx, fmt.Sprintf("DROP OWNED BY %[1]s; DROP ROLE %[1]s", name)); err != nil {
			t.Error(err)
		}
	})
	u.User = url.UserPassword(name, "writer")
	return u.String()
}

// TestRunBesideColumnsOfOthers: what somebody or a newer version added does not keep an event from its table, whether
// it is copied or merged.
func TestRunBesideColumnsOfOthers(t *testing.T) {
	t.Parallel()
	database := oldDatabase(t, `CREATE DOMAIN grade AS integer NOT NULL DEFAULT 1;
		ALTER TABLE deposited_events ADD COLUMN note text;
		ALTER TABLE deposited_events ADD COLUMN rank integer NOT NULL DEFAULT 7;
		ALTER TABLE deposited_events ADD COLUMN id bigserial;
		ALTER TABLE deposited_events ADD COLUMN grade grade;
		ALTER TABLE deposited_events ADD COLUMN day timestamptz GENERATED ALWAYS AS (block_timestamp) STORED;
		TRUNCATE schema_state`)
	settings, add := source(t, database)
	p := startService(t, settings...)
	db := connect(t, database)
	add(deposit{0})
	awaitRows(t, db, oldDeposits+1)
	add(deposit{0}, deposit{1}, deposit{2}, deposit{3}, deposit{4}) // the first is there, so they are merged
	awaitRows(t, db, oldDeposits+5)
	p.awaitStatus(t, "/readyz", 200)
	p.signal(syscall.SIGTERM)
	expect(t, exitDone, p.wait(), p.output(), "left alone", "column rank of table deposited_events")
	var filled, letters int
	err := db.QueryRow(t.Context(), `SELECT
		(SELECT count(*) FROM hex.deposited_events WHERE block_number = 1 AND rank = 7 AND grade = 1 AND day = block_timestamp),
		(SELECT count(*) FROM dead_letters WHERE stream <> 'rindexer_producer')`).Scan(&filled, &letters)
	if err != nil || filled != 5 || letters != 0 {
		t.Errorf("%d rows in the view, want 5; %d dead letters; error %v", filled, letters, err)
	}
}

// TestMigrateOnce: of five processes that apply the schema at the same time, one does.
func TestMigrateOnce(t *testing.T) {
	t.Parallel()
	database := testenv.Database(t)
	for _, state := range []struct{ name, before, change string }{
		{"empty database", "SELECT 1", "CREATE TABLE deposited_events"},
		{"database without a table", "DROP TABLE reorgs CASCADE", "CREATE TABLE reorgs"},
	} {
		change(t, database, state.before)
		var group sync.WaitGroup
		codes, outputs := make([]int, 5), make([]string, 5)
		for i := range codes {
			group.Go(func() { codes[i], outputs[i] = command(t, []string{"DATABASE_URL=" + database}, "migrate", "apply") })
		}
		group.Wait()
		worked := 0
		for i := range codes {
			expect(t, exitDone, codes[i], outputs[i])
			if strings.Contains(outputs[i], state.change) {
				worked++
			} else {
				expect(t, exitDone, codes[i], outputs[i], "nothing to do")
			}
		}
		if worked != 1 {
			t.Errorf("%s: %d processes applied the schema, want 1", state.name, worked)
		}
	}
}
