package migrate_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// newer is the version after deposited: it has more, and some of it otherwise.
func newer(t *testing.T) fstest.MapFS {
	t.Helper()
	text := deposited
	for _, edit := range [][2]string{
		{"    sender bytea", "    note text,\n    grade integer NOT NULL DEFAULT 7,\n    sender bytea"},
		{"curve_id numeric(78,0) NOT NULL", "curve_id numeric(78,0) NOT NULL DEFAULT 0"},
		{"(sender)", "(sender, curve_id)"},
		{"event Deposited", "event  Deposited"},
		{"COMMENT ON TABLE", "CREATE INDEX later_idx ON deposited_events (address);\n" +
			"COMMENT ON COLUMN deposited_events.note IS 'what';\n" +
			"COMMENT ON COLUMN deposited_events.network IS 'where';\nCOMMENT ON TABLE"},
	} {
		if strings.Count(text, edit[0]) != 1 {
			t.Fatalf("the schema has %q %d times", edit[0], strings.Count(text, edit[0]))
		}
		text = strings.Replace(text, edit[0], edit[1], 1)
	}
	all := files(text)
	all["more_events.gen.sql"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(deposited, "deposited_events", "more_events"))}
	return all
}

// catalogQuery changes with every statement that changes our tables, views, indexes or comments, even to what they were.
const catalogQuery = `
WITH ours AS (SELECT oid, xmin FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'hex'::regnamespace)),
     rows AS (
         SELECT 'class' AS kind, oid::text AS name, xmin FROM ours
         UNION ALL SELECT 'column', attrelid || ' ' || attnum, xmin FROM pg_attribute WHERE attrelid IN (SELECT oid FROM ours)
         UNION ALL SELECT 'default', adrelid || ' ' || adnum, xmin FROM pg_attrdef WHERE adrelid IN (SELECT oid FROM ours)
         UNION ALL SELECT 'comment', objoid || ' ' || objsubid, xmin FROM pg_description WHERE objoid IN (SELECT oid FROM ours)
         UNION ALL SELECT 'constraint', oid::text, xmin FROM pg_constraint WHERE conrelid IN (SELECT oid FROM ours)
         UNION ALL SELECT 'rule', oid::text, xmin FROM pg_rewrite WHERE ev_class IN (SELECT oid FROM ours))
SELECT md5(string_agg(concat_ws(' ', kind, name, xmin), ';' ORDER BY kind, name)) FROM rows`

// TestTwoVersions starts an older and a newer version in turn, as while instances are replaced, or rolled back.
func TestTwoVersions(t *testing.T) {
	t.Parallel()
	db := testenv.Database(t)
	older, newer := files(deposited), newer(t)
	apply(t, db, older)
	exec(t, db, fmt.Sprintf(insertRow, 1, "NULL"))
	first := apply(t, db, newer)
	if len(first.Changes) == 0 || len(first.Deferred) != 2 {
		t.Errorf("the newer version's first plan:\n%s", first)
	}
	if _, err := newMigrator(t, db, newer).BuildIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}

	inTurn := func() {
		t.Helper()
		before := query[string](t, db, catalogQuery)
		for i, schema := range []fstest.MapFS{older, newer, older, older, newer} {
			plan := apply(t, db, schema)
			if len(plan.Changes)+len(plan.Indexes) > 0 {
				t.Errorf("start %d changes what the one before had left:\n%s", i+1, plan)
			}
			for name, running := range map[string]fstest.MapFS{"older": older, "newer": newer} {
				if err := newMigrator(t, db, running).Ready(t.Context()); err != nil {
					t.Errorf("after start %d the %s version is not ready: %v", i+1, name, err)
				}
			}
			if built, err := newMigrator(t, db, schema).BuildIndexes(t.Context()); err != nil || len(built) > 0 {
				t.Errorf("start %d builds indexes %v, %v", i+1, built, err)
			}
			exec(t, db, fmt.Sprintf(insertRow, query[int](t, db, "SELECT count(*) + 1 FROM deposited_events"), "NULL"))
		}
		if after := query[string](t, db, catalogQuery); after != before {
			t.Error("the versions' starts changed the catalog")
		}
	}
	inTurn()

	// The same once an operator has given the newer version all it wants, and the other way round.
	apply(t, db, newer, migrate.AllowDestructive())
	if _, err := newMigrator(t, db, newer).BuildIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantNothing(t, db, newer)
	inTurn()
	apply(t, db, older, migrate.CompareInFull())
	inTurn()
	if got := query[string](t, db, "SELECT string_agg(grade::text, ' ') FROM hex.deposited_events"); !strings.HasPrefix(got, "7 7 7") {
		t.Errorf("the view has lost the newer version's column, or its rows: %s", got)
	}
}

