package migrate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func TestViews(t *testing.T) {
	t.Parallel()

	t.Run("show bytes as text and the rest as it is", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(deposited))
		exec(t, db,
			fmt.Sprintf(insertRow, 1, "NULL"),
			fmt.Sprintf(insertRow, 2, "'{}'"),
			fmt.Sprintf(insertRow, 3, `ARRAY['\xbb', NULL, '\xaa', '']::bytea[]`))
		const rows = `SELECT string_agg(concat_ws(' ', log_index, transaction_hash, address, amounts,
			coalesce(path::text, 'NULL')), '; ' ORDER BY log_index) FROM hex.deposited_events`
		want := "1 0x01ff 0xaa {1,2} NULL; 2 0x01ff 0xaa {1,2} {}; 3 0x01ff 0xaa {1,2} {0xbb,NULL,0xaa,0x}"
		if got := query[string](t, db, rows); got != want {
			t.Errorf("rows\n got %s\nwant %s", got, want)
		}
		const types = `SELECT string_agg(format_type(atttypid, atttypmod), ' ' ORDER BY attnum) FROM pg_attribute
			WHERE attrelid = 'hex.deposited_events'::regclass AND attname IN ('sender', 'curve_id', 'amounts', 'path', 'legs')`
		if got := query[string](t, db, types); got != "text numeric(78,0) numeric(78,0)[] text[] jsonb" {
			t.Errorf("types: %s", got)
		}
		comment := "SELECT col_description('hex.deposited_events'::regclass, 9)"
		if got := query[string](t, db, comment); got != "address indexed sender; it's quoted" {
			t.Errorf("comment: %s", got)
		}
	})

	t.Run("follow the table", func(t *testing.T) {
		t.Parallel()
		tests := []struct{ name, from, to, column string }{
			{"added column", "    legs", "    extra bytea,\n    legs", "extra"},
			{"dropped column", "    vault_type smallint NOT NULL,\n", "", ""},
			{"changed type", "vault_type smallint", "vault_type bigint", "vault_type"},
			{"changed comment", "address indexed sender;", "address sender;", "sender"},
		}
		for _, test := range tests {
			db := testenv.Database(t)
			apply(t, db, files(deposited))
			apply(t, db, edited(t, test.from, test.to), migrate.AllowDestructive())
			const columns = `SELECT string_agg(attname || coalesce(col_description(attrelid, attnum), ''), ' ' ORDER BY attnum)
				FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid = '%s'::regclass`
			table := query[string](t, db, fmt.Sprintf(columns, "public.deposited_events"))
			view := query[string](t, db, fmt.Sprintf(columns, "hex.deposited_events"))
			if table != view || !strings.Contains(view, test.column) {
				t.Errorf("%s:\ntable %s\n view %s", test.name, table, view)
			}
		}
	})

	t.Run("are not touched without need", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, many(2))
		const oids = `SELECT string_agg(c.xmin::text || r.xmin::text, ' ' ORDER BY c.oid) FROM pg_class c
			JOIN pg_rewrite r ON r.ev_class = c.oid WHERE c.relnamespace = 'hex'::regnamespace AND c.relname < 'e0002'`
		before := query[string](t, db, oids)
		apply(t, db, many(3))
		if after := query[string](t, db, oids); after != before {
			t.Error("a new table made the views of others anew")
		}
	})

	t.Run("with dependents are not dropped", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(deposited))
		exec(t, db, "CREATE VIEW mine AS SELECT sender FROM hex.deposited_events")
		schema := edited(t, "vault_type smallint", "vault_type bigint")
		_, err := newMigrator(t, db, schema).Apply(t.Context(), migrate.AllowDestructive())
		wantError(t, err, `"hex"."deposited_events"`, "view mine depends on view", "hint:")

		// Adding a column needs no drop, so the dependent is no obstacle.
		apply(t, db, edited(t, "    legs", "    extra bytea,\n    legs"))
	})

	t.Run("do not replace what somebody else put there", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		exec(t, db, "CREATE SCHEMA hex", "CREATE TABLE hex.deposited_events (x int)")
		_, err := newMigrator(t, db, files(deposited)).Apply(t.Context())
		wantError(t, err, `"hex"."deposited_events"`, "hint:")
	})
}
