package migrate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// MismatchError says which tables and columns are not as this version's statements need them.
type MismatchError struct {
	Schema   string
	Problems []string
}

// problemsShown bounds an error that is printed every few seconds; migrate plan prints the rest.
const problemsShown = 5

// Error names the first of the problems, and what to run.
func (e *MismatchError) Error() string {
	shown := e.Problems[:min(len(e.Problems), problemsShown)]
	more := ""
	if n := len(e.Problems) - len(shown); n > 0 {
		more = fmt.Sprintf("; and %d more", n)
	}
	return fmt.Sprintf("compare schema %s: %s%s; hint: run redis-postgres-sync migrate plan, then migrate apply",
		e.Schema, strings.Join(shown, "; "), more)
}

// Ready returns nil where this version's statements find every table, column and key as they need it, and else a
// *MismatchError: without its key, a table would take an event twice. What only a newer version knows is no mismatch,
// unless it makes every insert fail; neither are indexes, checks and comments. It asks the catalog and nothing else,
// whatever hash is stored, so it needs no privilege, notices at once what somebody changes by hand, and takes some
// milliseconds for 300 tables.
func (m *Migrator) Ready(ctx context.Context) error {
	s, err := m.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	return s.ready(ctx)
}

func (s *session) ready(ctx context.Context) error {
	if !s.exists {
		missing := fmt.Sprintf("schema %s is missing, or role %s has no USAGE on it", s.target, s.role)
		return &MismatchError{Schema: s.target, Problems: []string{missing}}
	}
	types, err := s.types(ctx)
	if err != nil {
		return err
	}
	live, err := s.liveColumns(ctx)
	if err != nil {
		return err
	}
	keys, err := s.liveKeys(ctx)
	if err != nil {
		return err
	}
	logged, err := s.logged(ctx)
	if err != nil {
		return err
	}
	var problems []string
	for _, t := range s.source.tables {
		problems = append(problems, t.problems(live[t.name], types)...)
		if t.unlogged() && logged[t.name] {
			problems = append(problems, fmt.Sprintf("table %s must be UNLOGGED: it shows by being empty that the server may have "+
				"lost what it had committed", t.name))
		}
		if len(live[t.name]) > 0 && len(t.key) > 0 && !slices.Contains(keys[t.name], sameKey(t.key)) {
			problems = append(problems, fmt.Sprintf("table %s: the key (%s) is missing", t.name, strings.Join(t.key, ", ")))
		}
	}
	if len(problems) > 0 {
		return &MismatchError{Schema: s.target, Problems: problems}
	}
	return nil
}

// problems lists what of the table is not as this version needs it.
func (t *table) problems(live []liveColumn, types map[string]columnType) []string {
	if len(live) == 0 {
		return []string{fmt.Sprintf("table %s is missing", t.name)}
	}
	var all []string
	add := func(column, format string, args ...any) {
		all = append(all, fmt.Sprintf("table %s: column %s ", t.name, column)+fmt.Sprintf(format, args...))
	}
	for _, want := range t.columns {
		i := slices.IndexFunc(live, func(c liveColumn) bool { return c.name == want.name })
		switch {
		case i < 0:
			add(want.name, "is missing")
		case live[i].columnType != types[want.typ]:
			add(want.name, "is %s, not %s", live[i].typ, want.typ)
		case live[i].notNull && !want.notNull:
			add(want.name, "is NOT NULL, and this version writes NULL to it")
		}
	}
	for _, c := range live {
		if c.required() && !t.has(c.name) {
			add(c.name, "is NOT NULL without a default, and this version does not know it, so every insert fails")
		}
	}
	return all
}

func (t *table) has(name string) bool {
	return slices.ContainsFunc(t.columns, func(c column) bool { return c.name == name })
}

// columnType identifies a type: bytea, or numeric(78,0)[].
type columnType struct {
	oid      int64
	modifier int64
}

