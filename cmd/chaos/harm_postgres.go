package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

const others = " FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"

func (n *nemesis) terminate(ctx context.Context) error {
	return n.exec(ctx, "SELECT pg_terminate_backend(pid)"+others)
}

func (n *nemesis) cancel(ctx context.Context) error {
	for range 1 + n.random.IntN(10) {
		if err := n.exec(ctx, "SELECT pg_cancel_backend(pid)"+others); err != nil {
			return err
		}
		sleep(ctx, n.between(0, 50*time.Millisecond))
	}
	return nil
}

func (n *nemesis) crashPostgres(ctx context.Context) error {
	if err := n.postgres.Signal(syscall.SIGQUIT); err != nil {
		return err
	}
	sleep(ctx, n.between(0, 2*time.Second))
	return n.postgres.Restart(ctx)
}

// forgetCommits crashes PostgreSQL when it has answered commits that its disk does not have, and is over when they have been read
// again: a FLUSHALL before that would take away what they are read from.
func (n *nemesis) forgetCommits(ctx context.Context) error {
	n.ledger.looking.Lock() // what is forgotten is not acknowledged too early
	defer n.ledger.looking.Unlock()
	const find = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"
	walWriter, err := n.ask(ctx, find)
	if err != nil {
		return fmt.Errorf("find the WAL writer: %w", err)
	}
	const set, reset = "ALTER SYSTEM SET synchronous_commit = off", "ALTER SYSTEM RESET synchronous_commit"
	if err := n.exec(ctx, set, "SELECT pg_reload_conf()"); err != nil {
		return err
	}
	if err := syscall.Kill(int(walWriter), syscall.SIGSTOP); err != nil {
		return err
	}
	sleep(ctx, n.between(300*time.Millisecond, 1500*time.Millisecond))
	said, err := n.ask(ctx, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")
	err = errors.Join(err, n.exec(ctx, reset), n.postgres.Signal(syscall.SIGQUIT), syscall.Kill(int(walWriter), syscall.SIGKILL),
		n.postgres.Restart(ctx))
	if err != nil {
		return err
	}
	// Recovery ends with a checkpoint, at the end of what was on the disk.
	kept, err := n.ask(ctx, "SELECT (redo_lsn - '0/0')::bigint FROM pg_control_checkpoint()")
	if err == nil {
		err = n.awaitReread(ctx)
	}
	if err == nil && kept >= said {
		err = errSpared // nothing was forgotten
	}
	return err
}

// ask returns the number that a query gives, which may not give one at once where the server has just begun.
func (w *world) ask(ctx context.Context, query string) (n int64, err error) {
	err = until(ctx, time.Minute, func() error {
		db, err := w.connect(ctx)
		if err != nil {
			return err
		}
		defer db.Close(ctx)
		return db.QueryRow(ctx, query).Scan(&n)
	})
	return n, err
}

// awaitReread waits until the watermark of each stream of which something was given out is one of the server that runs now: then all
// that it had forgotten has been read again. Where a group was destroyed before, that is all of the stream, so it may take as long as
// watermarks rise.
func (w *world) awaitReread(ctx context.Context) error {
	const patience = 2 * time.Minute
	var risen string
	for since := time.Now(); ; sleep(ctx, 100*time.Millisecond) {
		missing, marks, err := w.unread(ctx)
		if err == nil && missing == "" || ctx.Err() != nil {
			return err
		}
		if err == nil && marks != risen {
			risen, since = marks, time.Now()
		}
		if time.Since(since) > patience {
			return errors.Join(err, fmt.Errorf("stream %q is not read again: the watermarks stand at %s", missing, marks))
		}
	}
}

// unread returns a stream that has not been read again, "" if there is none, and all watermarks.
func (w *world) unread(ctx context.Context) (missing, marks string, err error) {
	db, err := w.connect(ctx)
	if err != nil {
		return "", "", err
	}
	defer db.Close(ctx)
	for _, name := range streamNames {
		given, err := stream.Delivered(ctx, w.redis, name, group)
		if err != nil {
			return "", "", err
		}
		const sql = `SELECT low_id, incarnation LIKE '%/' || extract(epoch FROM pg_postmaster_start_time())
			FROM stream_progress WHERE stream = $1`
		low, again := "none", false
		if err := db.QueryRow(ctx, sql, name).Scan(&low, &again); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return "", "", err
		}
		marks += low + " "
		if !again && given.Last != nothing {
			missing = name
		}
	}
	return missing, marks, nil
}

func (n *nemesis) restartPostgres(ctx context.Context) error {
	return n.postgres.Restart(ctx)
}

// killBackend makes PostgreSQL restart itself, as it cannot trust its shared memory then.
func (n *nemesis) killBackend(ctx context.Context) error {
	db, err := n.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	var pid int
	if err := db.QueryRow(ctx, "SELECT pid"+others+" LIMIT 1").Scan(&pid); err != nil {
		return errSpared // nobody is connected
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Kill()
}

func (n *nemesis) lockTable(ctx context.Context) error {
	db, err := n.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	_, err = db.Exec(ctx, "SET lock_timeout = '5s'; BEGIN; LOCK TABLE deposited_events IN ACCESS EXCLUSIVE MODE",
		pgx.QueryExecModeSimpleProtocol)
	sleep(ctx, n.between(100*time.Millisecond, 3*time.Second))
	if err != nil {
		return errSpared // one that was frozen in a transaction has it
	}
	_, err = db.Exec(ctx, "COMMIT")
	return err
}

func (n *nemesis) readOnly(ctx context.Context) error {
	if err := n.exec(ctx, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"); err != nil {
		return err
	}
	sleep(ctx, n.between(100*time.Millisecond, 2*time.Second))
	return n.exec(ctx, "SET default_transaction_read_only = off", "ALTER SYSTEM RESET default_transaction_read_only",
		"SELECT pg_reload_conf()")
}

// fillConnections takes all connections that the server has, for a while.
func (n *nemesis) fillConnections(ctx context.Context) error {
	var all []*pgx.Conn
	defer func() {
		for _, db := range all {
			db.Close(ctx)
		}
	}()
	for range 300 {
		db, err := pgx.Connect(ctx, n.postgres.URL())
		if err != nil {
			break
		}
		all = append(all, db)
	}
	sleep(ctx, n.between(100*time.Millisecond, 2*time.Second))
	return nil
}

// deadlock takes locks in another order than the instances do, so that PostgreSQL ends one of those that wait for each other.
func (n *nemesis) deadlock(ctx context.Context) error {
	db, err := n.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	const (
		lock   = "LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE"
		waiter = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'dead_letters'::regclass AND NOT granted)"
	)
	_, err = db.Exec(ctx, "SET lock_timeout = '5s'; BEGIN; "+fmt.Sprintf(lock, "dead_letters"), pgx.QueryExecModeSimpleProtocol)
	if err == nil {
		err = until(ctx, 2*time.Second, func() error {
			var waits bool
			if err := db.QueryRow(ctx, waiter).Scan(&waits); err != nil {
				return err
			}
			if !waits {
				return errSpared
			}
			return nil
		})
	}
	if err == nil {
		_, err = db.Exec(ctx, fmt.Sprintf(lock, "deposited_events"))
	}
	var refused *pgconn.PgError
	switch {
	case !errors.As(err, &refused):
		return err
	case refused.Code == "40P01":
		return nil // it was us that were ended
	}
	return errSpared // one that was frozen in a transaction has the lock
}
