package main

import (
	"fmt"
	"math"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

const validIndexes = `SELECT count(*) FROM pg_index WHERE indisvalid AND indrelid = 'deposited_events'::regclass`

// TestFirstLoad: a long backlog is written into empty tables with fewer indexes, which are built when it is done and not
// before, by whichever process is there then; status and metrics tell.
func TestFirstLoad(t *testing.T) {
	s := newSite(t)
	all := s.number(validIndexes)
	s.deposit(s.key, 0, longBacklog+2000)

	p := startService(t, s.settings("BATCH_SIZE=1000", "WORKERS=1", "CONSUMER_NAME=first", "SHUTDOWN_TIMEOUT_MS=500")...)
	awaitRows(t, s.db, 1000)
	// Nobody can write now, so that the backlog stays.
	s.exec("BEGIN; LOCK TABLE deposited_events IN SHARE MODE")
	if rows := s.number("SELECT count(*) FROM deposited_events"); rows > longBacklog {
		t.Fatalf("%d rows are there already", rows)
	}
	during := func(p *process) {
		t.Helper()
		testenv.Eventually(t, 10*time.Second, func() error {
			return contains(p.output(), "missing indexes are built when the backlog is done")
		})
		time.Sleep(3 * backlogEvery)
		if n := s.number(validIndexes); n >= all {
			t.Errorf("%d of %d indexes stand during the backlog", n, all)
		}
		report := s.statusReport()
		if missing := strings.Join(report.MissingIndexes, " "); !strings.Contains(missing, "deposited_events_sender_idx") {
			t.Errorf("status says that %q are missing", missing)
		}
		wantLines(t, s.statusOutput(), fmt.Sprintf("%d indexes are missing: the service builds them when the backlog is done, "+
			"and redis-postgres-sync migrate apply at once", len(report.MissingIndexes)))
		if got := metric(t, p, "redis_postgres_sync_indexes_missing"); got != fmt.Sprint(len(report.MissingIndexes)) {
			t.Errorf("metric: %s missing indexes, status: %d", got, len(report.MissingIndexes))
		}
	}
	during(p)
	if got := p.output(); !strings.Contains(got, "first load: indexes are built when the backlog is done") {
		t.Errorf("the log does not say that this is a first load:\n%s", got)
	}
	p.signal(syscall.SIGTERM)
	if code := p.wait(); code != exitDone {
		t.Errorf("exit code %d after SIGTERM during a first load", code)
	}

	// Another process finds rows, a backlog and no indexes, and leaves it so.
	next := startService(t, s.settings("BATCH_SIZE=1000", "WORKERS=1", "CONSUMER_NAME=first")...)
	during(next)
	s.exec("COMMIT")
	awaitRows(t, s.db, longBacklog+2000)
	awaitIndexes(t, s, next, all)
	awaitNonePendingIn(t, s.client, s.key, s.group)
	if missing := s.statusReport().MissingIndexes; missing == nil || len(missing) > 0 {
		t.Errorf("status says that %v are missing", missing)
	}

	// What goes missing later is built as well, as if the instance that postponed it had died.
	s.exec("DROP INDEX deposited_events_sender_idx")
	awaitIndexes(t, s, next, all)
	compareLedger(t, s.db, longBacklog+2000)
}

func awaitIndexes(t *testing.T, s *site, p *process, all int) {
	t.Helper()
	testenv.Eventually(t, indexesEvery+30*time.Second, func() error {
		if n := s.number(validIndexes); n != all {
			return fmt.Errorf("%d of %d indexes stand", n, all)
		}
		if got := metric(t, p, "redis_postgres_sync_indexes_missing"); got != "0" {
			return fmt.Errorf("%s indexes are missing", got)
		}
		return nil
	})
}

// TestNoFirstLoad: indexes stay where there are rows, little to read, or a role that must not change the schema.
func TestNoFirstLoad(t *testing.T) {
	t.Parallel()
	const events = 500
	for name, c := range map[string]struct {
		rows, entries int
		setting       string
	}{
		"a table with rows":   {1, longBacklog, "AUTO_MIGRATE=on"},
		"a short backlog":     {0, events, "AUTO_MIGRATE=on"},
		"a schema of others'": {0, longBacklog, "AUTO_MIGRATE=off"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			all := s.number(validIndexes)
			if c.rows > 0 {
				s.deposit(s.key, 0, c.rows)
				p := startService(t, s.settings()...)
				awaitRows(t, s.db, c.rows)
				awaitNonePendingIn(t, s.client, s.key, s.group)
				p.signal(syscall.SIGTERM)
				p.wait()
			}
			s.deposit(s.key, c.rows, c.entries+c.rows)
			p := startService(t, s.settings(c.setting, "BATCH_SIZE=100")...)
			awaitRows(t, s.db, events)
			if n := s.number(validIndexes); n != all {
				t.Errorf("%d of %d indexes stand\n%s", n, all, p.output())
			}
			// The indexes could have been dropped and stand again; those of other, empty tables are dropped with a long backlog.
			if c.rows == 0 && strings.Contains(p.output(), "first load") {
				t.Errorf("it was taken for a first load:\n%s", p.output())
			}
		})
	}
}

