package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
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
		v := &victim{world: w, killed: make(map[place]int)}
		t.Cleanup(func() { t.Logf("killed while the batch was: %v; and %d successors", v.killed, v.successorsKilled) })
		return v, errors.Join(v.begin(), w.awaitTables(t.Context()))
	})
}

// writer writes what is in the stream, through the proxies.
type writer interface {
	// strike is what to do when a byte is reached, before the connection is cut there; nil is nothing more.
	strike() func()
	// mend has it write again after that.
	mend(context.Context, *conversation) error
	// check returns an error where it was never struck while a batch was at one of these.
	check([]place) error
}

// atEveryByte cuts a connection to each server after every so many bytes of a batch's conversation, one batch a byte, until a few
// end before the byte is reached, and compares the tables then. The events of a batch are new, or stand already.
func atEveryByte(t *testing.T, begin func(*testing.T, *world) (writer, error)) {
	every, _ := strconv.Atoi(os.Getenv("CHAOS_STEP"))
	toPostgres, toRedis := func(w *world) *proxy { return w.toPostgres }, func(w *world) *proxy { return w.toRedis }
	for name, c := range map[string]struct {
		pick   func(*world) *proxy
		again  bool // the events stand already
		step   int
		struck []place // where a batch must have stood, if the writer tells
	}{
		"PostgreSQL, new":      {toPostgres, false, 101, []place{read}},
		"PostgreSQL, standing": {toPostgres, true, 241, nil},
		"Redis, new":           {toRedis, false, 53, []place{read, written, acknowledged}},
		"Redis, standing":      {toRedis, true, 241, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, step := within(t), cmp.Or(every, c.step)
			w, err := newWorld(ctx, service(t), []string{"REDIS_STREAMS=" + streamNames[0]})
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			writes, err := begin(t, w)
			if err != nil {
				t.Fatal(err, w.logs())
			}
			l := &ledger{seed: 3, streams: streamNames[:1], kindOf: func(n int) kind {
				if n%batchEvents == 1 {
					return poison
				}
				return typed
			}}
			said := &conversation{w, c.pick(w), l, writes, c.again}
			if err := said.batch(ctx); err != nil { // what is set up once is set up
				t.Fatal(err, w.logs())
			}
			bytes, places, shorter := 1+rand.IntN(step), 0, 0
			for ; shorter < 3; bytes += step {
				reached, err := said.reach(ctx, bytes)
				if err != nil {
					t.Fatalf("at byte %d: %v\n%s", bytes, err, w.logs())
				}
				if reached {
					places, shorter = places+1, 0
				} else {
					shorter++
				}
			}
			t.Logf("%d places, of a conversation of less than %d bytes", places, bytes-2*step)
			if err := writes.check(c.struck); err != nil {
				t.Error(err)
			}
			var v verdict
			if err := errors.Join(w.verify(ctx, l, &v), said.countLetters(ctx)); err != nil || v.failed() || places < 10 {
				t.Errorf("%v, %+v\n%s", err, v, w.logs())
			}
		})
	}
}

// batchEvents are in each batch; one of them is poison.
const batchEvents = 3

// conversation is what is said to a server, and told by it, while a batch is written, again for each batch.
type conversation struct {
	world  *world
	proxy  *proxy
	ledger *ledger
	writer writer
	again  bool // the batch that is struck holds what stands already
}

// batch adds one of new events, and waits until it is written and acknowledged.
func (c *conversation) batch(ctx context.Context) error {
	return errors.Join(c.send(ctx), c.drain(ctx))
}

func (c *conversation) send(ctx context.Context) error { return c.add(ctx, c.ledger.sent()) }

// sendAgain adds the events of the first batch once more.
func (c *conversation) sendAgain(ctx context.Context) error { return c.add(ctx, 0) }

func (c *conversation) add(ctx context.Context, first int) error {
	m := message{stream: streamNames[0], first: first, end: first + batchEvents}
	return c.ledger.add(ctx, c.world.redis, []message{m}, false)
}

func (c *conversation) drain(ctx context.Context) error {
	return until(ctx, 30*time.Second, func() error { return c.drained(ctx) })
}