func TestLeftAlone(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, sql, note string }{
		{"a nullable column", "ALTER TABLE deposited_events ADD COLUMN theirs text", "column theirs"},
		{"a column with a default", "ALTER TABLE deposited_events ADD COLUMN theirs int NOT NULL DEFAULT 1", "column theirs"},
		{"a column that counts", "ALTER TABLE deposited_events ADD COLUMN theirs bigserial", "column theirs"},
		{"a column that is computed",
			"ALTER TABLE deposited_events ADD COLUMN theirs bigint GENERATED ALWAYS AS (block_number / 100) STORED", "column theirs"},
		{"a column whose domain has a default",
			"CREATE DOMAIN grade AS int NOT NULL DEFAULT 1; ALTER TABLE deposited_events ADD COLUMN theirs grade", "column theirs"},
		{"an index", "CREATE INDEX theirs ON deposited_events (curve_id)", "index theirs"},
		{"a unique index", "CREATE UNIQUE INDEX theirs ON deposited_events (block_number, log_index)", "unique index theirs"},
		{"a unique constraint", "ALTER TABLE deposited_events ADD CONSTRAINT theirs UNIQUE (block_number, log_index)", "constraint theirs"},
		{"an exclusion constraint", "ALTER TABLE deposited_events ADD CONSTRAINT theirs EXCLUDE (log_index WITH =)", "constraint theirs"},
		{"a check", "ALTER TABLE deposited_events ADD CONSTRAINT theirs CHECK (block_number > 0)", "check theirs"},
		{"a foreign key",
			"CREATE TABLE networks (name text PRIMARY KEY); INSERT INTO networks VALUES ('mainnet'); ALTER TABLE deposited_events " +
				"ADD CONSTRAINT theirs FOREIGN KEY (network) REFERENCES networks", "foreign key theirs"},
		{"a comment of a column", "COMMENT ON COLUMN deposited_events.address IS 'theirs'", "comment of column address"},
		{"a comment of an index", "COMMENT ON INDEX deposited_events_block_timestamp_idx IS 'theirs'",
			"comment of index deposited_events_block_timestamp_idx"},
		{"a comment of a key", "COMMENT ON INDEX deposited_events_pkey IS 'theirs'", "comment of index deposited_events_pkey"},
		{"a comment of a table", "COMMENT ON TABLE schema_state IS 'theirs'", "comment of table schema_state, which is not in core.sql"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db := testenv.Database(t)
			apply(t, db, files(deposited))
			exec(t, db, test.sql)
			for _, opts := range [][]migrate.ApplyOption{
				{}, {migrate.AllowDestructive()},
			} {
				exec(t, db, "TRUNCATE schema_state")
				plan := apply(t, db, files(deposited), opts...)
				if len(plan.Changes)+len(plan.Deferred) > 0 || !strings.Contains(plan.String(), "-- left alone: "+test.note) {
					t.Errorf("plan:\n%s", plan)
				}
			}
			if err := newMigrator(t, db, files(deposited)).Ready(t.Context()); err != nil {
				t.Error(err)
			}
			exec(t, db, fmt.Sprintf(insertRow, 1, "NULL"))
		})
	}
}

