package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// indexLock is the advisory lock of whoever builds or drops indexes of tables that others write to.
const indexLock = "index"

// BuildIndexes builds the desired indexes that tables lack, one after the other, while others read and write them, and
// returns the names of those it built: first those of tables that hold rows, as queries wait for them. What an earlier
// attempt left invalid is dropped and built again. It takes as long as the tables are large, so the service runs it in the
// background; where several instances do, one builds and the others wait for it. An index that cannot be built does not
// keep the next from being built, unless it is the server that is in no state to build any.
// https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
func (m *Migrator) BuildIndexes(ctx context.Context) ([]string, error) {
	s, err := m.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if lacking, err := s.lackingIndexes(ctx); err != nil || len(lacking) == 0 {
		return nil, err
	}
	if err := s.lock(ctx, indexLock); err != nil {
		return nil, err
	}
	// No timeout may cut a build short: it waits for transactions of others to end, and blocks none meanwhile.
	if err := s.settle(ctx, 0); err != nil {
		return nil, err
	}
	if _, err := s.conn.ExecContext(ctx, "SELECT set_config('search_path', $1, false)", quote(s.target)); err != nil {
		return nil, fmt.Errorf("set search_path to %s: %w", s.target, err)
	}
	pending, err := s.buildableIndexes(ctx)
	if err != nil {
		return nil, err
	}
	var built []string
	var failed failures
	for i, x := range pending {
		s.progress("index", i, len(pending))
		if err := s.build(ctx, x); err != nil {
			failed = append(failed, fmt.Errorf("build index %s on table %s: %w", x.name, x.table, s.hint(err)))
			if ctx.Err() != nil || isOfServer(err) {
				break
			}
			continue
		}
		built = append(built, x.name)
	}
	s.progress("index", len(pending), len(pending))
	return built, failed.join()
}

// buildableIndexes lists what is to be built and is not being built, that of tables with rows first.
func (s *session) buildableIndexes(ctx context.Context) ([]pendingIndex, error) {
	lacking, err := s.lackingIndexes(ctx)
	if err != nil {
		return nil, err
	}
	pending := slices.DeleteFunc(lacking, func(x pendingIndex) bool { return x.state == indexBuilding })
	tables := make([]string, len(pending))
	for i, x := range pending {
		tables[i] = x.table
	}
	empty, err := s.emptyOf(ctx, s.conn, slices.Compact(tables))
	if err != nil {
		return nil, err
	}
	var first, last []pendingIndex
	for _, x := range pending {
		if x.empty = empty[x.table]; x.empty {
			last = append(last, x)
		} else {
			first = append(first, x)
		}
	}
	return append(first, last...), nil
}

