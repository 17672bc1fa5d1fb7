package main

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// TestFrozen: a process stands still in the middle of a transaction, another takes its entries over, and PostgreSQL ends
// the transaction, so that its locks do not keep the other for as long as the process is frozen. When it goes on, nothing
// is doubled.
func TestFrozen(t *testing.T) {
	const events = 200
	for name, c := range map[string]struct {
		lock   string // the table at which it is frozen
		waits  bool   // for the lock, until it is ended; otherwise the lock is given up
		within time.Duration
	}{
		"before PostgreSQL has its rows": {lock: "deposited_events", within: time.Minute},
		"after PostgreSQL has its rows":  {lock: "blocks", within: time.Minute},
		// Its own deadline and five seconds, and not the half minute after which an idle transaction ends.
		"while it waits for a lock": {lock: "blocks", waits: true, within: 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			claims := []string{"WORKERS=1", "CLAIM_MIN_IDLE_MS=1000", "CLAIM_INTERVAL_MS=200", "PROCESSING_TIMEOUT_MS=10000"}
			frozen := startService(t, s.settings(append(claims, "CONSUMER_NAME=frozen")...)...)
			frozen.awaitStatus(t, "/readyz", 200)
			s.exec("BEGIN; LOCK TABLE " + c.lock + " IN SHARE MODE")
			s.deposit(s.key, 0, events)
			waiting := "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '" + c.lock + "'::regclass"
			testenv.Eventually(t, 10*time.Second, func() error {
				if s.number(waiting) == 0 {
					return fmt.Errorf("nobody waits for the lock")
				}
				return nil
			})
			frozen.signal(syscall.SIGSTOP)
			if c.waits {
				testenv.Eventually(t, c.within, func() error {
					if s.number(waiting) > 0 {
						return fmt.Errorf("the frozen process waits for the lock")
					}
					return nil
				})
			}
			s.exec("COMMIT")

			startService(t, s.settings(append(claims, "CONSUMER_NAME=other")...)...)
			awaitRows(t, s.db, events)
			const open = `SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < now() - interval '5 s'`
			testenv.Eventually(t, c.within, func() error {
				if n := s.number(open); n > 0 {
					return fmt.Errorf("%d transactions are open for long", n)
				}
				return nil
			})
			frozen.signal(syscall.SIGCONT)
			awaitNonePendingIn(t, s.client, s.key, s.group)
			frozen.awaitStatus(t, "/readyz", 200)
			compareLedger(t, s.db, events)
		})
	}
}