func TestDeferred(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		from, to string
		want     string
		refused  string // why it is not additive; empty if it is
	}{
		{"another index under the same name", "(sender)", "(sender, curve_id)",
			`DROP INDEX "deposited_events_sender_idx"`, "index deposited_events_sender_idx would be dropped and built again"},
		{"another option of an index", "pages_per_range = 64", "pages_per_range = 32",
			`DROP INDEX "deposited_events_transaction_hash_idx"`, "would be dropped and built again"},
		{"NOT NULL on a column", "chain_id bigint,", "chain_id bigint NOT NULL,",
			"SET NOT NULL", "column chain_id would change from nullable to NOT NULL"},
		{"another default", "created_at timestamptz NOT NULL DEFAULT now()", "created_at timestamptz NOT NULL DEFAULT '2020-01-01'",
			"SET DEFAULT '2020-01-01", "column created_at would change its default"},
		{"no default", "created_at timestamptz NOT NULL DEFAULT now()", "created_at timestamptz NOT NULL",
			"DROP DEFAULT", "column created_at would change its default"},
		{"another comment of a table", "event Deposited(", "event Other(", "event Other(", ""},
		{"another comment of a column", "address indexed sender;", "address sender;", "address sender;", ""},
		{"another comment of an index", "by sender", "by the sender", "by the sender", ""},
	}
	for _, test := range tests {
		for rows := range 2 {
			if rows == 0 && !strings.HasPrefix(test.want, "DROP INDEX") {
				continue // only what an index needs depends on them
			}
			t.Run(fmt.Sprintf("%s, %d rows", test.name, rows), func(t *testing.T) {
				t.Parallel()
				db := testenv.Database(t)
				apply(t, db, files(deposited))
				if rows > 0 {
					exec(t, db, fmt.Sprintf(insertRow, 1, "NULL"), "UPDATE deposited_events SET chain_id = 1")
				}
				schema := edited(t, test.from, test.to)
				m := newMigrator(t, db, schema)

				plan := apply(t, db, schema)
				if len(plan.Changes) > 0 || len(plan.Deferred) != 1 || !strings.Contains(plan.Deferred[0].SQL, test.want) {
					t.Fatalf("plan of a start:\n%s", plan)
				}
				if err := m.Ready(t.Context()); err != nil {
					t.Errorf("not ready after a start: %v", err)
				}
				if got := strings.Join(plan.Deferred[0].Refused, ""); !strings.Contains(got, test.refused) || (got == "") != (test.refused == "") {
					t.Errorf("refused because of %q, want %q", got, test.refused)
				}
				if st, err := m.Status(t.Context()); err != nil || st.Pending != 0 || st.Refused != 0 || st.Deferred != 1 {
					t.Errorf("status %+v, %v", st, err)
				}

				plan = apply(t, db, schema, migrate.CompareInFull())
				if done := len(plan.Changes) == 1; done != (test.refused == "") || done == (len(plan.Deferred) == 1) {
					t.Errorf("plan of an operator:\n%s", plan)
				}
				apply(t, db, schema, migrate.AllowDestructive())
				if _, err := m.BuildIndexes(t.Context()); err != nil {
					t.Error(err)
				}
				wantNothing(t, db, schema)
			})
		}
	}
}

func TestViewsOfAnotherVersion(t *testing.T) {
	t.Parallel()
	const theirs = `DROP VIEW hex.deposited_events; CREATE VIEW hex.deposited_events AS
		SELECT t.*, 'more' AS more FROM public.deposited_events AS t; TRUNCATE schema_state`
	const more = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'hex.deposited_events'::regclass AND attname = 'more'"
	const sender = "SELECT pg_typeof(sender)::text FROM hex.deposited_events"
	db := testenv.Database(t)
	apply(t, db, files(deposited))
	exec(t, db, fmt.Sprintf(insertRow, 1, "NULL"), theirs)

	apply(t, db, files(deposited))
	if got := query[int](t, db, more); got != 1 {
		t.Error("a start has made the other version's view anew")
	}
	if got := query[string](t, db, "SELECT col_description('hex.deposited_events'::regclass, 9)"); !strings.HasPrefix(got, "address indexed") {
		t.Errorf("the comments are not those of the table: %s", got)
	}
	if got := query[string](t, db, sender); got != "bytea" {
		t.Errorf("a start shows sender as %s, where the other version shows bytea", got)
	}
	apply(t, db, files(deposited), migrate.CompareInFull())
	if got := query[string](t, db, sender); got != "text" || query[int](t, db, more) != 0 {
		t.Errorf("migrate apply leaves a view that shows sender as %s", got)
	}

	exec(t, db, theirs)
	apply(t, db, edited(t, "    legs", "    extra bytea,\n    legs"))
	if got := query[string](t, db, sender); got != "text" {
		t.Errorf("a view without a column of its table is left: sender is %s", got)
	}
}
