package main

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// TestLoading: a Redis that has been restarted takes its time to load what it holds, and refuses everything until then. The service
// says so, and goes on by itself.
func TestLoading(t *testing.T) {
	t.Parallel()
	database, server := testenv.Database(t), testenv.OwnDurableRedis(t)
	client, err := stream.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	load := startProducer(t, client, "stream")
	p := startService(t, "DATABASE_URL="+database, "REDIS_URL="+server.URL(), "REDIS_STREAMS=stream")
	db := connect(t, database)
	awaitRows(t, db, 100)

	// Some 5 s: it sleeps for so many microseconds at each command of its append-only file.
	const others, delay = 20_000, "250"
	_, err = client.Pipelined(t.Context(), func(pipe redis.Pipeliner) error {
		for n := range others {
			pipe.RPush(t.Context(), "other", n)
		}
		return nil
	})
	if err := errors.Join(err, client.ConfigSet(t.Context(), "key-load-delay", delay).Err(), client.ConfigRewrite(t.Context()).Err()); err != nil {
		t.Fatal(err)
	}
	restarted := make(chan error, 1)
	go func() { restarted <- server.Restart(t.Context()) }()
	testenv.Eventually(t, patience, func() error {
		_, body := p.get(t, "/readyz")
		return contains(body, "LOADING")
	})
	if err := <-restarted; err != nil {
		t.Fatal(err)
	}
	p.awaitStatus(t, "/readyz", 200)
	total := load.finish()
	awaitRows(t, db, total)
	awaitNonePending(t, client, "stream")
	compareLedger(t, db, total)
}
