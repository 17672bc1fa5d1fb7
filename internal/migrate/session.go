package migrate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/stdlib"
)

// script makes pgx send several statements in one message.
const script = pgx.QueryExecModeSimpleProtocol

// session is one connection and what it found out about its server. One goroutine uses it.
type session struct {
	*Migrator
	db   *sql.DB
	conn *sql.Conn

	version   string
	database  string
	role      string
	target    string // the schema our tables are in
	exists    bool   // whether it is there
	mayCreate bool   // whether the role may create schemas
}

const factsQuery = `
SELECT current_setting('server_version_num')::int,
       current_setting('server_version'),
       current_database(),
       current_user,
       current_schema(),
       current_setting('search_path'),
       has_database_privilege(current_database(), 'CREATE')`

// open connects, and refuses a server that is too old.
func (m *Migrator) open(ctx context.Context) (_ *session, err error) {
	config := m.config.Copy()
	// No prepared statements: DDL runs once, and what is cached goes stale with the tables.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	// Without a cancel request the server would go on building an index for a client that has gone.
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: 3 * time.Second}
	}
	s := &session{Migrator: m, db: stdlib.OpenDB(*config)}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w; hint: see whether the server is up and DATABASE_URL is right", err)
	}
	var num int
	var schema sql.NullString
	var path string
	row := s.conn.QueryRowContext(ctx, factsQuery)
	if err := row.Scan(&num, &s.version, &s.database, &s.role, &schema, &path, &s.mayCreate); err != nil {
		return nil, fmt.Errorf("read server settings: %w", err)
	}
	if err := checkVersion(num, s.version); err != nil {
		return nil, err
	}
	s.target, s.exists = schema.String, schema.Valid
	if !s.exists {
		s.target, err = firstInPath(path)
	}
	return s, err
}

// close also gives up the advisory locks, as it ends the connection.
func (s *session) close() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	_ = s.db.Close()
}

// firstInPath names the schema to create where the connection finds none: who writes ?search_path=new wants it.
func firstInPath(path string) (string, error) {
	first, _, _ := strings.Cut(path, ",")
	first = strings.TrimSpace(first)
	if name := unquoteSetting(first); name != "" && name != "$user" {
		return name, nil
	}
	return "", fmt.Errorf("find target schema: search_path is %q, and it names no schema that exists and that the role has "+
		"USAGE on; hint: GRANT USAGE ON SCHEMA, or name another with ?search_path= in DATABASE_URL", path)
}

// unquoteSetting is unquote for a setting, which may be empty or hold quotes of its own.
func unquoteSetting(name string) string {
	if len(name) < 2 && strings.HasPrefix(name, `"`) {
		return ""
	}
	return unquote(name)
}

// lock waits for an advisory lock of the session, by asking again: a session that waits inside the server holds a
// snapshot, and CREATE INDEX CONCURRENTLY of the instance that has the lock would wait for that for ever.
func (s *session) lock(ctx context.Context, purpose string) error {
	const firstWait = 10 * time.Millisecond
	for wait := firstWait; ; wait = min(2*wait, 500*time.Millisecond) {
		if got, err := s.tryLock(ctx, purpose); got || err != nil {
			return err
		}
		if wait == firstWait {
			s.log.Info("waiting for another instance", "lock", purpose, "schema", s.target)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("take lock %s of schema %s, which another instance holds: %w",
				purpose, s.target, context.Cause(ctx))
		case <-time.After(wait + rand.N(wait)):
		}
	}
}

// tryLock takes an advisory lock of the session, and reports whether it was free.
func (s *session) tryLock(ctx context.Context, purpose string) (got bool, err error) {
	sum := sha256.Sum256([]byte("redis-postgres-sync " + purpose + " " + s.target))
	key := int64(binary.BigEndian.Uint64(sum[:8]))
	if err := s.conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", key).Scan(&got); err != nil {
		return false, fmt.Errorf("take lock %s: %w", purpose, err)
	}
	return got, nil
}

// tx runs f in a transaction whose names mean schema, and commits.
func (s *session) tx(ctx context.Context, schema string, f func(*sql.Tx) error) error {
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := setPath(ctx, tx, schema); err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// setPath makes schema the only one that unqualified names can mean, until the transaction ends.
func setPath(ctx context.Context, tx *sql.Tx, schema string) error {
	if _, err := tx.ExecContext(ctx, "SELECT set_config('search_path', $1, true)", quote(schema)); err != nil {
		return fmt.Errorf("set search_path to %s: %w", schema, err)
	}
	return nil
}

// stored is what the last Apply left in schema_state.
type stored struct {
	hash      []byte
	appliedAt time.Time
}

func (st stored) matches(hash []byte) bool { return bytes.Equal(st.hash, hash) }

// stored reads schema_state; a database without it has stored nothing.
func (s *session) stored(ctx context.Context) (stored, error) {
	var st stored
	if !s.exists {
		return st, nil
	}
	row := s.conn.QueryRowContext(ctx, "SELECT schema_hash, applied_at FROM "+quote(s.target, stateTable))
	err := row.Scan(&st.hash, &st.appliedAt)
	if errors.Is(err, sql.ErrNoRows) || sqlState(err) == undefinedTable {
		return stored{}, nil
	}
	if sqlState(err) == noPrivilege {
		return st, fmt.Errorf("read table %s: %w; hint: GRANT SELECT ON %s TO %s",
			stateTable, err, quote(s.target, stateTable), quote(s.role))
	}
	if err != nil {
		return st, fmt.Errorf("read table %s: %w", stateTable, s.hint(err))
	}
	return st, nil
}

// upToDate is the usual start: the hash is ours, and nobody has dropped or altered what we need since.
func (s *session) upToDate(ctx context.Context, o applyOptions) (bool, error) {
	if o.full {
		return false, nil
	}
	st, err := s.stored(ctx)
	if err != nil || !st.matches(s.source.hash) {
		return false, err
	}
	err = s.ready(ctx)
	if _, mismatch := errors.AsType[*MismatchError](err); mismatch {
		return false, nil
	}
	return err == nil, err
}

// quote joins identifiers to a name, each safe in SQL.
func quote(parts ...string) string {
	return pgx.Identifier(parts).Sanitize()
}

// literal is a string constant in SQL, where settle was called: a backslash is no more than that.
func literal(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// quoteAll lists identifiers, each safe in SQL.
func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return strings.Join(quoted, ", ")
}
