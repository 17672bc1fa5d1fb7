package migrate

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// lockAttempts is how often a slice is tried while other sessions hold locks on its tables.
const lockAttempts = 3

// settle makes the session independent of settings of the role: no timeout of statements cuts a migration short, the
// wait for a lock is bounded instead (zero: it is not), string constants mean what they say, and queries of catalogs
// run without being compiled first, which takes longer than they do.
func (s *session) settle(ctx context.Context, lockTimeout time.Duration) error {
	settings := fmt.Sprintf("SET statement_timeout = 0; SET lock_timeout = %d; "+
		"SET standard_conforming_strings = on; SET jit = off", lockTimeout.Milliseconds())
	if _, err := s.conn.ExecContext(ctx, settings, script); err != nil {
		return fmt.Errorf("change settings of the session: %w", err)
	}
	return nil
}

// apply runs the plan in slices, each its own transaction, then makes the views, then stores the hash: what is cut off
// in between leaves the hash as it was, and the next Apply finds what is still missing.
func (s *session) apply(ctx context.Context, plan *Plan, o applyOptions) error {
	changes := plan.Changes
	s.logLeft(plan)
	if !s.exists {
		if err := s.createSchema(ctx, s.target); err != nil {
			return err
		}
		s.exists, changes = true, changes[1:]
	}
	// CREATE INDEX CONCURRENTLY keeps out whoever alters its table, and all writers queue behind who waits for that.
	if slices.ContainsFunc(changes, func(c Change) bool { return c.alters }) {
		if err := s.lock(ctx, indexLock); err != nil {
			return err
		}
	}
	done := 0
	s.progress("apply", done, len(changes))
	for _, slice := range slicesOf(changes) {
		s.log.Info("changing schema", "schema", s.target, "changes", len(slice))
		if err := s.applySlice(ctx, slice); err != nil {
			return err
		}
		done += len(slice)
		s.progress("apply", done, len(changes))
	}
	if err := s.views(ctx, o.full); err != nil {
		return err
	}
	return s.storeHash(ctx)
}

// logLeft says what the database has and this version does not know: after a rollback an operator looks for it.
func (s *session) logLeft(plan *Plan) {
	const shown = 5
	if n := len(plan.Notes); n > 0 {
		s.log.Info("left alone what this version does not know", "schema", s.target, "count", n,
			"first", strings.Join(plan.Notes[:min(n, shown)], "; "))
	}
	if n := len(plan.Deferred); n > 0 {
		s.log.Info("left what this version works without", "schema", s.target, "count", n,
			"hint", "run redis-postgres-sync migrate plan")
	}
}

// slicesOf cuts changes so that no slice has more than tablesPerTx tables, and none is in two slices.
func slicesOf(changes []Change) [][]Change {
	var out [][]Change
	tables, start := 0, 0
	for i, c := range changes {
		if i > 0 && c.Table == changes[i-1].Table {
			continue
		}
		if tables == tablesPerTx {
			out = append(out, changes[start:i])
			tables, start = 0, i
		}
		tables++
	}
	if start < len(changes) {
		out = append(out, changes[start:])
	}
	return out
}

// applySlice runs one slice, again where a lock was not to be had.
func (s *session) applySlice(ctx context.Context, slice []Change) error {
	for attempt := 1; ; attempt++ {
		err := s.tx(ctx, s.target, func(tx *sql.Tx) error {
			return s.run(ctx, tx, slice)
		})
		if err == nil || attempt == lockAttempts || !isLockFailure(err) {
			return err
		}
		s.log.Warn("waiting for locks on tables", "schema", s.target, "attempt", attempt, "err", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100*time.Millisecond + rand.N(200*time.Millisecond)):
		}
	}
}

func (s *session) run(ctx context.Context, tx *sql.Tx, slice []Change) error {
	for i, c := range slice {
		// A view forbids changing the columns it shows; views() makes it again.
		first := i == 0 || slice[i-1].Table != c.Table
		if first && slices.ContainsFunc(slice[i:], c.refusedWith) {
			if err := s.dropView(ctx, tx, c.Table); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, c.SQL, script); err != nil {
			return fmt.Errorf("change table %s: %w", c.Table, s.hint(err))
		}
	}
	return nil
}

// refusedWith reports whether o is a change of c's table that was refused at first.
func (c Change) refusedWith(o Change) bool {
	return o.Table == c.Table && len(o.Refused) > 0
}

func (s *session) createSchema(ctx context.Context, name string) error {
	if _, err := s.conn.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+quote(name)); err != nil {
		return fmt.Errorf("create schema %s: %w", name, s.hint(err))
	}
	return nil
}

const storeHashQuery = ` (schema_hash) VALUES ($1)
ON CONFLICT (only_row) DO UPDATE SET schema_hash = excluded.schema_hash, applied_at = now()`

func (s *session) storeHash(ctx context.Context) error {
	stored, err := s.stored(ctx)
	if err != nil || stored.matches(s.source.hash) {
		return err
	}
	insert := "INSERT INTO " + quote(s.target, stateTable) + storeHashQuery
	if _, err := s.conn.ExecContext(ctx, insert, s.source.hash); err != nil {
		return fmt.Errorf("store hash in table %s: %w", stateTable, s.hint(err))
	}
	return nil
}
