package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

// drill is a server that forgets, under load, what was acknowledged.
type drill interface {
	// prepare is called when there are some events; what comes after it is forgotten.
	prepare(ctx context.Context, w *world) error
	// strike puts a server that does not know of it in the place of the one that does.
	strike(ctx context.Context, w *world, l *ledger) error
	// forgot returns an error where nothing was forgotten.
	forgot(ctx context.Context, w *world, l *ledger) error
	close()
}

// drills are by the names that they have on the command line.
var drills = map[string]func() drill{
	"restore":        func() drill { return new(restore) },
	"failover":       func() drill { return new(failover) },
	"redis-failover": func() drill { return new(redisFailover) },
}

// runDrill has so many events of a ledger acknowledged before the first part of a drill, so many more before the second, and some
// behind it: all of them must be there in the end, but for those that Redis has lost before they were acknowledged. Instances are
// killed outright when they have begun to read again what the new server lacks, or have not, or are done with it.
func runDrill(ctx context.Context, o options, d drill, l *ledger, before, after int) (result outcome, err error) {
	start := time.Now()
	w, err := o.world(ctx)
	if err != nil {
		return result, err
	}
	defer w.close()
	defer d.close()
	v := &result.verdict
	producing, end := context.WithCancel(ctx)
	defer end()
	var beside errgroup.Group
	beside.Go(func() error { return l.produce(producing, w.redis, o.rate, math.MaxInt) })

	saved, struck, err := w.strike(ctx, l, d, before, after)
	if err == nil {
		o.logf("%d events when it began, %d when the server was another", saved, struck)
		if err = w.killOneByOne(ctx, l.seed, o.kills); err == nil {
			err = l.await(ctx, l.sent()+min(after/2, 5*o.rate))
		}
	}
	recovered := time.Now()
	end()
	if err = errors.Join(err, beside.Wait()); err != nil {
		return result, fmt.Errorf("%w\n%s", err, w.logs())
	}
	v.Pending = w.drained(ctx, time.Minute)
	pending := v.Pending
	// What is read again is pending for nobody.
	err = until(ctx, 5*time.Minute, func() error {
		*v = verdict{Pending: pending}
		if err := w.verify(ctx, l, v); err != nil {
			return err
		}
		if v.failed() {
			return errors.New("something is missing yet")
		}
		return nil
	})
	if err != nil && !v.failed() {
		return result, fmt.Errorf("compare after that: %w", err)
	}
	if v.failed() {
		o.logf("%s\nwhat the instances said:\n%s", v.First, w.logs())
	}
	gone, err := w.trimmed(ctx)
	if err != nil {
		return result, err
	}
	o.logf("all compared %.1f s after the last event; %d entries have been trimmed", time.Since(recovered).Seconds(), gone)
	result.Seed, result.Kills, result.Seconds = o.seed, o.kills, time.Since(start).Round(time.Millisecond).Seconds()
	return result, w.stopAll(ctx)
}

// strike does both parts of a drill, and returns how many events there were at each.
func (w *world) strike(ctx context.Context, l *ledger, d drill, before, after int) (saved, struck int, err error) {
	if err := l.await(ctx, before); err != nil {
		return 0, 0, err
	}
	if err := d.prepare(ctx, w); err != nil {
		return 0, 0, err
	}
	saved = l.sent()
	if err := l.await(ctx, saved+after); err != nil {
		return saved, 0, err
	}
	// Nobody may write to the new server before it has been looked at.
	for _, p := range []*proxy{w.toPostgres, w.toRedis} {
		p.set(fault{holdRequests: true})
		defer func() {
			p.cut()
			p.set(fault{})
		}()
	}
	if err := d.strike(ctx, w, l); err != nil {
		return saved, l.sent(), err
	}
	return saved, l.sent(), d.forgot(ctx, w, l)
}

// killOneByOne kills instances outright, so many in all, some of them sooner than they can have read much.
func (w *world) killOneByOne(ctx context.Context, seed uint64, kills int) error {
	random := rand.New(rand.NewPCG(seed, 2))
	for range kills {
		sleep(ctx, time.Duration(random.Int64N(int64(time.Second))))
		running := w.running()
		if err := w.crash(ctx, running[random.IntN(len(running))], 0); err != nil {
			return err
		}
	}
	return nil
}

// trimmed is how many entries have been removed from the streams.
func (w *world) trimmed(ctx context.Context) (n int64, err error) {
	for _, name := range streamNames {
		info, err := w.redis.XInfoStream(ctx, name).Result()
		if err != nil {
			return 0, err
		}
		n += info.EntriesAdded - info.Length
	}
	return n, nil
}

// await waits until there are so many events.
func (l *ledger) await(ctx context.Context, events int) error {
	return until(ctx, 10*time.Minute, func() error {
		if n := l.sent(); n < events {
			return fmt.Errorf("%d of %d events are there", n, events)
		}
		return nil
	})
}

// rows is how many rows of the ledger's table PostgreSQL had, and has.
type rows struct{ before int }

