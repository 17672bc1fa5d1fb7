package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// watermarkTimeout is some rounds of the keeper's.
const watermarkTimeout = 30 * time.Second

// awaitWatermark waits until the watermark is above the last entry that the group was given, and returns it.
func (s *site) awaitWatermark() (low string) {
	s.Helper()
	testenv.Eventually(s.T, watermarkTimeout, func() error {
		groups, err := s.client.XInfoGroups(s.Context(), s.key).Result()
		if err != nil || len(groups) != 1 || groups[0].Pending > 0 {
			return fmt.Errorf("groups %+v, error %v", groups, err)
		}
		const sql = `SELECT low_id FROM stream_progress WHERE (stream, consumer_group) = ($1, $2)`
		if err := s.db.QueryRow(s.Context(), sql, s.key, s.group).Scan(&low); err != nil {
			return err
		}
		ms, seq, _ := strings.Cut(groups[0].LastDeliveredID, "-")
		var n uint64
		if _, err := fmt.Sscan(seq, &n); err != nil {
			return err
		}
		if want := fmt.Sprintf("%s-%d", ms, n+1); low != want {
			return fmt.Errorf("the watermark is %s, want %s", low, want)
		}
		return nil
	})
	return low
}

// forget takes the database back to what it was when its watermark was low and it held so many rows, as a restore would:
// an unlogged table is empty after one.
func (s *site) forget(rows int, low string) {
	s.Helper()
	s.exec(fmt.Sprintf(`BEGIN;
		DELETE FROM deposited_events WHERE (block_number - 1) * 20 + log_index >= %d;
		DELETE FROM blocks WHERE number > %d;
		UPDATE stream_progress SET low_id = '%s';
		TRUNCATE server_incarnation;
		COMMIT`, rows, 1+rows/20, low))
}

// settled starts a service and waits until it has written so many events of the ledger, and its watermark.
func (s *site) settled(events int) (p *process, low string) {
	s.Helper()
	p = startService(s.T, s.settings()...)
	awaitRows(s.T, s.db, events)
	return p, s.awaitWatermark()
}

func (p *process) end() {
	p.signal(syscall.SIGTERM)
	p.wait()
}

// TestForgottenCommits: what PostgreSQL has lost after it was acknowledged is read again, whether the service was running
// meanwhile or not, and nothing else is.
func TestForgottenCommits(t *testing.T) {
	const before, after = 2000, 5000
	t.Run("found at the start", func(t *testing.T) {
		s := newSite(t)
		s.deposit(s.key, 0, before)
		p, low := s.settled(before)
		s.deposit(s.key, before, after)
		awaitRows(t, s.db, after)
		awaitNonePendingIn(t, s.client, s.key, s.group)
		p.end()
		s.forget(before, low)

		p, _ = s.settled(after)
		compareLedger(t, s.db, after)
		if got := metric(t, p, fmt.Sprintf(`redis_postgres_sync_reread_rows_total{stream="%s"}`, s.key)); got != fmt.Sprint(after-before) {
			t.Errorf("%s rows were restored, want %d\n%s", got, after-before, p.output())
		}
	})

	t.Run("found while running", func(t *testing.T) {
		s := newSite(t)
		s.deposit(s.key, 0, before)
		p, low := s.settled(before)
		s.deposit(s.key, before, after)
		awaitRows(t, s.db, after)
		s.awaitWatermark()
		s.forget(before, low)
		s.deposit(s.key, after, after+100)
		awaitRows(t, s.db, after+100)
		s.awaitWatermark()
		compareLedger(t, s.db, after+100)
		if got := metric(t, p, fmt.Sprintf(`redis_postgres_sync_rereads_total{stream="%s"}`, s.key)); got != "1" {
			t.Errorf("read again %s times\n%s", got, p.output())
		}
	})

	t.Run("an empty database", func(t *testing.T) {
		s := newSite(t)
		s.deposit(s.key, 0, before)
		p, _ := s.settled(before)
		p.end()
		s.exec("TRUNCATE deposited_events, blocks, stream_progress, server_incarnation")
		s.settled(before)
		compareLedger(t, s.db, before)
	})

	t.Run("nothing is read again without a cause", func(t *testing.T) {
		s := newSite(t)
		s.deposit(s.key, 0, before)
		for range 2 {
			p, _ := s.settled(before)
			if strings.Contains(p.output(), "read again") {
				t.Errorf("it reads again:\n%s", p.output())
			}
			p.end()
		}
	})
}

