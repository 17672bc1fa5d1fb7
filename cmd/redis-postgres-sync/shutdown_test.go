package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// writtenAgain finds, in the log at debug level, how many events of a batch were written already.
var writtenAgain = regexp.MustCompile(`"msg":"batch written".*"duplicates":([1-9]\d*)`)

// TestShutdown ends the service under load fifty times: it exits with 0 within five seconds, what it has committed is
// acknowledged, and the next one goes on where it stopped.
func TestShutdown(t *testing.T) {
	t.Parallel()
	const (
		times = 50
		soon  = 5 * time.Second
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
		"DATABASE_URL=" + database, "REDIS_URL=" + redisURL, "REDIS_STREAMS=" + key, "CONSUMER_GROUP=" + prefix + "group",
		"LOG_LEVEL=debug",
	}
	code, output := command(t, settings, "migrate", "apply")
	expect(t, exitDone, code, output)
	load := startProducer(t, client, key)
	db := connect(t, database)
	written := awaitRows(t, db, 0)
	var slowest time.Duration
	for i := range times {
		p := startService(t, settings...)
		awaitRows(t, db, written+1+rand.N(20))
		sent := time.Now()
		p.signal(syscall.SIGTERM)
		code := p.wait()
		took := time.Since(sent)
		slowest = max(slowest, took)
		if code != exitDone || took > soon {
			t.Fatalf("round %d: exit code %d after %v\n%s", i, code, took, p.output())
		}
		pending, err := stream.Pending(t.Context(), client, key, prefix+"group")
		if err != nil || pending != 0 {
			t.Fatalf("round %d: %d entries are pending, error %v", i, pending, err)
		}
		if again := writtenAgain.FindString(p.output()); again != "" {
			t.Fatalf("round %d: committed before, and delivered again: %s", i, again)
		}
		written = awaitRows(t, db, 0)
	}
	total := load.finish()
	p := startService(t, settings...)
	awaitRows(t, db, total)
	p.awaitStatus(t, "/readyz", http.StatusOK) // all may be written already, and a process that has just begun knows no signals
	p.signal(syscall.SIGTERM)
	expect(t, exitDone, p.wait(), p.output())
	compareLedger(t, db, total)
	t.Logf("%d times ended, the slowest within %v", times, slowest.Round(time.Millisecond))
}

// TestSecondSignal: who is in a hurry signals twice, and loses nothing either.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	database := testenv.Database(t)
	redisURL, prefix := testenv.Redis(t)
	client, err := stream.Connect(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	key := prefix + "stream"
	settings := []string{
		"DATABASE_URL=" + database, "REDIS_URL=" + redisURL, "REDIS_STREAMS=" + key, "SHUTDOWN_TIMEOUT_MS=600000",
		"CONSUMER_NAME=" + prefix,
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
	load := startProducer(t, client, key)
	p := startService(t, settings...)
	testenv.Eventually(t, time.Minute, func() error {
		if n, err := stream.Pending(t.Context(), client, key, "postgres-sync"); n == 0 || err != nil {
			return fmt.Errorf("nothing is in hand yet, error %v", err)
		}
		return nil
	})
	total := load.finish()
	p.signal(syscall.SIGTERM)
	testenv.Eventually(t, patience, func() error {
		_, body := p.get(t, "/readyz")
		return contains(body, "it is stopping")
	})
	p.signal(syscall.SIGTERM)
	if code := p.wait(); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	startService(t, settings...)
	db := connect(t, database)
	awaitRows(t, db, total)
	compareLedger(t, db, total)
}

// TestShutdownWhileFrozen: servers that accept connections and never say a word do not hold up the end.
func TestShutdownWhileFrozen(t *testing.T) {
	t.Parallel()
	for name, freeze := range map[string]func(t *testing.T, postgres, redis *launch.Server){
		"PostgreSQL": func(t *testing.T, postgres, _ *launch.Server) { freezePostgres(t, postgres) },
		"Redis":      func(t *testing.T, _, redis *launch.Server) { begin(t, redis, syscall.SIGSTOP) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			postgres, server := testenv.OwnPostgres(t), testenv.OwnRedis(t)
			client, err := stream.Connect(server.URL())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			load := startProducer(t, client, "stream")
			p := startService(t, "DATABASE_URL="+postgres.URL(), "REDIS_URL="+server.URL(), "REDIS_STREAMS=stream")
			awaitRows(t, connect(t, postgres.URL()), 1)
			p.awaitStatus(t, "/readyz", 200)
			freeze(t, postgres, server)
			t.Cleanup(func() { end(t, server, syscall.SIGSTOP) })
			p.awaitStatus(t, "/readyz", 503)
			sent := time.Now()
			p.signal(syscall.SIGTERM)
			code := p.wait()
			took := time.Since(sent)
			t.Logf("ended after %v", took.Round(10*time.Millisecond))
			if code != exitDone || took > 5*time.Second {
				t.Errorf("exit code %d after %v", code, took)
			}
			end(t, server, syscall.SIGSTOP)
			load.finish()
		})
	}
}

// freezePostgres stops all of its processes until the end of the test.
func freezePostgres(t *testing.T, server *launch.Server) {
	t.Helper()
	db := connect(t, server.URL())
	rows, err := db.Query(t.Context(), "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
	if err != nil {
		t.Fatal(err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		t.Fatal(err)
	}
	begin(t, server, syscall.SIGSTOP)
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGSTOP) // it may have ended
	}
	t.Cleanup(func() {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
		end(t, server, syscall.SIGSTOP)
	})
}

// TestFullRedis: a Redis without memory for anything new still gives out what it has, to instances that start now, too.
func TestFullRedis(t *testing.T) {
	t.Parallel()
	database, server := testenv.Database(t), testenv.OwnRedis(t)
	client, err := stream.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	s := &site{T: t, client: client}
	s.deposit("stream", 0, 200)
	settings := []string{"DATABASE_URL=" + database, "REDIS_URL=" + server.URL(), "REDIS_STREAMS=stream"}
	if err := client.XGroupCreate(t.Context(), "stream", "postgres-sync", "0").Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	p := startService(t, settings...)
	db := connect(t, database)
	awaitRows(t, db, 200)
	awaitNonePending(t, client, "stream")
	compareLedger(t, db, 200)
	p.awaitStatus(t, "/readyz", 200) // as what it has can be written
}
