package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// TestLittleProcessor: an instance that has a fifth of a processor writes more slowly, and nothing else: it answers, and ends in order
// under load. What another instance, which has all that it wants, takes over from it is not doubled.
func TestLittleProcessor(t *testing.T) {
	s := newSite(t)
	processor := newControlGroup(t, "cpu")
	if processor.version == 1 {
		processor.bound(t, "cpu.cfs_period_us", "100000")
		processor.bound(t, "cpu.cfs_quota_us", "20000")
	} else {
		processor.bound(t, "cpu.max", "20000 100000")
	}
	const events, more = 40_000, 5_000
	for from := 0; from < events; from += 1000 {
		s.deposit(s.key, from, from+1000)
	}
	settings := s.settings("CLAIM_MIN_IDLE_MS=1000", "CLAIM_INTERVAL_MS=100")
	slow := startService(t, append(settings, "CONSUMER_NAME=slow")...)
	processor.add(t, slow.command.Process.Pid)
	testenv.Eventually(t, patience, func() error {
		n, err := stream.Pending(t.Context(), s.client, s.key, s.group)
		if err == nil && n == 0 {
			err = errors.New("it has nothing in hand")
		}
		return err
	})
	fast := startService(t, append(settings, "CONSUMER_NAME=fast")...)
	slow.awaitStatus(t, "/readyz", 200)
	awaitRows(t, s.db, events)
	awaitNonePendingIn(t, s.client, s.key, s.group)
	t.Logf("the fast one has taken over %s entries", metric(t, fast, `redis_postgres_sync_entries_claimed_total{stream="`+s.key+`"}`))
	if n := metric(t, slow, "redis_postgres_sync_batches_processed_total"); n == "0" {
		t.Error("the slow instance has done nothing")
	}

	fast.signal(syscall.SIGTERM)
	if code := fast.wait(); code != 0 {
		t.Errorf("the fast one has ended with %d", code)
	}
	s.deposit(s.key, events, events+more)
	slow.signal(syscall.SIGTERM)
	if code := slow.wait(); code != 0 {
		t.Errorf("the slow one has ended with %d", code)
	}
	text, err := os.ReadFile(filepath.Join(processor.dir, "cpu.stat"))
	if err != nil || !slowed.Match(text) {
		t.Errorf("nothing has held the slow one up: %s, %v", text, err)
	}
	startService(t, append(settings, "CONSUMER_NAME=slow")...)
	awaitRows(t, s.db, events+more)
	awaitNonePendingIn(t, s.client, s.key, s.group)
	compareLedger(t, s.db, events+more)
}

// slowed is said by the kernel of a control group that has had its share, and had to wait.
var slowed = regexp.MustCompile(`nr_throttled [1-9]`)