// TestIndexesLater: what could not be built is tried again.
func TestIndexesLater(t *testing.T) {
	s := newSite(t)
	all := s.number(validIndexes)
	s.deposit(s.key, 0, 1)
	p := startService(t, s.settings()...)
	awaitRows(t, s.db, 1)
	p.signal(syscall.SIGTERM)
	p.wait()
	s.exec("DROP INDEX deposited_events_sender_idx; CREATE TABLE deposited_events_sender_idx (taken int)")
	p = startService(t, s.settings()...)
	testenv.Eventually(t, 30*time.Second, func() error {
		return contains(p.output(), "build index deposited_events_sender_idx on table")
	})
	s.exec("DROP TABLE deposited_events_sender_idx")
	testenv.Eventually(t, 3*indexesEvery, func() error {
		if n := s.number(validIndexes); n != all {
			return fmt.Errorf("%d of %d indexes stand", n, all)
		}
		return nil
	})
}

// TestShrinkage: a backlog is waited for as long as it shrinks by a hundredth in five minutes.
func TestShrinkage(t *testing.T) {
	t.Parallel()
	start := time.Unix(0, 0)
	for name, c := range map[string]struct {
		left  func(minutes int64) int64
		until int64 // the minute in which it stands; 0: it does not, within a day
	}{
		"shrinks evenly":          {func(m int64) int64 { return 10_000_000 - 25_000*m }, 0},
		"stands":                  {func(int64) int64 { return 50_000 }, 5},
		"grows":                   {func(m int64) int64 { return 50_000 + m }, 5},
		"shrinks too slowly":      {func(m int64) int64 { return 10_000_000 - 10_000*m }, 5},
		"shrinks, then stands":    {func(m int64) int64 { return max(50_000, 1_000_000-100_000*m) }, 15},
		"goes up and down":        {func(m int64) int64 { return 2_000 + m%2 }, 5},
		"a few entries that stay": {func(int64) int64 { return 1 }, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shrinkage{least: math.MaxInt64}
			for minute := range int64(24 * 60) {
				if left := c.left(minute); left <= 0 {
					break
				} else if s.stands(left, start.Add(time.Duration(minute)*time.Minute)) {
					if minute != c.until {
						t.Errorf("it stands in minute %d, want %d", minute, c.until)
					}
					return
				}
			}
			if c.until != 0 {
				t.Errorf("it does not stand, want it to in minute %d", c.until)
			}
		})
	}
}

// TestBehindBy: little is no backlog, whether Redis counts entries or gives no more than their age.
func TestBehindBy(t *testing.T) {
	t.Parallel()
	lag := func(n int64) *int64 { return &n }
	for _, c := range []struct {
		state stream.State
		want  int64
	}{
		{stream.State{Lag: lag(0)}, 0},
		{stream.State{Lag: lag(caughtUp - 1), UndecidedAge: time.Hour}, 0},
		{stream.State{Lag: lag(caughtUp)}, caughtUp},
		{stream.State{}, 0},
		{stream.State{UndecidedAge: caughtUpAge - time.Millisecond}, 0},
		{stream.State{UndecidedAge: time.Minute}, 60_000},
	} {
		if got := behindBy(c.state); got != c.want {
			t.Errorf("%+v is behind by %d, want %d", c.state, got, c.want)
		}
	}
}
