package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

// TestCutAtEveryByte cuts the connection to a server after every so many bytes of what a batch says to it and is told by it,
// COMMIT and its answer, COPY, a dead letter, XREADGROUP and XACK included. CHAOS_STEP=1 takes every byte; a short run takes
// fewer.
func TestCutAtEveryByte(t *testing.T) {
	atEveryByte(t, func(t *testing.T, w *world) (writer, error) {
		i, err := w.begin("migrates")
		if err != nil {
			return nil, err
		}
		if err := errors.Join(w.awaitTables(t.Context()), i.service.Stop()); err != nil {
			return nil, err
		}
		w.forget(i)
		return w.loop(t)
	})
}

// TestKillAtEveryByte kills the service outright at these places. What a killed process leaves behind is what it has told its
// servers, so that a kill anywhere else in it can do no more.
func TestKillAtEveryByte(t *testing.T) {
	atEveryByte(t, func(t *testing.T, w *world) (writer, error) {
		w.settings = append(w.settings, "WORKERS=1")
		v := &victim{world: w}
		return v, errors.Join(v.begin(), w.awaitTables(t.Context()))
	})
}

// writer writes what is in the stream, through the proxies.
type writer interface {
	// strike is what to do when a place is reached, before the connection is cut there; nil is nothing more.
	strike() func()
	// mend has it write again after that.
	mend() error
}

// atEveryByte cuts a connection to each server at every so many bytes of a batch's conversation, one batch a place, until one ends
// before the place is reached, and compares the tables then.
func atEveryByte(t *testing.T, begin func(*testing.T, *world) (writer, error)) {
	step, err := strconv.Atoi(os.Getenv("CHAOS_STEP"))
	if err != nil {
		step = 61
	}
	for server, pick := range map[string]func(*world) *proxy{
		"PostgreSQL": func(w *world) *proxy { return w.toPostgres },
		"Redis":      func(w *world) *proxy { return w.toRedis },
	} {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			w, err := newWorld(t.Context(), binary, []string{"REDIS_STREAMS=" + streamNames[0]})
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			writes, err := begin(t, w)
			if err != nil {
				t.Fatal(err)
			}
			l := &ledger{seed: 3, streams: streamNames[:1], kindOf: func(n int) kind {
				if n%batchEvents == 1 {
					return poison
				}
				return typed
			}}
			c := &conversation{pick(w), w.redis, l, writes}
			if err := c.batch(t.Context()); err != nil { // what is set up once is set up
				t.Fatal(err)
			}
			places, at := 0, 1+rand.IntN(step)
			for ; ; at += step {
				reached, err := c.reach(t.Context(), at)
				if err != nil {
					t.Fatalf("at byte %d: %v", at, err)
				}
				if !reached {
					break
				}
				places++
			}
			t.Logf("%d places of a conversation of less than %d bytes", places, at)
			if places < 10 {
				t.Error("want at least 10")
			}
			var v verdict
			if err := w.verify(t.Context(), l, &v); err != nil || v.failed() {
				t.Errorf("%v, %+v", err, v)
			}
		})
	}
}

// batchEvents are in each batch.
const batchEvents = 3

// conversation is what is said to a server, and told by it, while a batch is written, again for each batch.
type conversation struct {
	proxy  *proxy
	redis  redis.UniversalClient
	ledger *ledger
	writer writer
}

// batch adds one, and waits until it is written and acknowledged.
func (c *conversation) batch(ctx context.Context) error {
	return errors.Join(c.send(ctx), c.drain(ctx))
}

func (c *conversation) send(ctx context.Context) error {
	m := message{stream: streamNames[0], first: c.ledger.sent(), end: c.ledger.sent() + batchEvents}
	return c.ledger.add(ctx, c.redis, []message{m}, false)
}

func (c *conversation) drain(ctx context.Context) error {
	return until(ctx, 30*time.Second, func() error { return c.drained(ctx) })
}

func (c *conversation) drained(ctx context.Context) error {
	state, err := stream.Inspect(ctx, c.redis, streamNames[0], group)
	if err == nil && (state.Pending > 0 || state.LastDeliveredID != state.LastID) {
		err = errors.New("not drained")
	}
	return err
}

// reach has the writer struck after so many bytes of a batch, and reports whether there were so many. The batch, and another one,
// are written then.
func (c *conversation) reach(ctx context.Context, bytes int) (reached bool, err error) {
	c.proxy.set(fault{cutAfter: int64(bytes), cutting: c.writer.strike()})
	defer c.proxy.set(fault{})
	if err := c.send(ctx); err != nil {
		return false, err
	}
	err = until(ctx, 30*time.Second, func() error {
		if reached = c.proxy.cutsDone() > 0; reached {
			return nil
		}
		return c.drained(ctx)
	})
	if err != nil || !reached {
		return reached, err
	}
	c.proxy.set(fault{})
	if err := c.writer.mend(); err != nil {
		return reached, err
	}
	// One more, since a writer that has just begun has other things to say.
	return reached, errors.Join(c.drain(ctx), c.batch(ctx))
}

// victim is an instance that is killed.
type victim struct {
	*world
	*instance
}

func (v *victim) begin() (err error) {
	v.instance, err = v.world.begin("victim")
	return err
}

func (v *victim) strike() func() {
	service := v.service
	return func() { service.Signal(os.Kill) }
}

func (v *victim) mend() error {
	v.service.Wait()
	v.forget(v.instance)
	return v.begin()
}

// unharmed is a writer that outlives a connection.
type unharmed struct{}

func (unharmed) strike() func() { return nil }
func (unharmed) mend() error    { return nil }

// loop runs one loop in this process, behind the proxies, until the test ends.
func (w *world) loop(t *testing.T) (writer, error) {
	client, err := stream.Connect(w.toRedis.url(w.redisServer.URL()))
	if err != nil {
		return nil, err
	}
	pool, err := pg.Connect(t.Context(), w.toPostgres.url(w.postgres.URL()), 1)
	if err != nil {
		return nil, err
	}
	log, registry := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	pauses := ingest.NewPauses(registry, streamNames[:1], log)
	l := &ingest.Loop{
		Stream: streamNames[0],
		Source: stream.New(stream.Options{
			Client: client, Stream: streamNames[0], Group: group, Name: "cut", Count: 100,
			ClaimInterval: time.Hour, ClaimMinIdle: time.Hour, Log: log,
		}),
		Sink: pg.NewWriter(pool, pg.Options{Finality: func(int64) int64 { return 64 }, MaxRefusals: 3}),

		Decider: ingest.NewDecider(events.Catalog, 1<<20), Log: log, WriteTimeout: 5 * time.Second, MaxRetries: 3,
		HoldInterval: time.Hour, ShutdownTimeout: time.Second, Storm: ingest.NewStorm(streamNames[0], pauses),
		Breaker: ingest.NewBreaker(1000, time.Second, log), Pauses: pauses, Metrics: ingest.NewMetrics(registry),
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Error(fmt.Errorf("the loop: %w", err))
		}
		pool.Close()
		client.Close()
	})
	return unharmed{}, nil
}
