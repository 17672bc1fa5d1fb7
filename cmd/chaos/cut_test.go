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
// COMMIT and its answer, COPY, XREADGROUP and XACK included. CHAOS_STEP=1 takes every byte; a short run takes fewer.
func TestCutAtEveryByte(t *testing.T) {
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
			w, err := newWorld(ctx, binary, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			w.settings = []string{"REDIS_STREAMS=" + streamNames[0]}
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
			w.loop(t)

			p := pick(w)
			l := &ledger{seed: 3, streams: streamNames[:1]}
			random := rand.New(rand.NewPCG(1, 1))
			next := 0
			send := func() {
				t.Helper()
				m := l.next(next, 3, random)
				next = m.end
				if err := l.add(ctx, w.redis, []message{m}, false); err != nil {
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
				p.set(fault{cutAfter: int64(at)})
				send()
				uncut := until(ctx, 30*time.Second, func() error {
					if p.cutsDone() > 0 {
						return nil
					}
					return drained()
				})
				done := p.cutsDone()
				p.set(fault{})
				if err := errors.Join(uncut, until(ctx, 30*time.Second, drained)); err != nil {
					t.Fatalf("cut at byte %d: %v", at, err)
				}
				if cuts, longest = cuts+done, at; done == 0 {
					break
				}
			}
			t.Logf("%d cuts, of a conversation of up to %d bytes", cuts, longest)
			if cuts < 10 {
				t.Error("that were hardly any")
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
