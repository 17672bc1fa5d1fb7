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

// TestLittleCPU: an instance that has a fifth of a CPU answers, and ends in order under load. What another instance, which has all that
// it wants, takes over from it is not doubled.
func TestLittleCPU(t *testing.T) {
	s := newSite(t)
	cpu := newControlGroup(t, "cpu")
	if cpu.version == 1 {
		cpu.set(t, "cpu.cfs_period_us", "100000")
		cpu.set(t, "cpu.cfs_quota_us", "20000")
	} else {
		cpu.set(t, "cpu.max", "20000 100000")
	}
	const events, more = 40_000, 5_000
	for from := 0; from < events; from += 1000 {
		s.deposit(s.key, from, from+1000)
	}
	settings := s.settings("CLAIM_MIN_IDLE_MS=1000", "CLAIM_INTERVAL_MS=100")
	slow := startService(t, append(settings, "CONSUMER_NAME=slow")...)
	cpu.add(t, slow.command.Process.Pid)
	testenv.Eventually(t, patience, func() error {
		n, err := stream.Pending(t.Context(), s.client, s.key, s.group)
		if err == nil && n == 0 {
			err = errors.New("it has nothing in hand")
		}
		return err
	})
	awaitRows(t, s.db, 1)
	fast := startService(t, append(settings, "CONSUMER_NAME=fast")...)
	slow.awaitStatus(t, "/readyz", 200)
	awaitRows(t, s.db, events)
	awaitNonePendingIn(t, s.client, s.key, s.group)
	t.Logf("the fast one has taken over %s entries", metric(t, fast, `redis_postgres_sync_entries_claimed_total{stream="`+s.key+`"}`))
	fast.signal(syscall.SIGTERM)
	if code := fast.wait(); code != 0 {
		t.Errorf("the fast one has ended with %d", code)
	}
	s.deposit(s.key, events, events+more)
	slow.signal(syscall.SIGTERM)
	if code := slow.wait(); code != 0 {
		t.Errorf("the slow one has ended with %d", code)
	}
	text, err := os.ReadFile(filepath.Join(cpu.dir, "cpu.stat"))
	if err != nil || !throttled.Match(text) {
		t.Errorf("the slow one was not throttled: %s, %v", text, err)
	}
	startService(t, append(settings, "CONSUMER_NAME=slow")...)
	awaitRows(t, s.db, events+more)
	awaitNonePendingIn(t, s.client, s.key, s.group)
	compareLedger(t, s.db, events+more)
}

// throttled matches the cpu.stat of a group that has used up its share, and had to wait.
var throttled = regexp.MustCompile(`nr_throttled [1-9]`)
