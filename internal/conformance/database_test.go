package conformance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// table is a table that the service made, with its columns in their order.
type table struct {
	name    string
	comment string
	columns []column
}

type column struct {
	name    string
	sqlType string
	comment string
}

// metadataColumns begin every event table and generic_events.
var metadataColumns = []column{
	{name: "transaction_hash", sqlType: "bytea"},
	{name: "log_index", sqlType: "bigint"},
	{name: "network", sqlType: "text"},
	{name: "chain_id", sqlType: "bigint"},
	{name: "address", sqlType: "bytea"},
	{name: "block_number", sqlType: "bigint"},
	{name: "block_hash", sqlType: "bytea"},
	{name: "block_timestamp", sqlType: "timestamp with time zone"},
	{name: "transaction_index", sqlType: "bigint"},
	{name: "created_at", sqlType: "timestamp with time zone"},
}

// param is the name of the column of the event's parameter i, from 0.
func (t table) param(i int) string { return t.columns[len(metadataColumns)+i].name }

// isEvents reports whether the table holds one kind of event.
func (t table) isEvents() bool { return strings.HasPrefix(t.comment, "event ") }

// database is the one that the service writes to.
type database struct {
	url  string
	conn *pgx.Conn
}

func openDatabase(t *testing.T, url string) *database {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["timezone"] = "UTC"
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		conn.Close(ctx)
	})
	return &database{url, conn}
}

// tables returns the tables of events and generic_events, by name.
func (d *database) tables(t *testing.T) []table {
	t.Helper()
	type line struct{ Table, Comment, Column, Type, Declared string }
	rows, err := d.conn.Query(t.Context(), `
		SELECT c.relname, coalesce(obj_description(c.oid, 'pg_class'), ''), a.attname,
			format_type(a.atttypid, a.atttypmod), coalesce(col_description(c.oid, a.attnum), '')
		FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
			AND a.attnum > 0 AND NOT a.attisdropped
		ORDER BY c.relname, a.attnum`)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowToStructByPos[line])
	if err != nil {
		t.Fatal(err)
	}
	var tables []table
	for _, l := range lines {
		if n := len(tables); n == 0 || tables[n-1].name != l.Table {
			tables = append(tables, table{name: l.Table, comment: l.Comment})
		}
		last := &tables[len(tables)-1]
		last.columns = append(last.columns, column{l.Column, l.Type, l.Declared})
	}
	return slices.DeleteFunc(tables, func(t table) bool { return !t.isEvents() && t.name != generic })
}

// contents reads every row of every table. PostgreSQL itself writes it as JSON, which is exact for every type.
func (d *database) contents(t *testing.T, tables []table) contents {
	t.Helper()
	all := contents{}
	for _, table := range tables {
		rows, err := d.conn.Query(t.Context(), "SELECT to_jsonb(r)::text FROM "+identifier(table.name)+" AS r")
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("read %s: %v", table.name, err)
		}
		for _, text := range texts {
			key, row, err := table.row(text)
			if err != nil {
				t.Fatalf("read %s: %v", table.name, err)
			}
			all.put(table.name, key, row)
		}
		if got := len(all[table.name]); got != len(texts) {
			t.Errorf("table %s has %d rows and %d keys", table.name, len(texts), got)
		}
	}
	return all
}

// row makes a row comparable.
func (t table) row(text string) (string, row, error) {
	decoded, err := decodeJSON([]byte(text))
	if err != nil {
		return "", nil, err
	}
	values := decoded.(map[string]any)
	r := row{}
	for _, c := range t.columns {
		if c.name != "created_at" {
			r[c.name] = canonical(c.value(values[c.name]))
		}
	}
	var id struct {
		Network, TransactionHash, SignatureHash string
		Block, LogIndex                         uint64
	}
	for name, target := range map[string]any{
		"network": &id.Network, "transaction_hash": &id.TransactionHash, "block_number": &id.Block, "log_index": &id.LogIndex,
	} {
		if err := json.Unmarshal([]byte(r[name]), target); err != nil {
			return "", nil, fmt.Errorf("column %s: %w", name, err)
		}
	}
	if t.name == generic {
		if err := json.Unmarshal([]byte(r["event_signature_hash"]), &id.SignatureHash); err != nil {
			return "", nil, err
		}
	}
	return key(id.Network, id.Block, id.LogIndex, id.TransactionHash, id.SignatureHash), r, nil
}

// value turns PostgreSQL's \x into 0x.
func (c column) value(v any) any {
	switch v := v.(type) {
	case string:
		if c.sqlType == "bytea" || c.sqlType == "bytea[]" {
			return "0x" + strings.TrimPrefix(v, `\x`)
		}
	case []any:
		if c.sqlType == "bytea[]" {
			for i := range v {
				v[i] = c.value(v[i])
			}
		}
	}
	return v
}

// digests returns a hash of every row of every table, created_at included.
func (d *database) digests(t *testing.T, tables []table) map[string]string {
	t.Helper()
	digests := map[string]string{}
	for _, table := range tables {
		var digest string
		err := d.conn.QueryRow(t.Context(), fmt.Sprintf(`
			SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(md5(r::text), '' ORDER BY md5(r::text))), 'none')
			FROM %s AS r`, identifier(table.name))).Scan(&digest)
		if err != nil {
			t.Fatalf("digest %s: %v", table.name, err)
		}
		digests[table.name] = digest
	}
	return digests
}

// unchanged compares digests.
func unchanged(t *testing.T, when string, before, after map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if before[name] != after[name] {
			t.Errorf("table %s changed %s: %s, before %s", name, when, after[name], before[name])
		}
	}
}

// letters returns all dead letters.
func (d *database) letters(t *testing.T) []letter {
	t.Helper()
	rows, err := d.conn.Query(t.Context(), `
		SELECT stream, message_id, event_index, event_name, coalesce('0x' || encode(event_signature_hash, 'hex'), ''),
			network, reason_code, state, convert_from(payload, 'UTF8')
		FROM dead_letters`)
	if err != nil {
		t.Fatal(err)
	}
	letters, err := pgx.CollectRows(rows, pgx.RowToStructByPos[letter])
	if err != nil {
		t.Fatalf("read dead letters: %v", err)
	}
	return letters
}

func identifier(name string) string { return pgx.Identifier{name}.Sanitize() }
