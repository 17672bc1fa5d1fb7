package migrate_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func TestRefuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		from, to string // in the files
		before   string // or in the database
		reason   string
		sql      string
	}{
		{
			name: "a changed type", from: "vault_type smallint", to: "vault_type bigint",
			reason: "table deposited_events: column vault_type would change its type from smallint to bigint",
			sql:    `ALTER COLUMN "vault_type" TYPE bigint`,
		},
		{
			name: "a column whose value nobody would give", from: "    legs jsonb NOT NULL,\n", to: "",
			reason: "table deposited_events: column legs would be dropped with its data: it is NOT NULL without a default",
			sql:    `DROP COLUMN "legs"`,
		},
		{
			name: "a column NOT NULL without a default", from: "    legs", to: "    extra text NOT NULL,\n    legs",
			reason: "column extra would be added NOT NULL without a default", sql: `ADD COLUMN "extra"`,
		},
		{
			name: "a column with a value for each row", from: "    legs",
			to:     "    extra uuid DEFAULT gen_random_uuid(),\n    legs",
			reason: "column extra would be added with default gen_random_uuid()", sql: `ADD COLUMN "extra"`,
		},
		{
			name: "another key", from: "log_index, transaction_hash)", to: "log_index)",
			reason: "primary key deposited_events_pkey would be dropped and built again", sql: "DROP CONSTRAINT",
		},
		{
			name: "NULL in a column", from: "vault_type smallint NOT NULL", to: "vault_type smallint",
			reason: "column vault_type would change from NOT NULL to nullable", sql: "DROP NOT NULL",
		},
		{
			name: "another unique index under the same name",
			from: "COMMENT ON TABLE", to: "CREATE UNIQUE INDEX once ON deposited_events (sender, log_index);\nCOMMENT ON TABLE",
			before: "CREATE UNIQUE INDEX once ON deposited_events (sender)",
			reason: "index once would be dropped and built again", sql: `DROP INDEX "once"`,
		},
		{
			name: "a column of somebody whose domain refuses NULL", from: "legs", to: "legs",
			before: "CREATE DOMAIN short AS text NOT NULL CHECK (VALUE <> ''); ALTER TABLE deposited_events ADD COLUMN theirs short",
			reason: "column theirs would be dropped with its data", sql: `DROP COLUMN "theirs"`,
		},
		{
			name: "a column of somebody that the writer's temporary tables could not fill", from: "legs", to: "legs",
			before: "ALTER TABLE deposited_events ADD COLUMN theirs bigint GENERATED ALWAYS AS IDENTITY",
			reason: "column theirs would be dropped with its data", sql: `DROP COLUMN "theirs"`,
		},
		{
			name: "a new check", from: "    CONSTRAINT deposited_events_pkey",
			to:     "    CONSTRAINT v CHECK (vault_type > 0),\n    CONSTRAINT deposited_events_pkey",
			reason: "check v would be added", sql: `ADD CONSTRAINT "v"`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db := testenv.Database(t)
			apply(t, db, files(deposited))
			if test.before != "" {
				exec(t, db, test.before)
			}
			schema := edited(t, test.from, test.to)
			_, err := newMigrator(t, db, schema).Apply(t.Context(), migrate.CompareInFull())
			var refused *migrate.RefusedError
			if !errors.As(err, &refused) {
				t.Fatalf("error is %v, want a RefusedError", err)
			}
			wantError(t, err, test.reason, test.sql, "NOT ADDITIVE", "migrate apply --allow-destructive")

			apply(t, db, schema, migrate.AllowDestructive())
			buildIndexes(t, db, schema)
			wantNothing(t, db, schema)
		})
	}

	t.Run("changes nothing, not even what is additive", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, many(1))
		schema := many(2)
		text := strings.Replace(deposited, "smallint", "bigint", 1)
		schema["e0000_events.gen.sql"].Data = []byte(strings.ReplaceAll(text, "deposited_events", "e0000_events"))
		_, err := newMigrator(t, db, schema).Apply(t.Context())
		wantError(t, err, "CREATE TABLE e0001_events", "e0000_events: column vault_type")
		if got := query[bool](t, db, "SELECT to_regclass('e0001_events') IS NULL"); !got {
			t.Error("the refused plan created a table")
		}
	})
}

func TestRefuseRustDatabase(t *testing.T) {
	t.Parallel()
	db := testenv.Database(t)
	exec(t, db, `CREATE TABLE deposited_events (
		transaction_hash text NOT NULL, log_index bigint NOT NULL, network text NOT NULL, sender text NOT NULL,
		block_number bigint NOT NULL, PRIMARY KEY (transaction_hash, log_index))`)
	for _, opts := range [][]migrate.ApplyOption{nil, {migrate.AllowDestructive()}} {
		_, err := newMigrator(t, db, files(deposited)).Apply(t.Context(), opts...)
		var refused *migrate.RefusedError
		if !errors.As(err, &refused) || len(refused.Foreign) != 1 {
			t.Fatalf("error is %v, want a RefusedError that names the table", err)
		}
		wantError(t, err, "column transaction_hash would change its type from text to bytea",
			"earlier service in Rust (deposited_events)", "?search_path=", "another database", "docs/from-rust.md")
		if strings.Contains(err.Error(), "--allow-destructive") {
			t.Error("the error offers a command that cannot work")
		}
	}
	apply(t, withParam(t, db, "search_path", "chain"), files(deposited)) // the first way out
}

func TestRefuseWhatIsNoTable(t *testing.T) {
	t.Parallel()
	db := testenv.Database(t)
	exec(t, db, "CREATE VIEW deposited_events AS SELECT 1 AS x")
	_, err := newMigrator(t, db, files(deposited)).Apply(t.Context())
	wantError(t, err, "deposited_events", "no table", "hint:")
}
