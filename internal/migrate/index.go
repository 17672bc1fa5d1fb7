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
// returns the names of those it built. What an earlier attempt left invalid is dropped and built again. It takes as
// long as the tables are large, so the service runs it in the background; where several instances do, one builds and
// the others wait for it. An index that cannot be built does not keep the next from being built.
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
	lacking, err := s.lackingIndexes(ctx)
	if err != nil {
		return nil, err
	}
	pending := slices.DeleteFunc(lacking, func(x pendingIndex) bool { return x.state == indexBuilding })
	var built []string
	var failed []error
	for i, x := range pending {
		s.progress("index", i, len(pending))
		if err := s.build(ctx, x); err != nil {
			failed = append(failed, err)
			if ctx.Err() != nil {
				break
			}
			continue
		}
		built = append(built, x.name)
	}
	s.progress("index", len(pending), len(pending))
	return built, errors.Join(failed...)
}

func (s *session) build(ctx context.Context, x pendingIndex) error {
	s.log.Info("building index", "table", x.table, "index", x.name, "invalid_before", x.state == indexInvalid)
	for _, sql := range x.build() {
		// One statement a message: several would be one transaction, in which CONCURRENTLY is not allowed.
		if _, err := s.conn.ExecContext(ctx, sql); err != nil {
			return fmt.Errorf("build index %s on table %s: %w", x.name, x.table, s.hint(err))
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

// PostponeIndexes drops the desired indexes of those of the tables that hold no row, so that a first load writes with
// the key, and returns the names of those it dropped; BuildIndexes builds them again. BRIN indexes stay, because rows
// that come in order cost them little and building them takes two readings of the table; unique ones, too. All stay while
// another instance builds some, and those of tables that somebody is using: it waits for no lock for longer than a second.
// It is done in transactions of up to 200 tables, of which each happens as a whole or not at all.
func (m *Migrator) PostponeIndexes(ctx context.Context, tables []string) ([]string, error) {
	s, err := m.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if free, err := s.tryLock(ctx, indexLock); err != nil || !free {
		return nil, err
	}
	if err := s.settle(ctx, min(m.lockTimeout, postponeTimeout)); err != nil {
		return nil, err
	}
	indexes, err := s.droppableIndexes(ctx, tables)
	if err != nil {
		return nil, err
	}
	var dropped []string
	for names := range slices.Chunk(slices.Sorted(maps.Keys(indexes)), tablesPerTx) {
		err := s.tx(ctx, s.target, func(tx *sql.Tx) error {
			gone, err := s.dropOfEmpty(ctx, tx, names, indexes)
			if err == nil {
				dropped = append(dropped, gone...)
			}
			return err
		})
		if err != nil && !isLockFailure(err) {
			return dropped, fmt.Errorf("postpone indexes: %w", s.hint(err))
		}
	}
	return dropped, nil
}

// postponeTimeout bounds the wait for a table that a first load is to be written into: whoever uses it is writing already.
const postponeTimeout = time.Second

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

// dropOfEmpty drops the indexes of those of the tables that are empty, and stay so until the transaction ends.
func (s *session) dropOfEmpty(
	ctx context.Context, tx *sql.Tx, tables []string, indexes map[string][]string,
) (dropped []string, err error) {
	if tables, err = emptyOf(ctx, tx, tables); err != nil || len(tables) == 0 {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, "LOCK TABLE "+quoteAll(tables)+" IN ACCESS EXCLUSIVE MODE"); err != nil {
		return nil, err
	}
	if tables, err = emptyOf(ctx, tx, tables); err != nil || len(tables) == 0 {
		return nil, err
	}
	for _, table := range tables {
		dropped = append(dropped, indexes[table]...)
	}
	_, err = tx.ExecContext(ctx, "DROP INDEX "+quoteAll(dropped))
	return dropped, err
}

// emptyOf returns those of the tables that hold no row.
func emptyOf(ctx context.Context, tx *sql.Tx, tables []string) (empty []string, err error) {
	var query strings.Builder
	for i, table := range tables {
		if i > 0 {
			query.WriteString(" UNION ALL ")
		}
		fmt.Fprintf(&query, "SELECT %d WHERE NOT EXISTS (SELECT FROM %s)", i, quote(table))
	}
	rows, err := tx.QueryContext(ctx, query.String())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		if err := rows.Scan(&i); err != nil {
			return nil, err
		}
		empty = append(empty, tables[i])
	}
	return empty, rows.Err()
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
