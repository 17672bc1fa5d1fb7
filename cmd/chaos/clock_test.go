package main

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
)

// TestClocks sets the clocks of the servers an hour ahead and an hour back under load, one and both together, while instances are
// killed. Both together is to an instance as if its own were set, since all that it compares its own with is theirs.
func TestClocks(t *testing.T) {
	needOwnClocks(t)
	ctx := within(t)
	w, err := options{binary: binary, instances: 2, settings: []string{"TRIM=on", "TRIM_RETENTION=1m"}}.world(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for _, s := range []*launch.Server{w.postgres, w.redisServer} {
		if err := s.OwnClock(ctx); err != nil {
			t.Fatal(err)
		}
	}
	i, err := w.begin(witness)
	if err != nil {
		t.Fatal(err)
	}
	i.taken.Store(true)

	l := &ledger{seed: rand.Uint64N(1 << 31), streams: streamNames}
	var v verdict
	producing, endProducing := context.WithCancel(ctx)
	defer endProducing()
	looking, endLooking := context.WithCancel(ctx)
	defer endLooking()
	var beside errgroup.Group
	beside.Go(func() error { return l.produce(producing, w.redis, 2000, math.MaxInt) })
	beside.Go(func() error {
		l.keepLooking(looking, w, &v)
		return nil
	})
	n := &nemesis{world: w, ledger: l, record: &record{done: make(map[string]int)}, random: rand.New(rand.NewPCG(l.seed, 2))}
	const hour = time.Hour
	for _, ahead := range []struct{ postgres, redis time.Duration }{
		{0, hour}, {0, 0}, {0, -hour}, {hour, 0}, {-hour, 0}, {hour, hour}, {-hour, -hour}, {0, 0},
	} {
		if err := errors.Join(w.postgres.SetClock(ahead.postgres), w.redisServer.SetClock(ahead.redis)); err != nil {
			t.Fatal(err)
		}
		w.compareClocks(t, ahead.postgres, ahead.redis)
		if err := n.harm(ctx, killing[0]); err != nil {
			t.Fatal(err)
		}
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
	t.Logf("%+v; one of three instances has taken over %.0f of %d entries", v, claimed, len(l.messages))
	// To Redis all that is being worked on has been so for an hour then, but once for each time.
	if claimed > float64(len(l.messages)/4) {
		t.Error("that were too many")
	}
}

// compareClocks reports servers whose clocks are not as far ahead of ours as they should be.
func (w *world) compareClocks(t *testing.T, postgres, redis time.Duration) {
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

// TestRedisFailoverClockBehind: the replica that is promoted has a clock a minute behind, so that it gives out ids which the
// other may have given out. There is no poison in it: a dead letter under such an id keeps the bytes of the other's.
func TestRedisFailoverClockBehind(t *testing.T) {
	needOwnClocks(t)
	d := &witnessed{drill: &redisFailover{behind: time.Minute}}
	testDrill(t, d, "redis-failover", func(o *options) {
		o.kindOf = func(int) kind { return typed }
	})
	last, back := make(map[string]event.EntryID), 0
	for _, m := range d.ledger.messages {
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

// witnessed is a drill whose ledger can be looked at.
type witnessed struct {
	drill
	ledger *ledger
}

func (d *witnessed) strike(ctx context.Context, w *world, l *ledger) error {
	d.ledger = l
	return d.drill.strike(ctx, w, l)
}

func needOwnClocks(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("a server has a clock of its own on Linux only")
	}
}
