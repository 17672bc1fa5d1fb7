package migrate_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func TestReady(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, sql, problem string }{
		{"a table is dropped", "DROP TABLE deposited_events CASCADE", "table deposited_events is missing"},
		{"a view has the table's name", "DROP TABLE deposited_events CASCADE; CREATE VIEW deposited_events AS SELECT 1 AS sender",
			"table deposited_events is missing"},
		{"a column is dropped", "ALTER TABLE deposited_events DROP COLUMN vault_type CASCADE",
			"table deposited_events: column vault_type is missing"},
		{"a column is renamed", "ALTER TABLE deposited_events RENAME COLUMN chain_id TO chain", "column chain_id is missing"},
		{"a type differs", "ALTER TABLE deposited_events ALTER COLUMN vault_type TYPE integer",
			"table deposited_events: column vault_type is integer, not smallint"},
		{"a precision differs", "ALTER TABLE deposited_events ALTER COLUMN curve_id TYPE numeric(20,0)",
			"column curve_id is numeric(20,0), not numeric(78,0)"},
		{"an array's precision differs", "ALTER TABLE deposited_events ALTER COLUMN amounts TYPE numeric(20,0)[]",
			"column amounts is numeric(20,0)[], not numeric(78,0)[]"},
		{"a column refuses NULL", "ALTER TABLE deposited_events ALTER COLUMN block_timestamp SET NOT NULL",
			"column block_timestamp is NOT NULL, and this version writes NULL to it"},
		{"the key is dropped", "ALTER TABLE deposited_events DROP CONSTRAINT deposited_events_pkey",
			"table deposited_events: the key (network, block_number, log_index, transaction_hash) is missing"},
		{"the key is another", `ALTER TABLE deposited_events DROP CONSTRAINT deposited_events_pkey;
			ALTER TABLE deposited_events ADD PRIMARY KEY (network, log_index, transaction_hash)`, "the key (network, block"},
		{"a column has no value", "ALTER TABLE deposited_events ADD COLUMN theirs text NOT NULL",
			"column theirs is NOT NULL without a default, and this version does not know it"},
	}
	for _, test := range tests {
		t.Run("notices that "+test.name, func(t *testing.T) {
			t.Parallel()
			db := testenv.Database(t)
			m := newMigrator(t, db, files(deposited))
			apply(t, db, files(deposited))
			if err := m.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			exec(t, db, "DROP VIEW hex.deposited_events", test.sql)
			err := m.Ready(t.Context())
			wantError(t, err, "schema public", test.problem, "hint: run redis-postgres-sync migrate plan")
			mismatch, ok := errors.AsType[*migrate.MismatchError](err)
			if !ok || len(mismatch.Problems) != 1 {
				t.Errorf("error is %#v, want a MismatchError with one problem", err)
			}
		})
	}

	t.Run("notices a table that a crash would not empty", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		schema := files(deposited)
		schema["incarnation.sql"] = &fstest.MapFile{Data: []byte("CREATE UNLOGGED TABLE incarnation (id text PRIMARY KEY);")}
		m := newMigrator(t, db, schema)
		apply(t, db, schema)
		if err := m.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		exec(t, db, "ALTER TABLE incarnation SET LOGGED")
		wantError(t, m.Ready(t.Context()), "table incarnation must be UNLOGGED")
	})

	t.Run("holds where the stored hash is not ours, and notices a change then too", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		m := newMigrator(t, db, files(deposited))
		apply(t, db, files(deposited))
		for _, sql := range []string{`UPDATE schema_state SET schema_hash = '\x00'`, "TRUNCATE schema_state"} {
			exec(t, db, sql)
			if err := m.Ready(t.Context()); err != nil {
				t.Errorf("%s: %v", sql, err)
			}
		}
		exec(t, db, "ALTER TABLE deposited_events DROP COLUMN legs CASCADE")
		wantError(t, m.Ready(t.Context()), "column legs is missing")
	})

	t.Run("names the first of many problems", func(t *testing.T) {
		t.Parallel()
		err := newMigrator(t, testenv.Database(t), many(20)).Ready(t.Context())
		wantError(t, err, "table schema_state is missing; table e0000_events is missing;", "e0003_events is missing; and 16 more; hint:")
		if strings.Contains(err.Error(), "e0004") {
			t.Errorf("error is too long: %v", err)
		}
	})

	t.Run("names a schema that is not there", func(t *testing.T) {
		t.Parallel()
		there := withParam(t, testenv.Database(t), "search_path", "chain")
		wantError(t, newMigrator(t, there, files(deposited)).Ready(t.Context()), "schema chain is missing", "hint:")
	})

	t.Run("needs no privilege but to connect", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(deposited))
		name, asRole := role(t, db)
		database := query[string](t, db, "SELECT current_database()")
		exec(t, db, "REVOKE ALL ON DATABASE "+database+" FROM PUBLIC", "GRANT CONNECT ON DATABASE "+database+" TO "+name,
			"REVOKE CREATE ON SCHEMA public FROM PUBLIC")
		m := newMigrator(t, asRole, files(deposited))
		if err := m.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		exec(t, db, "ALTER TABLE deposited_events DROP COLUMN legs CASCADE")
		wantError(t, m.Ready(t.Context()), "column legs is missing")
		exec(t, db, "REVOKE USAGE ON SCHEMA public FROM PUBLIC")
		wantError(t, m.Ready(t.Context()), "the role has USAGE on", "hint: GRANT USAGE ON SCHEMA")
	})

	t.Run("names a type that the server does not have", func(t *testing.T) {
		t.Parallel()
		schema := edited(t, "legs jsonb", "legs hstore")
		wantError(t, newMigrator(t, testenv.Database(t), schema).Ready(t.Context()), "types of the schema files", "hstore")
	})
}
