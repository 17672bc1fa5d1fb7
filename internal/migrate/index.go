package migrate

import (
	"context"
	"errors"
	"fmt"
)

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
	if pending, err := s.pendingIndexes(ctx); err != nil || len(pending) == 0 {
		return nil, err
	}
	if err := s.lock(ctx, "index"); err != nil {
		return nil, err
	}
	// No timeout may cut a build short: it waits for transactions of others to end, and blocks none meanwhile.
	if err := s.settle(ctx, 0); err != nil {
		return nil, err
	}
	if _, err := s.conn.ExecContext(ctx, "SELECT set_config('search_path', $1, false)", quote(s.target)); err != nil {
		return nil, fmt.Errorf("set search_path to %s: %w", s.target, err)
	}
	pending, err := s.pendingIndexes(ctx)
	if err != nil {
		return nil, err
	}
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