// TestForgottenInACrash: PostgreSQL crashes under load and has not written to its disk what it had committed, as it is told
// to by synchronous_commit.
func TestForgottenInACrash(t *testing.T) {
	t.Parallel()
	t.Run("of the server", func(t *testing.T) {
		testForgottenInACrash(t, func(postgres *launch.Server, _ int) error {
			return errors.Join(postgres.Signal(syscall.SIGQUIT), postgres.Restart(t.Context()))
		})
	})
	// Then the server starts all of its processes anew, and goes on to say that it was started when it was.
	t.Run("of a session", func(t *testing.T) {
		testForgottenInACrash(t, func(_ *launch.Server, session int) error { return syscall.Kill(session, syscall.SIGKILL) })
	})
}

func testForgottenInACrash(t *testing.T, crash func(postgres *launch.Server, session int) error) {
	t.Parallel()
	postgres := testenv.OwnPostgres(t) // which has synchronous_commit off
	redisURL, prefix := testenv.Redis(t)
	client, err := stream.Connect(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	db := connect(t, postgres.URL())
	load := startProducer(t, client, prefix+"stream")
	p := startService(t, "DATABASE_URL="+postgres.URL(), "REDIS_URL="+redisURL, "REDIS_STREAMS="+prefix+"stream")
	written := awaitRows(t, db, 100)
	// From here on nothing that is committed comes to the disk.
	var walWriter, session int
	const pids = "SELECT pid, pg_backend_pid() FROM pg_stat_activity WHERE backend_type = 'walwriter'"
	if err := db.QueryRow(t.Context(), pids).Scan(&walWriter, &session); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(walWriter, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	acknowledged := awaitRows(t, db, written+200)
	if err := crash(postgres, session); err != nil {
		t.Fatal(err)
	}
	total := load.finish()
	// It takes a moment until it notices, and lets in whoever comes meanwhile.
	testenv.Eventually(t, patience, func() error {
		again, err := pgx.Connect(t.Context(), postgres.URL())
		if err != nil {
			return err
		}
		defer again.Close(t.Context())
		var now, ours int
		err = again.QueryRow(t.Context(), pids).Scan(&now, &ours)
		if err == nil && now == walWriter {
			err = errors.New("it has not crashed yet")
		}
		return err
	})
	db = connect(t, postgres.URL())
	awaitRows(t, db, total)
	awaitNonePending(t, client, prefix+"stream")
	compareLedger(t, db, total)
	t.Logf("%d rows before the crash", acknowledged)
	testenv.Eventually(t, patience, func() error { // the rows are counted when all have been read again
		restored := metric(t, p, fmt.Sprintf(`redis_postgres_sync_reread_rows_total{stream="%sstream"}`, prefix))
		if n, err := strconv.Atoi(restored); err != nil || n < 100 {
			return fmt.Errorf("the crash has lost %s rows, error %v", restored, err)
		}
		return nil
	})
}

// TestTrimming: with TRIM on, old entries that are decided go, and young ones stay.
func TestTrimming(t *testing.T) {
	const old, young = 1000, 50
	s := newSite(t)
	s.depositAt(s.key, time.Now().Add(-2*time.Hour), 0, old)
	s.deposit(s.key, old, old+young)
	p := startService(t, s.settings("TRIM=on", "TRIM_RETENTION=1h")...)
	awaitRows(t, s.db, old+young)
	s.awaitWatermark()
	// The watermark is sampled, and the sample is to be trimmed below, each when an hour has passed. What is sampled first is
	// what PostgreSQL had at the start, which is nothing.
	for range 2 {
		if n := s.client.XLen(t.Context(), s.key).Val(); n != old+young {
			t.Errorf("%d entries are left, though PostgreSQL has not had them for an hour", n)
		}
		s.exec("UPDATE stream_progress SET sampled_at = sampled_at - interval '61 min'")
		testenv.Eventually(t, watermarkTimeout, func() error {
			if s.number("SELECT count(*) FROM stream_progress WHERE sampled_at > now() - interval '30 min'") == 0 {
				return errors.New("no sample is taken")
			}
			return nil
		})
	}
	testenv.Eventually(t, watermarkTimeout, func() error {
		if n := s.client.XLen(t.Context(), s.key).Val(); n > young+100 { // Redis removes whole nodes
			return fmt.Errorf("%d entries are left", n)
		}
		return nil
	})
	if n := s.client.XLen(t.Context(), s.key).Val(); n < young {
		t.Errorf("%d entries are left of the %d that are young", n, young)
	}
	trimmed := metric(t, p, fmt.Sprintf(`redis_postgres_sync_entries_trimmed_total{stream="%s"}`, s.key))
	if want := fmt.Sprint(old + young - s.client.XLen(t.Context(), s.key).Val()); trimmed != want {
		t.Errorf("metric: %s trimmed, want %s", trimmed, want)
	}
	if got := metric(t, p, fmt.Sprintf(`redis_postgres_sync_entries_lost_total{stream="%s"}`, s.key)); got != "0" {
		t.Errorf("%s entries were lost", got)
	}
	compareLedger(t, s.db, old+young)
}