func (c *conversation) drained(ctx context.Context) error {
	state, err := stream.Inspect(ctx, c.world.redis, streamNames[0], group)
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
	send := c.send
	if c.again {
		send = c.sendAgain
	}
	if err := send(ctx); err != nil {
		return false, err
	}
	err = until(ctx, 30*time.Second, func() error { return c.reachedOrDrained(ctx) })
	if reached = c.proxy.cutsDone() > 0; err != nil || !reached {
		return reached, err
	}
	c.proxy.set(fault{})
	if err := c.writer.mend(ctx, c); err != nil {
		return reached, err
	}
	// One more, since a writer that has just begun has other things to say.
	return reached, errors.Join(c.drain(ctx), c.batch(ctx))
}

func (c *conversation) reachedOrDrained(ctx context.Context) error {
	if c.proxy.cutsDone() > 0 {
		return nil
	}
	return c.drained(ctx)
}

// countLetters returns an error where there are not as many dead letters as there are poisonous events: one of each message.
func (c *conversation) countLetters(ctx context.Context) error {
	db, err := c.world.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	entries, err := c.world.redis.XLen(ctx, streamNames[0]).Result()
	if err != nil {
		return err
	}
	var letters int64
	if err := db.QueryRow(ctx, "SELECT count(*) FROM dead_letters").Scan(&letters); err != nil {
		return err
	}
	if letters != entries {
		return fmt.Errorf("%d dead letters, want %d", letters, entries)
	}
	return nil
}

// place is where a batch stands.
type place string

const (
	read         place = "read"
	written      place = "written, but not acknowledged"
	acknowledged place = "acknowledged"
)

// place asks the servers where the last batch of new events stands.
func (c *conversation) place(ctx context.Context) (place, error) {
	pending, err := stream.Pending(ctx, c.world.redis, streamNames[0], group)
	if err != nil {
		return "", err
	}
	db, err := c.world.connect(ctx)
	if err != nil {
		return "", err
	}
	defer db.Close(ctx)
	n := c.ledger.sent() - batchEvents
	var stands bool
	err = db.QueryRow(ctx, "SELECT EXISTS (SELECT FROM deposited_events WHERE (block_number, log_index) = ($1, $2))",
		n/perBlock+1, n%perBlock).Scan(&stands)
	switch {
	case err != nil:
		return "", err
	case pending == 0:
		return acknowledged, nil
	case stands:
		return written, nil
	}
	return read, nil
}

// victim is an instance that is killed.
type victim struct {
	*world
	*instance
	killed map[place]int // where its batch stood

	successors, successorsKilled int
}

func (v *victim) begin() (err error) {
	v.instance, err = v.world.begin("victim")
	return err
}

func (v *victim) strike() func() {
	service := v.service
	return func() { service.Signal(os.Kill) }
}

func (v *victim) mend(ctx context.Context, c *conversation) error {
	if err := v.die(); err != nil {
		return err
	}
	at, err := c.place(ctx)
	if err != nil {
		return err
	}
	v.killed[at]++
	if v.successors++; v.successors%2 == 0 {
		return v.begin()
	}
	// Every other time its successor is killed as well, on its way to where it can write.
	if err := v.begin(); err != nil {
		return err
	}
	c.proxy.set(fault{cutAfter: 1 + rand.Int64N(20_000), cutting: v.strike()})
	defer c.proxy.set(fault{})
	if err := until(ctx, 30*time.Second, func() error { return c.reachedOrDrained(ctx) }); err != nil {
		return err
	}
	if c.proxy.cutsDone() == 0 {
		return nil
	}
	v.successorsKilled++
	c.proxy.set(fault{})
	return errors.Join(v.die(), v.begin())
}

// die has it killed, if the proxy has not come to that yet.
func (v *victim) die() error {
	v.service.Signal(os.Kill)
	err := v.service.Wait()
	if ended, ok := errors.AsType[*exec.ExitError](err); !ok || ended.ExitCode() != -1 {
		return fmt.Errorf("it ended by itself: %w", err)
	}
	v.forget(v.instance)
	return nil
}

func (v *victim) check(struck []place) error {
	for _, p := range struck {
		if v.killed[p] == 0 {
			return fmt.Errorf("never killed while the batch was %s: %v", p, v.killed)
		}
	}
	return nil
}

// unharmed is a writer that outlives a connection.
type unharmed struct{}

func (unharmed) strike() func()                            { return nil }
func (unharmed) mend(context.Context, *conversation) error { return nil }
func (unharmed) check([]place) error                       { return nil }

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