// build builds an index at once where its table is empty, and concurrently where it is not.
func (s *session) build(ctx context.Context, x pendingIndex) error {
	if x.empty && x.state == indexMissing {
		if err := s.whileEmpty(ctx, x.table, x.script()); err != errInUse {
			return err
		}
	}
	s.log.Info("building index", "table", x.table, "index", x.name, "invalid_before", x.state == indexInvalid)
	for _, sql := range x.build() {
		// One statement a message: several would be one transaction, in which CONCURRENTLY is not allowed.
		if _, err := s.conn.ExecContext(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// build gives the statements that bring the index to be, none of which locks out writers.
func (x pendingIndex) build() []string {
	var stmts []string
	if x.state == indexInvalid {
		stmts = append(stmts, "DROP INDEX CONCURRENTLY IF EXISTS "+quote(x.name))
	}
	stmts = append(stmts, x.concurrently())
	if x.comment != "" {
		stmts = append(stmts, x.comment)
	}
	return stmts
}

// failures are errors, of which there can be as many as there are indexes.
type failures []error

func (f failures) join() error {
	const shown = 3
	if more := len(f) - shown; more > 0 {
		f = append(f[:shown:shown], fmt.Errorf("and %d more", more))
	}
	return errors.Join(f...)
}

// PostponeIndexes drops the desired indexes of those of the tables that hold no row, so that a first load writes with
// the key, and returns the names of those it dropped; BuildIndexes builds them again. BRIN indexes stay, because rows
// that come in order cost them little and building them takes two readings of the table; unique ones, too. All stay while
// another instance builds some, and those of tables that somebody is using, as it waits for no lock. It takes no longer
// than some seconds: where there are so many tables that it would, those of the rest stay.
func (m *Migrator) PostponeIndexes(ctx context.Context, tables []string) ([]string, error) {
	s, err := m.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if free, err := s.tryLock(ctx, indexLock); err != nil || !free {
		return nil, err
	}
	if err := s.settle(ctx, m.lockTimeout); err != nil {
		return nil, err
	}
	// A crash that forgets the drop leaves what was there.
	if _, err := s.conn.ExecContext(ctx, "SET synchronous_commit = off"); err != nil {
		return nil, fmt.Errorf("change settings of the session: %w", err)
	}
	indexes, err := s.droppableIndexes(ctx, tables)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(indexes))
	empty, err := s.emptyOf(ctx, s.conn, names)
	if err != nil {
		return nil, err
	}
	var dropped []string
	for end := time.Now().Add(postponeTimeout); len(names) > 0 && time.Now().Before(end); names = names[1:] {
		table := names[0]
		if !empty[table] {
			continue
		}
		switch err := s.whileEmpty(ctx, table, "DROP INDEX "+quoteAll(indexes[table])); err {
		case nil:
			dropped = append(dropped, indexes[table]...)
		case errInUse:
		default:
			return dropped, fmt.Errorf("postpone indexes of table %s: %w", table, s.hint(err))
		}
	}
	return dropped, nil
}

// postponeTimeout bounds the time that a first load waits for the indexes of empty tables to be dropped.
const postponeTimeout = 5 * time.Second

// An index that makes rows unique, or belongs to a constraint, is more than a matter of speed.
const droppableIndexesQuery = `
SELECT t.relname, i.relname
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_am a ON a.oid = i.relam
JOIN pg_class t ON t.oid = x.indrelid
WHERE t.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
  AND t.relname = ANY ($2)
  AND t.relkind = 'r' -- no index of a partitioned table can be built concurrently
  AND x.indisvalid AND NOT x.indisunique AND a.amname <> 'brin'`

// droppableIndexes lists those of the desired indexes that tables have and can be without, by table.
func (s *session) droppableIndexes(ctx context.Context, tables []string) (map[string][]string, error) {
	rows, err := s.conn.QueryContext(ctx, droppableIndexesQuery, s.target, tables)
	if err != nil {
		return nil, fmt.Errorf("list indexes of schema %s: %w", s.target, err)
	}
	defer rows.Close()
	desired := map[string]bool{}
	for _, t := range s.source.tables {
		for _, x := range t.indexes {
			desired[x.name] = true
		}
	}
	found := map[string][]string{}
	for rows.Next() {
		var table, name string
		if err := rows.Scan(&table, &name); err != nil {
			return nil, fmt.Errorf("list indexes of schema %s: %w", s.target, err)
		}
		if desired[name] {
			found[table] = append(found[table], name)
		}
	}
	return found, rows.Err()
}

// errInUse: the table holds a row, or somebody is using it, who may be about to write one.
var errInUse = errors.New("the table is in use")

// whileEmpty runs statements in a transaction in which the table is empty and stays so, or gives errInUse. It waits for
// nobody.
func (s *session) whileEmpty(ctx context.Context, table, statements string) error {
	return s.tx(ctx, s.target, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "LOCK TABLE "+quote(table)+" IN ACCESS EXCLUSIVE MODE NOWAIT")
		if isLockFailure(err) {
			return errInUse
		}
		if err != nil {
			return err
		}
		switch empty, err := s.emptyOf(ctx, tx, []string{table}); {
		case err != nil:
			return err
		case !empty[table]:
			return errInUse
		}
		_, err = tx.ExecContext(ctx, statements, script)
		return err
	})
}

// querier is a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// emptyOf finds those of the tables that hold no row.
func (s *session) emptyOf(ctx context.Context, q querier, tables []string) (map[string]bool, error) {
	empty := map[string]bool{}
	for names := range slices.Chunk(tables, tablesPerTx) {
		if err := s.addEmpty(ctx, q, names, empty); err != nil {
			return nil, fmt.Errorf("look for rows in tables: %w", s.hint(err))
		}
	}
	return empty, nil
}

func (s *session) addEmpty(ctx context.Context, q querier, tables []string, empty map[string]bool) error {
	var query strings.Builder
	for i, table := range tables {
		if i > 0 {
			query.WriteString(" UNION ALL ")
		}
		fmt.Fprintf(&query, "SELECT %d WHERE NOT EXISTS (SELECT FROM %s)", i, quote(s.target, table))
	}
	rows, err := q.QueryContext(ctx, query.String())
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		if err := rows.Scan(&i); err != nil {
			return err
		}
		empty[tables[i]] = true
	}
	return rows.Err()
}

// MissingIndexes names the desired indexes that tables lack, those included that are being built, or have to be again.
func (m *Migrator) MissingIndexes(ctx context.Context) ([]string, error) {
	s, err := m.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	lacking, err := s.lackingIndexes(ctx)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, x := range lacking {
		names = append(names, x.name)
	}
	return names, nil
}
