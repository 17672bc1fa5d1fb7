package migrate

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// maxIdentifier is the length at which PostgreSQL cuts names off.
const maxIdentifier = 63

// hexSchema is where the views for people are: beside the tables, under the same names.
func (s *session) hexSchema() string {
	if s.target == "public" {
		return "hex"
	}
	return s.target + "_hex"
}

// viewColumn is a column as the catalog describes it.
type viewColumn struct {
	name, typ, comment string
}

// show is the column in a view: bytes as 0x-text, the rest as it is.
func (c viewColumn) show() viewColumn {
	switch c.typ {
	case "bytea":
		c.typ = "text"
	case "bytea[]":
		c.typ = "text[]"
	}
	return c
}

// expr is the SQL that shows the column. ARRAY(…) keeps an empty array empty, where array_agg would make it NULL.
func (c viewColumn) expr() string {
	name := "t." + quote(c.name)
	switch c.typ {
	case "bytea":
		return fmt.Sprintf("'0x' || encode(%s, 'hex') AS %s", name, quote(c.name))
	case "bytea[]":
		return fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN ARRAY("+
			"SELECT '0x' || encode(u.item, 'hex') FROM unnest(%s) WITH ORDINALITY AS u (item, place) ORDER BY u.place"+
			") END AS %s", name, name, quote(c.name))
	}
	return name
}

// views brings the views up to the live tables, columns of other versions included, and touches only those that do not
// show their table as it is now. Where exact is false, a view that shows more or shows it otherwise is left to the
// version that made it.
func (s *session) views(ctx context.Context, exact bool) error {
	hex := s.hexSchema()
	if len(hex) > maxIdentifier {
		return fmt.Errorf("create schema %s: its name is longer than %d bytes; hint: use a schema with a shorter name",
			hex, maxIdentifier)
	}
	if err := s.ensureHexSchema(ctx, hex); err != nil {
		return err
	}
	tables, err := s.columns(ctx, s.target, "rp")
	if err != nil {
		return err
	}
	views, err := s.columns(ctx, hex, "v")
	if err != nil {
		return err
	}
	var stale []view
	for _, t := range s.source.tables {
		v := view{t.name, tables[t.name], views[t.name]}
		if v.stale() && (exact || v.lacksColumn() || v.lacksComment()) {
			stale = append(stale, v)
		}
	}
	done := 0
	s.progress("views", done, len(stale))
	for slice := range slices.Chunk(stale, tablesPerTx) {
		err := s.tx(ctx, hex, func(tx *sql.Tx) error {
			for _, v := range slice {
				if err := s.makeView(ctx, tx, v, exact || v.lacksColumn()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		done += len(slice)
		s.progress("views", done, len(stale))
	}
	return nil
}

// ensureHexSchema asks first, because IF NOT EXISTS wants the privilege to create even where there is nothing to do.
func (s *session) ensureHexSchema(ctx context.Context, hex string) error {
	var exists bool
	row := s.conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", hex)
	if err := row.Scan(&exists); err != nil {
		return fmt.Errorf("find schema %s: %w", hex, err)
	}
	if exists {
		return nil
	}
	return s.createSchema(ctx, hex)
}

const columnsQuery = `
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), coalesce(col_description(c.oid, a.attnum), '')
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
  AND c.relname = ANY ($2)
  AND strpos($3, c.relkind::text) > 0
ORDER BY c.relname, a.attnum`

// columns lists the columns of our names in a schema, of the given kinds of relation.
func (s *session) columns(ctx context.Context, namespace, kinds string) (map[string][]viewColumn, error) {
	rows, err := s.conn.QueryContext(ctx, columnsQuery, namespace, s.tableNames(), kinds)
	if err != nil {
		return nil, fmt.Errorf("list columns of schema %s: %w", namespace, err)
	}
	defer rows.Close()
	found := map[string][]viewColumn{}
	for rows.Next() {
		var relation string
		var c viewColumn
		if err := rows.Scan(&relation, &c.name, &c.typ, &c.comment); err != nil {
			return nil, fmt.Errorf("list columns of schema %s: %w", namespace, err)
		}
		found[relation] = append(found[relation], c)
	}
	return found, rows.Err()
}

// view is one view: the columns of its table, and those that it has now.
type view struct {
	name         string
	columns, old []viewColumn
}

func (v view) stale() bool { return !slices.Equal(shown(v.columns), v.old) }

func (v view) lacksColumn() bool {
	return slices.ContainsFunc(v.columns, func(c viewColumn) bool { return v.find(c.name) < 0 })
}

func (v view) lacksComment() bool {
	return slices.ContainsFunc(v.columns, func(c viewColumn) bool {
		i := v.find(c.name)
		return i >= 0 && v.old[i].comment != c.comment
	})
}

// find returns the place of a column in the view as it is, or -1.
func (v view) find(name string) int {
	return slices.IndexFunc(v.old, func(c viewColumn) bool { return c.name == name })
}

func shown(columns []viewColumn) []viewColumn {
	out := make([]viewColumn, len(columns))
	for i, c := range columns {
		out[i] = c.show()
	}
	return out
}

// makeView replaces a view where it only gains columns, which is all that PostgreSQL allows, and else drops it first.
// Where define is false, it only sets the comments. https://www.postgresql.org/docs/current/sql-createview.html
func (s *session) makeView(ctx context.Context, tx *sql.Tx, v view, define bool) error {
	var stmts []string
	if define {
		stmts = append(stmts, s.viewQuery(v))
		if !extends(shown(v.columns), v.old) {
			if err := s.dropView(ctx, tx, v.name); err != nil {
				return err
			}
		}
	}
	stmts = append(stmts, s.viewComments(v)...)
	if _, err := tx.ExecContext(ctx, strings.Join(stmts, ";\n"), script); err != nil {
		return fmt.Errorf("create view %s: %w", quote(s.hexSchema(), v.name), s.hint(err))
	}
	return nil
}

// extends reports whether columns are the old ones, in their order, and perhaps more.
func extends(columns, old []viewColumn) bool {
	if len(columns) < len(old) {
		return false
	}
	for i := range old {
		if columns[i].name != old[i].name || columns[i].typ != old[i].typ {
			return false
		}
	}
	return true
}

func (s *session) viewQuery(v view) string {
	exprs := make([]string, len(v.columns))
	for i, c := range v.columns {
		exprs[i] = c.expr()
	}
	return fmt.Sprintf("CREATE OR REPLACE VIEW %s AS\nSELECT %s\nFROM %s AS t",
		quote(s.hexSchema(), v.name), strings.Join(exprs, ",\n       "), quote(s.target, v.name))
}

// viewComments are those of the table.
func (s *session) viewComments(v view) []string {
	stmts := make([]string, len(v.columns))
	for i, c := range v.columns {
		column := quote(s.hexSchema(), v.name, c.name)
		stmts[i] = fmt.Sprintf("COMMENT ON COLUMN %s IS %s", column, literal(c.comment))
	}
	return stmts
}

// dropView drops a view of ours, if it is there.
func (s *session) dropView(ctx context.Context, tx *sql.Tx, name string) error {
	view := quote(s.hexSchema(), name)
	if _, err := tx.ExecContext(ctx, "DROP VIEW IF EXISTS "+view); err != nil {
		return fmt.Errorf("drop view %s to make it again: %w", view, s.hint(err))
	}
	return nil
}
