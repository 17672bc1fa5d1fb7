package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// TestStreamsDoNotWaitForEachOther: all loops of one stream wait for a lock, and the other stream goes on.
func TestStreamsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	database := testenv.Database(t)
	redisURL, prefix := testenv.Redis(t)
	client, err := stream.Connect(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	stuck, free := prefix+"stuck", prefix+"free"
	settings := []string{
		"DATABASE_URL=" + database, "REDIS_URL=" + redisURL, "REDIS_STREAMS=" + stuck + "," + free, "BATCH_SIZE=1",
	}
	code, output := command(t, settings, "migrate", "apply")
	expect(t, exitDone, code, output)

	lock, err := connect(t, database).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(t.Context(), "LOCK TABLE deposited_events IN EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	add := func(key, payload string) {
		t.Helper()
		args := redis.XAddArgs{Stream: key, Values: []string{"payload", payload}}
		if err := client.XAdd(t.Context(), &args).Err(); err != nil {
			t.Fatal(err)
		}
	}
	const entries = 20
	for n := range entries {
		deposited := deposit{n}.json()
		add(stuck, `{"event_signature_hash":"`+depositedTopic0+`","event_data":[`+deposited+`]}`)
		unknown := strings.Repeat("7", 64)
		add(free, `{"event_signature_hash":"`+unknown+`","event_data":[`+deposited+`]}`)
	}
	startService(t, settings...)
	db := connect(t, database)
	rows := func(table string) error {
		var n int
		if err := db.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			return err
		}
		if n != entries {
			return fmt.Errorf("%d of %d rows in %s", n, entries, table)
		}
		return nil
	}
	testenv.Eventually(t, time.Minute, func() error { return rows("generic_events") })
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, time.Minute, func() error { return rows("deposited_events") })
}