func (r *rows) count(ctx context.Context, w *world) (n int, err error) {
	db, err := w.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer db.Close(ctx)
	err = db.QueryRow(ctx, "SELECT count(*) FROM deposited_events").Scan(&n)
	return n, err
}

func (r *rows) forgot(ctx context.Context, w *world, _ *ledger) error {
	after, err := r.count(ctx, w)
	if err == nil && after >= r.before {
		err = fmt.Errorf("nothing was forgotten: there were %d rows, and there are %d", r.before, after)
	}
	return err
}

// restore goes back to a base backup of PostgreSQL.
type restore struct{ rows }

func (*restore) prepare(ctx context.Context, w *world) error { return w.postgres.Backup(ctx) }

func (r *restore) strike(ctx context.Context, w *world, _ *ledger) (err error) {
	if r.before, err = r.count(ctx, w); err != nil {
		return err
	}
	return w.postgres.Restore(ctx)
}

func (*restore) close() {}

// failover promotes a standby of PostgreSQL that was behind.
type failover struct {
	rows
	standby *launch.Server
	sender  int // the process that sends to it, and is stopped
}

func (f *failover) prepare(ctx context.Context, w *world) (err error) {
	if f.standby, err = w.postgres.Standby(ctx); err != nil {
		return err
	}
	db, err := w.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	// From here on nothing more is sent to it.
	return until(ctx, time.Minute, func() error {
		if err := db.QueryRow(ctx, "SELECT pid FROM pg_stat_replication WHERE state = 'streaming'").Scan(&f.sender); err != nil {
			return fmt.Errorf("wait for the standby: %w", err)
		}
		return syscall.Kill(f.sender, syscall.SIGSTOP)
	})
}

func (f *failover) strike(ctx context.Context, w *world, _ *ledger) (err error) {
	if f.before, err = f.count(ctx, w); err != nil {
		return err
	}
	// In good order it would wait for the standby to have everything.
	if err := errors.Join(w.postgres.Signal(syscall.SIGQUIT), w.postgres.Stop()); err != nil {
		return err
	}
	f.sender = 0
	if err := f.standby.Promote(ctx); err != nil {
		return err
	}
	w.postgres, f.standby = f.standby, nil
	return redirect(w.toPostgres, w.postgres)
}

func (f *failover) close() {
	if f.standby != nil {
		f.standby.Stop()
		if f.sender != 0 {
			syscall.Kill(f.sender, syscall.SIGCONT) // the primary would wait for it
		}
	}
}

func redirect(p *proxy, to *launch.Server) error {
	u, err := url.Parse(to.URL())
	if err == nil {
		p.redirect(u.Host)
	}
	return err
}

// redisFailover promotes a replica of Redis that was behind. Entries that it lacks are lost, unless they were acknowledged before;
// others are delivered again.
type redisFailover struct {
	replica *launch.Server
	behind  time.Duration // of its clock
	missing int           // entries that it lacks
}

func (f *redisFailover) prepare(ctx context.Context, w *world) (err error) {
	if f.replica, err = launch.DurableRedis(ctx); err != nil {
		return err
	}
	if f.behind != 0 {
		if err := f.replica.OwnClock(ctx, -f.behind); err != nil {
			return err
		}
	}
	primary, err := url.Parse(w.redisServer.URL())
	if err != nil {
		return err
	}
	password, _ := primary.User.Password()
	client, err := stream.Connect(f.replica.URL())
	if err != nil {
		return err
	}
	defer client.Close()
	err = errors.Join(
		client.Do(ctx, "ACL", "SETUSER", "default", ">"+password).Err(), // with which all come that knew the other
		client.ConfigSet(ctx, "masterauth", password).Err(),
		client.Do(ctx, "REPLICAOF", primary.Hostname(), primary.Port()).Err(),
	)
	if err != nil {
		return err
	}
	err = until(ctx, time.Minute, func() error {
		n, err := client.Exists(ctx, streamNames[0]).Result()
		if err == nil && n == 0 {
			err = errors.New("the replica has no stream yet")
		}
		return err
	})
	// From here on nothing more is sent to it.
	return errors.Join(err, client.Do(ctx, "REPLICAOF", "NO", "ONE").Err())
}

func (f *redisFailover) strike(ctx context.Context, w *world, l *ledger) error {
	l.adding.Lock()
	defer l.adding.Unlock()
	owed, err := l.owed(ctx, w.redis, "")
	if err != nil {
		return err
	}
	if err := w.redisServer.Signal(os.Kill); err != nil {
		return err
	}
	if err := w.redisServer.Stop(); err != nil {
		return err
	}
	w.redisServer, f.replica = f.replica, nil
	if err := errors.Join(redirect(w.toRedis, w.redisServer), redirect(w.ours, w.redisServer)); err != nil {
		return err
	}
	f.missing, err = l.rolledBack(ctx, w.redis, owed)
	return err
}

func (f *redisFailover) forgot(context.Context, *world, *ledger) error {
	if f.missing == 0 {
		return errors.New("nothing was forgotten: the replica has all entries")
	}
	return nil
}

func (f *redisFailover) close() {
	if f.replica != nil {
		f.replica.Stop()
	}
}
