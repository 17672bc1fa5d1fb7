package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/schema"
)

// settings are those of a server that keeps what it commits. Checkpoints are as far apart as a load that writes for
// minutes needs them, on all sides of a comparison.
const settings = `
shared_buffers = 256MB
max_wal_size = 8GB
track_commit_timestamp = on
`

// system is a PostgreSQL and a Redis of our own, with the service's tables.
type system struct {
	postgres, redisServer *launch.Server
	db                    *pgx.Conn
	redis                 redis.UniversalClient
	migrator              *migrate.Migrator
	files                 string // a directory that both we and PostgreSQL write to
}

// newSystem starts the servers. Lines of postgresql.conf that others are to be tried with come last, so they count.
func newSystem(ctx context.Context, others string) (s *system, err error) {
	s = &system{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.postgres, err = launch.DurablePostgres(ctx, settings+others); err != nil {
		return s, err
	}
	if s.redisServer, err = launch.Redis(ctx); err != nil {
		return s, err
	}
	if s.redis, err = stream.Connect(s.redisServer.URL()); err != nil {
		return s, err
	}
	if s.db, err = pgx.Connect(ctx, s.postgres.URL()); err != nil {
		return s, fmt.Errorf("connect: %w", err)
	}
	if s.files, err = os.MkdirTemp("", "redis-postgres-sync-bench-"); err != nil {
		return s, err
	}
	if err = os.Chmod(s.files, 0o777); err != nil { // PostgreSQL may run as another user
		return s, err
	}
	if s.migrator, err = migrate.New(s.postgres.URL(), schema.Files); err != nil {
		return s, err
	}
	_, err = s.migrator.Apply(ctx)
	return s, err
}

func (s *system) close() error {
	var errs []error
	if s.files != "" {
		errs = append(errs, os.RemoveAll(s.files))
	}
	for _, server := range []*launch.Server{s.redisServer, s.postgres} {
		if server != nil {
			errs = append(errs, server.Stop())
		}
	}
	return errors.Join(errs...)
}

// reset empties Redis and the tables, and writes out what the server has not yet, so that every measurement starts from
// the same state.
func (s *system) reset(ctx context.Context) error {
	if err := s.redis.FlushAll(ctx).Err(); err != nil {
		return fmt.Errorf("empty Redis: %w", err)
	}
	return s.truncate(ctx)
}

func (s *system) truncate(ctx context.Context) error {
	const all = `SELECT string_agg(format('%I', tablename), ', ') FROM pg_tables
		WHERE schemaname = 'public' AND (tablename LIKE '%\_events' OR tablename IN ('blocks', 'dead_letters', 'reorgs'))`
	var tables string
	if err := s.db.QueryRow(ctx, all).Scan(&tables); err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	if err := s.exec(ctx, "TRUNCATE "+tables); err != nil {
		return err
	}
	// A service that was stopped may have left some to the next one.
	if _, err := s.migrator.BuildIndexes(ctx); err != nil {
		return err
	}
	return s.exec(ctx, "CHECKPOINT")
}

func (s *system) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := s.db.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%.60s: %w", statement, err)
		}
	}
	return nil
}

// rows counts the rows of the load's tables.
func (s *system) rows(ctx context.Context, l load) (all int, err error) {
	for _, table := range l.tables() {
		var n int
		if err := s.db.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			return 0, fmt.Errorf("count %s: %w", table, err)
		}
		all += n
	}
	return all, nil
}

// validIndexes counts the indexes of a load's tables.
func (s *system) validIndexes(ctx context.Context, l load) (n int, err error) {
	const valid = "SELECT count(*) FROM pg_index WHERE indrelid = ANY ($1::text[]::regclass[]) AND indisvalid"
	if err := s.db.QueryRow(ctx, valid, l.tables()).Scan(&n); err != nil {
		return 0, fmt.Errorf("count indexes: %w", err)
	}
	return n, nil
}

// cpu is the processor time that a process and its children have taken, those included that have ended.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func cpu(pid int) (time.Duration, error) {
	own, err := processTime(strconv.Itoa(pid))
	if err != nil {
		return 0, err
	}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		children, _ := os.ReadFile(task)
		for _, child := range strings.Fields(string(children)) {
			if t, err := processTime(child); err == nil { // it may have ended
				own += t
			}
		}
	}
	return own, nil
}

// ticks is how often a second the kernel counts, on every architecture that Go runs on.
const ticks = 100

func processTime(pid string) (time.Duration, error) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, fmt.Errorf("measure process %s: %w", pid, err)
	}
	const utime, cstime = 11, 14 // behind the name in parentheses
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var sum int64
	for _, field := range fields[utime : cstime+1] {
		n, _ := strconv.ParseInt(field, 10, 64)
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks, nil
}

// peakMemory is the most resident memory that a process has had, in bytes.
func peakMemory(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("measure process %d: %w", pid, err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseInt(kilobytes, 10, 64)
	return n << 10, err
}

// machine says where figures were taken.
func machine(ctx context.Context, s *system) (string, error) {
	var postgres string
	if err := s.db.QueryRow(ctx, "SHOW server_version").Scan(&postgres); err != nil {
		return "", fmt.Errorf("ask PostgreSQL: %w", err)
	}
	info, err := s.redis.Info(ctx, "server").Result()
	if err != nil {
		return "", fmt.Errorf("ask Redis: %w", err)
	}
	return fmt.Sprintf("%d cores, %s; PostgreSQL %s, Redis %s, %s", runtime.NumCPU(), processor(),
		field(postgres, "", " "), field(info, "redis_version:", "\r"), runtime.Version()), nil
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	return strings.TrimLeft(field(string(text), "model name", "\n"), "\t: ")
}

// field is what stands between two texts.
func field(text, before, behind string) string {
	_, rest, _ := strings.Cut(text, before)
	value, _, _ := strings.Cut(rest, behind)
	return value
}