// types asks the server what it understands by the types of the files, in a query that needs no table.
func (s *session) types(ctx context.Context) (map[string]columnType, error) {
	names := s.source.types
	query := "SELECT NULL::" + strings.Join(names, ", NULL::")
	types := make(map[string]columnType, len(names))
	err := s.conn.Raw(func(driver any) error {
		conn := driver.(*stdlib.Conn).Conn()
		rows, err := conn.Query(ctx, query, pgx.QueryExecModeExec)
		if err != nil {
			return err
		}
		defer rows.Close()
		for i, f := range rows.FieldDescriptions() {
			types[names[i]] = columnType{int64(f.DataTypeOID), int64(f.TypeModifier)}
		}
		rows.Close()
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("look up types of the schema files: %w", s.hint(err))
	}
	return types, nil
}

// liveColumn is a column as the catalog has it.
type liveColumn struct {
	columnType
	name    string
	typ     string
	notNull bool
	filled  bool // by a default, where an insert does not name it
}

// required reports whether an insert that does not know the column fails.
func (c liveColumn) required() bool { return c.notNull && !c.filled }

// A domain can refuse NULL, and can have a default, where its column says nothing. Identities and generated values do
// not count as defaults: the writer merges through temporary tables that are LIKE ours INCLUDING DEFAULTS, which have
// the column's NOT NULL and nothing to fill it.
const liveColumnsQuery = `
SELECT c.relname,
       a.attname,
       a.atttypid::bigint,
       a.atttypmod::bigint,
       format_type(a.atttypid, a.atttypmod),
       a.attnotnull OR y.typnotnull,
       a.atthasdef AND a.attgenerated = '' OR y.typdefault IS NOT NULL
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type y ON y.oid = a.atttypid
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
  AND c.relname = ANY ($2)
  AND c.relkind IN ('r', 'p')`

// sameKey is the same for the same columns, in whatever order.
func sameKey(columns []string) string {
	return strings.Join(slices.Sorted(slices.Values(columns)), ",")
}

// Any unique index on just the columns of the key will do: what matters is what ON CONFLICT and COPY find.
const liveKeysQuery = `
SELECT c.relname, string_agg(a.attname, ',' ORDER BY a.attname COLLATE "C")
FROM pg_index x
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey[0:x.indnkeyatts - 1])
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
  AND c.relname = ANY ($2)
  AND x.indisunique AND x.indisvalid AND x.indimmediate AND x.indpred IS NULL AND x.indexprs IS NULL
GROUP BY x.indexrelid, c.relname`

// liveKeys lists, for each of our tables, the columns that are unique together.
func (s *session) liveKeys(ctx context.Context) (map[string][]string, error) {
	rows, err := s.conn.QueryContext(ctx, liveKeysQuery, s.target, s.tableNames())
	if err != nil {
		return nil, fmt.Errorf("list keys of schema %s: %w", s.target, err)
	}
	defer rows.Close()
	keys := map[string][]string{}
	for rows.Next() {
		var table, key string
		if err := rows.Scan(&table, &key); err != nil {
			return nil, fmt.Errorf("list keys of schema %s: %w", s.target, err)
		}
		keys[table] = append(keys[table], key)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list keys of schema %s: %w", s.target, err)
	}
	return keys, nil
}

// logged lists those of our tables that survive a crash.
func (s *session) logged(ctx context.Context) (map[string]bool, error) {
	const query = `SELECT relname FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
		AND relname = ANY ($2) AND relkind = 'r' AND relpersistence <> 'u'`
	rows, err := s.conn.QueryContext(ctx, query, s.target, s.tableNames())
	if err != nil {
		return nil, fmt.Errorf("list tables of schema %s: %w", s.target, err)
	}
	defer rows.Close()
	logged := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list tables of schema %s: %w", s.target, err)
		}
		logged[name] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list tables of schema %s: %w", s.target, err)
	}
	return logged, nil
}

// liveColumns lists the columns of our tables that are there, whoever owns them.
func (s *session) liveColumns(ctx context.Context) (map[string][]liveColumn, error) {
	rows, err := s.conn.QueryContext(ctx, liveColumnsQuery, s.target, s.tableNames())
	if err != nil {
		return nil, fmt.Errorf("list columns of schema %s: %w", s.target, err)
	}
	defer rows.Close()
	live := map[string][]liveColumn{}
	for rows.Next() {
		var table string
		var c liveColumn
		if err := rows.Scan(&table, &c.name, &c.oid, &c.modifier, &c.typ, &c.notNull, &c.filled); err != nil {
			return nil, fmt.Errorf("list columns of schema %s: %w", s.target, err)
		}
		live[table] = append(live[table], c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list columns of schema %s: %w", s.target, err)
	}
	return live, nil
}
