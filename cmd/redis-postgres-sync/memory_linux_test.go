package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv/tables"
)

// TestLittleMemory: messages of a megabyte that have piled up behind small ones while PostgreSQL wrote nothing do not take more
// memory than a small container has. The kernel would kill the process.
func TestLittleMemory(t *testing.T) {
	t.Parallel()
	const (
		limit   = 128 << 20
		small   = 20_000
		large   = 150
		perItem = 2000 // events of a large message, which make it about a megabyte
	)
	postgres := testenv.OwnPostgres(t)
	tables.Pool(t, postgres.URL()) // now, or indexes are built later and wait for the lock below
	redisURL, prefix := testenv.Redis(t)
	client, err := stream.Connect(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	s := &site{T: t, client: client}
	key := prefix + "stream"
	// As it is shipped: the race detector takes many times the memory.
	binary, err := testenv.BuildService(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	memory := newMemory(t, limit)
	service, err := launch.RunService(binary, "DATABASE_URL="+postgres.URL(), "REDIS_URL="+redisURL, "REDIS_STREAMS="+key,
		"HTTP_HOST=127.0.0.1", "HTTP_PORT=0", "PROCESSING_TIMEOUT_MS=2000")
	if err != nil {
		t.Fatal(err)
	}
	defer service.Stop()
	memory.add(t, service.PID())
	for from := 0; from < small; from += 1000 {
		s.deposit(key, from, from+1000) // pages of small ones grow large
	}
	awaitRows(t, connect(t, postgres.URL()), small)

	db := connect(t, postgres.URL())
	if _, err := db.Exec(t.Context(), "BEGIN; LOCK TABLE deposited_events IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	total, bytes := small, 0
	for held := int64(0); held < 2; { // each of the loops has one in hand
		s.deposit(key, total, total+1)
		total++
		testenv.Eventually(t, patience, func() error {
			n, err := stream.Pending(t.Context(), client, key, "postgres-sync")
			if err == nil && n == 0 {
				err = errors.New("no loop has it")
			}
			held = n
			return err
		})
	}
	for range large {
		items := make([]string, perItem)
		for i := range items {
			items[i] = deposit{total + i}.json()
		}
		payload := `{"event_name":"Deposited","event_signature_hash":"` + depositedTopic0 + `","network":"intuition","event_data":[` +
			strings.Join(items, ",") + `]}`
		if err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: key, Values: []string{"payload", payload}}).Err(); err != nil {
			t.Fatal(err)
		}
		total, bytes = total+perItem, bytes+len(payload)
	}
	time.Sleep(5 * time.Second) // more than two timeouts, for which it holds what was known of the size of entries
	if _, err := db.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 2*time.Minute, func() error {
		if err := service.Exited(); err != nil {
			t.Fatalf("with %d MB at most: %v", memory.peak(t)>>20, err)
		}
		n, err := stream.Pending(t.Context(), client, key, "postgres-sync")
		if err == nil && n > 0 {
			err = fmt.Errorf("%d entries are pending", n)
		}
		return err
	})
	awaitRows(t, db, total)
	compareLedger(t, db, total)
	t.Logf("%d MB of messages, and %d MB of memory at most", bytes>>20, memory.peak(t)>>20)
}

// memory is a control group with a bound for its memory.
type memory struct {
	controlGroup
	peakFile string
}

func newMemory(t *testing.T, limit int) memory {
	t.Helper()
	g := newControlGroup(t, "memory")
	if g.version == 1 {
		g.set(t, "memory.limit_in_bytes", strconv.Itoa(limit))
		return memory{g, "memory.max_usage_in_bytes"}
	}
	g.set(t, "memory.max", strconv.Itoa(limit))
	// It is to be killed, and not to swap, where the kernel tells these apart.
	_ = os.WriteFile(filepath.Join(g.dir, "memory.swap.max"), []byte("0"), 0o644)
	return memory{g, "memory.peak"}
}

// peak is the most that was in use, in bytes; 0 where the kernel does not tell.
func (m memory) peak(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, m.peakFile))
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	n, err2 := strconv.Atoi(strings.TrimSpace(string(text)))
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return n
}
