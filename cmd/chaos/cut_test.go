package main

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

// TestCutAtEveryByte cuts the connection to a server after every so many bytes of what a batch says to it and is told by it,
// COMMIT and its answer, COPY, a dead letter, XREADGROUP and XACK included. CHAOS_STEP=1 takes every byte; a short run takes
// fewer.
func TestCutAtEveryByte(t *testing.T) {
	atEveryByte(t, func(t *testing.T, w *world) func() (cut, mend func()) {
		w.loop(t)
		return func() (cut, mend func()) { return nil, func() {} }
	})
}

// TestKillAtEveryByte kills the service outright at these places. A process that is killed leaves nothing behind but what it has
// said to the servers, so that there is no other place within it at which a kill could do more.
func TestKillAtEveryByte(t *testing.T) {
	atEveryByte(t, func(t *testing.T, w *world) func() (kill, mend func()) {
		begin := func() *instance {
			i, err := w.begin("killed")
			if err != nil {
				t.Fatal(err)
			}
			return i
		}
		i := begin()
		return func() (kill, mend func()) {
			victim := i
			return func() { victim.service.Signal(os.Kill) }, func() {
				victim.service.Wait()
				w.forget(victim)
				i = begin()
			}
		}
	})
}

// atEveryByte has a batch written for every so many bytes of its conversation with a server, after which the connection is cut.
// What begin starts writes the batches. What it returns is called for each place: cut is called there as well, and mend afterwards.
func atEveryByte(t *testing.T, begin func(*testing.T, *world) func() (cut, mend func())) {
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
			ctx := t.Context()
			w, err := newWorld(ctx, binary, []string{"REDIS_STREAMS=" + streamNames[0]})
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			i, err := w.begin("migrates")
			if err != nil {
				t.Fatal(err)
			}
			if err := w.awaitTables(ctx); err != nil {
				t.Fatal(err)
			}
			if err := i.service.Stop(); err != nil {
				t.Fatal(err)
			}
			w.forget(i)
			each := begin(t, w)

			p := pick(w)
			l := &ledger{seed: 3, streams: streamNames[:1], kindOf: func(n int) kind {
				if n%3 == 1 {
					return poison
				}
				return typed
			}}
			random := rand.New(rand.NewPCG(1, 1))
			send := func() {
				t.Helper()
				if err := l.add(ctx, w.redis, []message{l.next(l.sent(), 3, random)}, false); err != nil {
					t.Fatal(err)
				}
			}
			drained := func() error {
				state, err := stream.Inspect(ctx, w.redis, streamNames[0], group)
				if err == nil && (state.Pending > 0 || state.LastDeliveredID != state.LastID) {
					err = errors.New("not drained")
				}
				return err
			}
			send() // what is set up once is set up
			if err := until(ctx, time.Minute, drained); err != nil {
				t.Fatal(err)
			}
			cuts, longest := 0, 0
			for at := 1 + rand.IntN(step); ; at += step {
				cut, mend := each()
				p.set(fault{cutAfter: int64(at), cutting: cut})
				send()
				uncut := until(ctx, 30*time.Second, func() error {
					if p.cutsDone() > 0 {
						return nil
					}
					return drained()
				})
				done := p.cutsDone()
				p.set(fault{})
				if done > 0 {
					mend()
				}
				if err := errors.Join(uncut, until(ctx, 30*time.Second, drained)); err != nil {
					t.Fatalf("cut at byte %d: %v", at, err)
				}
				if cuts, longest = cuts+min(done, 1), at; done == 0 {
					break
				}
			}
			t.Logf("%d times, in a conversation of up to %d bytes", cuts, longest)
			if cuts < 10 {
				t.Error("that was hardly ever")
			}
			db, err := w.connect(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close(ctx)
			var v verdict
			if err := l.check(ctx, db, &v); err != nil || v.failed() {
				t.Errorf("%v, %+v", err, v)
			}
		})
	}
}

// loop runs one loop in this process, behind the proxies, until the test ends.
func (w *world) loop(t *testing.T) {
	t.Helper()
	client, err := stream.Connect(w.toRedis.url(w.redisServer.URL()))
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pg.Connect(t.Context(), w.toPostgres.url(w.postgres.URL()), 1)
	if err != nil {
		t.Fatal(err)
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
}
