package main

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
)

// TestClocks sets the clocks of the servers an hour ahead and an hour back under load, one and both together, while instances are
// killed. Both together is to an instance as if its own were set: what it compares its own with is theirs, or its own monotonic one.
func TestClocks(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	w, err := options{binary: service(t), instances: 2, settings: []string{"TRIM=on", "TRIM_RETENTION=1m"}}.world(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for _, s := range []*launch.Server{w.postgres, w.redisServer} {
		if err := s.OwnClock(ctx, 0); err != nil {
			t.Fatal(err)
		}
	}
	i, err := w.begin(witness)
	if err != nil {
		t.Fatal(err)
	}

	start := time.Now()
	l := newLedger(rand.Uint64N(1 << 31))
	var v verdict
	var beside errgroup.Group
	defer beside.Wait()
	producing, endProducing := context.WithCancel(ctx)
	defer endProducing()
	looking, endLooking := context.WithCancel(ctx)
	defer endLooking()
	beside.Go(func() error { return l.produce(producing, w.redis, 2000, math.MaxInt) })
	beside.Go(func() error {
		l.keepLooking(looking, w, &v)
		return nil
	})
	set := func(postgres, redis time.Duration) {
		t.Helper()
		if err := errors.Join(w.postgres.SetClock(postgres), w.redisServer.SetClock(redis)); err != nil {
			t.Fatal(err)
		}
		w.checkClocks(t, postgres, redis)
	}
	n := &nemesis{world: w, ledger: l, record: &record{done: make(map[string]int)}, random: rand.New(rand.NewPCG(l.seed, 2))}
	kill := func() {
		t.Helper()
		if err := n.harm(ctx, harm{"kill an instance", 1, (*nemesis).kill}, func() bool { return false }); err != nil {
			t.Fatal(err)
		}
	}
	// What is young is not trimmed, however old it seems, not even by a process that has not known the clock as it was. A watermark is
	// written every five seconds, and the one before it trimmed below.
	for ahead := range 2 {
		set(time.Duration(ahead+1)*time.Hour, time.Duration(ahead+1)*time.Hour)
		kill()
		sleep(ctx, 11*time.Second)
	}
	l.mu.Lock()
	first := l.messages[0]
	l.mu.Unlock()
	if found, err := w.redis.XRange(ctx, first.stream, first.id.String(), first.id.String()).Result(); err != nil {
		t.Fatal(err)
	} else if took := time.Since(start); len(found) == 0 && took < time.Minute {
		t.Errorf("an entry is gone that is no older than %s", took)
	}

	for _, ahead := range []struct{ postgres, redis time.Duration }{
		{0, time.Hour}, {0, 0}, {0, -time.Hour}, {time.Hour, 0}, {-time.Hour, 0}, {time.Hour, time.Hour}, {-time.Hour, -time.Hour}, {0, 0},
	} {
		set(ahead.postgres, ahead.redis)
		kill()
		sleep(ctx, time.Second)
		if err := l.await(ctx, l.sent()+1000); err != nil {
			t.Fatal(err)
		}
	}
	endProducing()
	v.Pending = w.drained(ctx, time.Minute)
	claimed, err := metric(ctx, i.port, "redis_postgres_sync_entries_claimed_total")
	if err != nil {
		t.Error(err)
	}
	endLooking()
	if err := errors.Join(beside.Wait(), w.stopAll(ctx), w.verify(ctx, l, &v)); err != nil || v.failed() || v.Events < 8000 || v.Looks == 0 {
		t.Errorf("seed %d: %+v, %v\n%s", l.seed, v, err, w.logs())
	}
	t.Logf("%+v; the witness has taken over %.0f of %d entries", v, claimed, len(l.messages))
	// At each jump of Redis' clock ahead, what is in hand seems to have been idle for an hour, and may be taken over, once.
	if claimed > float64(len(l.messages)/4) {
		t.Error("those were too many")
	}
}

// checkClocks reports servers whose clocks are not as far ahead of ours as they should be.
func (w *world) checkClocks(t *testing.T, postgres, redis time.Duration) {
	t.Helper()
	db, err := w.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	var now time.Time
	if err := db.QueryRow(t.Context(), "SELECT now()").Scan(&now); err != nil {
		t.Fatal(err)
	}
	const tolerance = 10 * time.Second
	if off := time.Until(now) - postgres; off.Abs() > tolerance {
		t.Errorf("the clock of PostgreSQL is off by %s", off)
	}
	if now, err = w.redis.Time(t.Context()).Result(); err != nil {
		t.Fatal(err)
	}
	if off := time.Until(now) - redis; off.Abs() > tolerance {
		t.Errorf("the clock of Redis is off by %s", off)
	}
}

// TestRedisFailoverClockBehind: the replica that is promoted has a clock a minute behind, so that it gives out ids which are
// not above those that the other has given out. There is no poison in it: of two dead letters under one id only the first is kept.
func TestRedisFailoverClockBehind(t *testing.T) {
	t.Parallel()
	l := newLedger(rand.Uint64N(1 << 31))
	l.kindOf = func(int) kind { return typed }
	// Nobody is killed: what was in hand under an id that is given out again may be lost then.
	drillSucceeds(t, &redisFailover{behind: time.Minute}, l, 0)
	last, back := make(map[string]event.EntryID), 0
	for _, m := range l.messages {
		if m.id.Compare(last[m.stream]) <= 0 {
			back++
		} else {
			last[m.stream] = m.id
		}
	}
	t.Logf("%d entries have an id that is not above those before", back)
	if back == 0 {
		t.Error("the clock was not behind")
	}
}
