package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// TestTakeover: a consumer that holds 5,000 entries is gone for good, and another instance writes them all, no later
// than the minimal idle time and two looks for such entries after it began.
func TestTakeover(t *testing.T) {
	t.Parallel()
	const (
		entries  = 5000
		minIdle  = 10 * time.Second
		interval = 5 * time.Second
	)
	database := testenv.Database(t)
	redisURL, prefix := testenv.Redis(t)
	client, err := stream.Connect(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	key := prefix + "stream"
	settings := []string{
		"DATABASE_URL=" + database, "REDIS_URL=" + redisURL, "REDIS_STREAMS=" + key,
		"CLAIM_MIN_IDLE_MS=10000", "CLAIM_INTERVAL_MS=5000",
	}
	// Entries that were read before there was a watermark are read again by whoever finds none, without being taken over.
	p := startService(t, settings...)
	p.awaitStatus(t, "/readyz", 200)
	ctx := t.Context()
	db := connect(t, database)
	testenv.Eventually(t, patience, func() error {
		var marks int
		err := db.QueryRow(ctx, "SELECT count(*) FROM stream_progress").Scan(&marks)
		if err == nil && marks == 0 {
			err = errors.New("there is no watermark yet")
		}
		return err
	})
	p.signal(syscall.SIGTERM)
	p.wait()
	_, err = client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for n := range entries {
			payload := `{"event_signature_hash":"` + depositedTopic0 + `","event_data":[` + deposit{n}.json() + `]}`
			p.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []string{"payload", payload}})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	read := &redis.XReadGroupArgs{Group: "postgres-sync", Consumer: "gone", Streams: []string{key, ">"}, Count: entries}
	if err := client.XReadGroup(ctx, read).Err(); err != nil {
		t.Fatal(err)
	}
	died := time.Now()
	startService(t, settings...)
	awaitRows(t, db, entries)
	took := time.Since(died)
	t.Logf("all %d entries written %v after their consumer died", entries, took.Round(10*time.Millisecond))
	if took < minIdle {
		t.Errorf("they were taken over after %v, before they were idle for %v", took, minIdle)
	}
	if limit := minIdle + 2*interval; took > limit {
		t.Errorf("it took %v, want within %v", took, limit)
	}
	awaitNonePending(t, client, key)
	compareLedger(t, db, entries)
}

// TestGroupVanishes: the group is destroyed, and then all of Redis emptied, under load. What was not read before the
// latter is gone with it; all that comes afterwards is consumed.
func TestGroupVanishes(t *testing.T) {
	t.Parallel()
	database, server := testenv.Database(t), testenv.OwnRedis(t)
	client, err := stream.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	load := startProducer(t, client, "stream")
	p := startService(t, "DATABASE_URL="+database, "REDIS_URL="+server.URL(), "REDIS_STREAMS=stream")
	db := connect(t, database)
	for range 3 {
		awaitRows(t, db, int(load.added.Load())+1)
		if err := client.XGroupDestroy(t.Context(), "stream", "postgres-sync").Err(); err != nil {
			t.Fatal(err)
		}
	}
	awaitRows(t, db, int(load.added.Load())+1)
	for range 3 {
		if err := client.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		next := int(load.added.Load()) + 1
		awaitEvent(t, p, db, next)
	}
	total := load.finish()
	awaitEvent(t, p, db, total-1)
	awaitNonePending(t, client, "stream")
	p.wantSoon(t, "/readyz", 200, "emptied")
}

func awaitEvent(t *testing.T, p *process, db *pgx.Conn, n int) {
	t.Helper()
	d := deposit{n}
	testenv.Eventually(t, time.Minute, func() error {
		var found bool
		err := db.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM deposited_events WHERE block_number = $1 AND log_index = $2)",
			d.block(), d.logIndex()).Scan(&found)
		if err == nil && !found {
			err = errors.New("the event is not there:\n" + p.output())
		}
		return err
	})
}

// TestNameIsLost: a process whose consumer name another one has taken, as after a long pause, goes on under a new name.
func TestNameIsLost(t *testing.T) {
	s := newSite(t)
	p := startService(t, s.settings()...)
	s.deposit(s.key, 0, 100)
	awaitRows(t, s.db, 100)
	name, _ := strings.CutSuffix(s.consumers(s.key, s.group)[0], "-0")
	const other = `{"host":"elsewhere","pid":1,"nonce":"other"}`
	if err := s.client.Set(t.Context(), s.group+":consumer:"+name, other, time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, patience, func() error { return contains(p.output(), "process 1 on elsewhere") })
	s.deposit(s.key, 100, 200)
	awaitRows(t, s.db, 200)
	awaitNonePendingIn(t, s.client, s.key, s.group)
	compareLedger(t, s.db, 200)
	for _, consumer := range s.consumers(s.key, s.group) {
		if !strings.HasPrefix(consumer, name+"-") {
			return
		}
	}
	t.Errorf("the only consumers are %q", s.consumers(s.key, s.group))
}

// TestHeld: a batch that waits for a lock is held before anybody may take it over.
func TestHeld(t *testing.T) {
	s := newSite(t)
	const minIdle = 12 * time.Second
	s.exec("BEGIN; LOCK TABLE deposited_events IN EXCLUSIVE MODE")
	s.deposit(s.key, 0, 1)
	startService(t, s.settings("WORKERS=1", "CLAIM_MIN_IDLE_MS=12000")...)
	var before time.Duration
	testenv.Eventually(t, patience, func() error {
		pending, err := s.client.XPendingExt(t.Context(), &redis.XPendingExtArgs{
			Stream: s.key, Group: s.group, Start: "-", End: "+", Count: 1,
		}).Result()
		if err != nil || len(pending) == 0 {
			return fmt.Errorf("nothing is in hand yet, error %v", err)
		}
		if idle := pending[0].Idle; idle < before {
			return nil
		} else if before = idle; idle >= minIdle {
			t.Fatalf("not held for %v", idle)
		}
		return errors.New("not held yet")
	})
	s.exec("COMMIT")
	awaitRows(t, s.db, 1)
}
