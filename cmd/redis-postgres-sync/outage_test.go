package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

const (
	// outage is how long a server stays away.
	outage = 30 * time.Second
	// noticed is within which a change of a server must show.
	noticed = 5 * time.Second
)

// producer adds the ledger's events, one an entry, as fast as a busy chain has them, and until it is stopped. Like
// rindexer it tries again where Redis does not answer, so that an event may stand in the stream twice.
type producer struct {
	client redis.UniversalClient
	key    string
	added  atomic.Int64
	stop   context.CancelFunc
	ended  chan struct{}
}

func startProducer(t *testing.T, client redis.UniversalClient, key string) *producer {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &producer{client: client, key: key, stop: cancel, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		// An event of which it is not known whether it was added is added again, also at the end.
		for unsure := false; ctx.Err() == nil || unsure && t.Context().Err() == nil; {
			payload := `{"event_name":"Deposited","event_signature_hash":"` + depositedTopic0 +
				`","network":"intuition","event_data":[` + deposit{int(p.added.Load())}.json() + `]}`
			add := &redis.XAddArgs{Stream: key, Values: []string{"payload", payload}}
			timed, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			if unsure = p.client.XAdd(timed, add).Err() != nil; !unsure {
				p.added.Add(1)
			}
			cancel()
			time.Sleep(5 * time.Millisecond)
		}
	}()
	t.Cleanup(func() { p.finish() })
	return p
}

// finish ends the producer and returns how many events there are.
func (p *producer) finish() int {
	p.stop()
	<-p.ended
	return int(p.added.Load())
}

// TestOutages stops a server under load for half a minute: the service says so, goes on by itself when the server is
// back, and nothing is lost, doubled or given up.
func TestOutages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		postgres, redis os.Signal // nil: it stays
	}{
		"PostgreSQL shut down": {postgres: syscall.SIGINT},
		"Redis shut down":      {redis: syscall.SIGTERM},
		"Redis frozen":         {redis: syscall.SIGSTOP},
		"both shut down":       {postgres: syscall.SIGINT, redis: syscall.SIGTERM},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			postgres, server := testenv.OwnPostgres(t), testenv.OwnDurableRedis(t)
			client, err := stream.Connect(server.URL())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			load := startProducer(t, client, "stream")
			p := startService(t, "DATABASE_URL="+postgres.URL()+"&synchronous_commit=on", "REDIS_URL="+server.URL(), "REDIS_STREAMS=stream")
			awaitRows(t, connect(t, postgres.URL()), 100)
			for _, path := range []string{"/health", "/readyz", "/livez"} {
				p.awaitStatus(t, path, 200)
			}

			begin(t, postgres, c.postgres)
			begin(t, server, c.redis)
			p.wantSoon(t, "/health", 503, "gone")
			p.wantSoon(t, "/readyz", 503, "gone")
			p.wantBlame(t, c.redis != nil, c.postgres != nil)
			for until := time.Now().Add(outage); time.Now().Before(until); time.Sleep(time.Second) {
				if status, body := p.get(t, "/livez"); status != 200 {
					t.Fatalf("/livez during the outage: %d %s", status, body)
				}
				if status, body := p.get(t, "/health"); status != 503 {
					t.Fatalf("/health during the outage: %d %s", status, body)
				}
			}

			end(t, postgres, c.postgres)
			end(t, server, c.redis)
			p.wantSoon(t, "/health", 200, "back")
			p.wantSoon(t, "/readyz", 200, "back")
			total := load.finish()
			db := connect(t, postgres.URL())
			awaitRows(t, db, total)
			awaitNonePending(t, client, "stream")
			compareLedger(t, db, total)
			p.signal(syscall.SIGTERM)
			expect(t, exitDone, p.wait(), p.output())
		})
	}
}

// wantSoon checks that a path gets a status within the time in which a change must show.
func (p *process) wantSoon(t *testing.T, path string, status int, what string) (body string) {
	t.Helper()
	took, body := p.awaitStatus(t, path, status)
	t.Logf("%s: %d after %v of the server being %s", path, status, took.Round(10*time.Millisecond), what)
	if took > noticed {
		t.Errorf("%s: %d after %v, want within %v", path, status, took, noticed)
	}
	return body
}

// wantBlame checks that /health and /readyz name those that are gone, and no other.
func (p *process) wantBlame(t *testing.T, redis, postgres bool) {
	t.Helper()
	testenv.Eventually(t, noticed, func() error {
		var health struct {
			Redis    bool `json:"redis_consumer_healthy"`
			Postgres bool `json:"postgres_sync_healthy"`
		}
		_, text := p.get(t, "/health")
		decodeJSON(t, text, &health)
		_, body := p.get(t, "/readyz")
		named := func(check string) bool { return strings.Contains(body, `"check": "`+check+`"`) }
		if health.Redis == redis || health.Postgres == postgres || named("redis") != redis || named("postgres") != postgres {
			return fmt.Errorf("the wrong one is blamed: %s\n%s", text, body)
		}
		return nil
	})
}

func begin(t *testing.T, server *launch.Server, signal os.Signal) {
	t.Helper()
	if signal == nil {
		return
	}
	if err := server.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

func end(t *testing.T, server *launch.Server, signal os.Signal) {
	t.Helper()
	var err error
	switch signal {
	case nil:
	case syscall.SIGSTOP:
		err = server.Signal(syscall.SIGCONT)
	default:
		err = server.Restart(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func awaitNonePending(t *testing.T, client redis.UniversalClient, key string) {
	t.Helper()
	awaitNonePendingIn(t, client, key, "postgres-sync")
}

func awaitNonePendingIn(t *testing.T, client redis.UniversalClient, key, group string) {
	t.Helper()
	testenv.Eventually(t, patience, func() error {
		if n, err := stream.Pending(t.Context(), client, key, group); n != 0 || err != nil {
			return fmt.Errorf("%d entries are pending, error %v", n, err)
		}
		return nil
	})
}
