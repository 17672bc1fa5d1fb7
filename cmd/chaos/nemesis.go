package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// nemesis harms the world, one harm after another, chosen by its seed. Each harm is over when it returns: what it has
// broken is mended, or left to the instances to mend. Several may be at it at once.
type nemesis struct {
	*world
	random *rand.Rand
	*record
}

// newNemesis draws from numbers of a seed that are its own.
func newNemesis(w *world, r *record, seed, own uint64) *nemesis {
	return &nemesis{world: w, random: rand.New(rand.NewPCG(seed, own)), record: r}
}

// record is what has been done.
type record struct {
	mu    sync.Mutex
	kills int            // instances that were killed outright
	done  map[string]int // how often each harm was done
}

func (r *record) note(harm string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done[harm]++
}

// killed counts more kills, and returns how many there were.
func (r *record) killed(more int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kills += more
	return r.kills
}

// harm is one kind of fault, and how often it comes compared with others.
type harm struct {
	name   string
	weight int
	do     func(*nemesis, context.Context) error
}

// killing is done beside all other harms.
var killing = []harm{
	{"kill an instance", 20, (*nemesis).kill},
	{"kill all instances", 1, (*nemesis).killAll},
}

var harms = []harm{
	{"freeze an instance", 8, (*nemesis).freeze},
	{"restart an instance in order", 6, (*nemesis).restart},
	{"an instance more, for a while", 4, (*nemesis).more},
	{"an instance less, for a while", 4, (*nemesis).less},
	{"PostgreSQL: terminate sessions", 6, (*nemesis).terminate},
	{"PostgreSQL: cancel statements", 6, (*nemesis).cancel},
	{"PostgreSQL: crash", 3, (*nemesis).crashPostgres},
	{"PostgreSQL: kill a session's process", 3, (*nemesis).killBackend},
	{"PostgreSQL: shut down and start", 2, (*nemesis).restartPostgres},
	{"PostgreSQL: lock the table", 4, (*nemesis).lockTable},
	{"PostgreSQL: read only", 2, (*nemesis).readOnly},
	{"PostgreSQL: no connection left", 2, (*nemesis).fillConnections},
	{"Redis: crash", 3, (*nemesis).crashRedis},
	{"Redis: freeze", 3, (*nemesis).freezeRedis},
	{"Redis: cut clients", 5, (*nemesis).cutClients},
	{"Redis: destroy the group", 2, (*nemesis).destroyGroup},
	{"network: cut all", 6, (*nemesis).cutAll},
	{"network: cut after some bytes", 10, (*nemesis).cutAfter},
	{"network: hold", 6, (*nemesis).hold},
	{"network: slice", 4, (*nemesis).slice},
}

// rage does harm until there was enough of it.
func (w *world) rage(ctx context.Context, o options, r *record, produced <-chan struct{}) error {
	start := time.Now()
	enough := func() bool {
		select {
		case <-produced:
		default:
			if o.events > 0 {
				return false
			}
		}
		return time.Since(start) >= o.length && r.killed(0) >= o.kills
	}
	raging, ctx := errgroup.WithContext(ctx)
	all, pause := [][]harm{harms, killing}, time.Second
	if o.soak {
		all, pause = [][]harm{restarts}, time.Minute
	}
	for i, harms := range all {
		n := newNemesis(w, r, o.seed, uint64(2+i))
		raging.Go(func() error {
			for !enough() {
				if sleep(ctx, n.between(0, pause)); ctx.Err() != nil {
					return ctx.Err()
				}
				name, err := n.harm(ctx, harms)
				if err != nil {
					return err
				}
				for _, i := range w.running() {
					if err := i.service.Exited(); err != nil && (!i.taken.Load() || i.name == witness) {
						return fmt.Errorf("%s has ended by itself after this: %s: %w", i.name, name, err)
					}
				}
			}
			return nil
		})
	}
	return raging.Wait()
}

// harm does one of the harms, and returns its name.
func (n *nemesis) harm(ctx context.Context, harms []harm) (string, error) {
	total := 0
	for _, h := range harms {
		total += h.weight
	}
	at := n.random.IntN(total)
	for _, h := range harms {
		if at -= h.weight; at >= 0 {
			continue
		}
		n.note(h.name)
		if err := h.do(n, ctx); err != nil && ctx.Err() == nil {
			return h.name, fmt.Errorf("%s: %w", h.name, err)
		}
		return h.name, nil
	}
	panic("unreachable: the weights are those that were added up")
}

// between is a time, any one as likely.
func (n *nemesis) between(low, high time.Duration) time.Duration {
	return low + time.Duration(n.random.Int64N(int64(high-low)))
}

// take takes an instance for a harm, so that no other does; nil if all are taken. It is to be given back, or to be forgotten.
func (n *nemesis) take() *instance {
	all := n.running()
	n.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, i := range all {
		if i.taken.CompareAndSwap(false, true) {
			return i
		}
	}
	return nil
}

func (n *nemesis) anyProxy() *proxy {
	if n.random.IntN(2) == 0 {
		return n.toPostgres
	}
	return n.toRedis
}

func (n *nemesis) kill(ctx context.Context) error {
	i := n.take()
	if i == nil {
		return nil
	}
	n.killed(1)
	return n.crash(ctx, i, n.between(0, 300*time.Millisecond))
}

func (n *nemesis) killAll(ctx context.Context) error {
	var all []*instance
	for i := n.take(); i != nil; i = n.take() {
		n.killed(1)
		all = append(all, i)
		if err := i.service.Signal(os.Kill); err != nil {
			return err
		}
	}
	for _, i := range all {
		i.service.Wait()
		if err := n.replace(ctx, i, 0); err != nil {
			return err
		}
	}
	return nil
}

// freeze may last for longer than an entry may be idle, so that others take over what the frozen one has in hand.
func (n *nemesis) freeze(ctx context.Context) error {
	i := n.take()
	if i == nil {
		return nil
	}
	defer i.taken.Store(false)
	if err := i.service.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	sleep(ctx, n.between(200*time.Millisecond, 2*minIdle))
	return i.service.Signal(syscall.SIGCONT)
}

func (n *nemesis) restart(ctx context.Context) error { return n.away(ctx, 0) }

func (n *nemesis) less(ctx context.Context) error {
	return n.away(ctx, n.between(time.Second, 3*time.Second))
}

// away stops an instance in order, and starts it again after a while.
func (n *nemesis) away(ctx context.Context, while time.Duration) error {
	i := n.take()
	if i == nil {
		return nil
	}
	if err := n.stop(ctx, i); err != nil {
		return err
	}
	return n.replace(ctx, i, while)
}

func (n *nemesis) more(ctx context.Context) error {
	i, err := n.begin(extra + strconv.Itoa(n.random.IntN(3)))
	if err != nil {
		return err
	}
	sleep(ctx, n.between(time.Second, 3*time.Second))
	if !i.taken.CompareAndSwap(false, true) {
		return nil // it is being killed, or frozen for a while: then it stays for longer
	}
	defer n.forget(i)
	return n.stop(ctx, i)
}

const others = " FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"

func (n *nemesis) terminate(ctx context.Context) error {
	return n.exec(ctx, "SELECT pg_terminate_backend(pid)"+others)
}

func (n *nemesis) cancel(ctx context.Context) error {
	for range 1 + n.random.IntN(10) {
		if err := n.exec(ctx, "SELECT pg_cancel_backend(pid)"+others); err != nil {
			return err
		}
		sleep(ctx, n.between(0, 50*time.Millisecond))
	}
	return nil
}

func (n *nemesis) crashPostgres(ctx context.Context) error {
	if err := n.postgres.Signal(syscall.SIGQUIT); err != nil {
		return err
	}
	sleep(ctx, n.between(0, 2*time.Second))
	return n.postgres.Restart(ctx)
}

func (n *nemesis) restartPostgres(ctx context.Context) error {
	return n.postgres.Restart(ctx)
}

// killBackend makes PostgreSQL restart itself, as it cannot trust its shared memory then.
func (n *nemesis) killBackend(ctx context.Context) error {
	db, err := n.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	var pid int
	if err := db.QueryRow(ctx, "SELECT pid"+others+" LIMIT 1").Scan(&pid); err != nil {
		return nil // nobody is connected
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Kill()
}

func (n *nemesis) lockTable(ctx context.Context) error {
	db, err := n.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	_, err = db.Exec(ctx, "SET lock_timeout = '5s'; BEGIN; LOCK TABLE deposited_events IN ACCESS EXCLUSIVE MODE",
		pgx.QueryExecModeSimpleProtocol)
	sleep(ctx, n.between(100*time.Millisecond, 3*time.Second))
	if err != nil {
		return nil // a transaction of a frozen instance has it
	}
	_, err = db.Exec(ctx, "COMMIT")
	return err
}

func (n *nemesis) readOnly(ctx context.Context) error {
	if err := n.exec(ctx, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"); err != nil {
		return err
	}
	sleep(ctx, n.between(100*time.Millisecond, 2*time.Second))
	return n.exec(ctx, "SET default_transaction_read_only = off", "ALTER SYSTEM RESET default_transaction_read_only",
		"SELECT pg_reload_conf()")
}

// fillConnections takes all connections that the server has, for a while.
func (n *nemesis) fillConnections(ctx context.Context) error {
	var all []*pgx.Conn
	defer func() {
		for _, db := range all {
			db.Close(ctx)
		}
	}()
	for range 300 {
		db, err := pgx.Connect(ctx, n.postgres.URL())
		if err != nil {
			break
		}
		all = append(all, db)
	}
	sleep(ctx, n.between(100*time.Millisecond, 2*time.Second))
	return nil
}

func (n *nemesis) crashRedis(ctx context.Context) error {
	if err := n.redisServer.Signal(os.Kill); err != nil {
		return err
	}
	sleep(ctx, n.between(0, time.Second))
	return n.redisServer.Restart(ctx)
}

func (n *nemesis) freezeRedis(ctx context.Context) error {
	if err := n.redisServer.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	sleep(ctx, n.between(200*time.Millisecond, 3*time.Second))
	return n.redisServer.Signal(syscall.SIGCONT)
}

func (n *nemesis) cutClients(ctx context.Context) error {
	return n.redis.Do(ctx, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err()
}

func (n *nemesis) destroyGroup(ctx context.Context) error {
	return n.redis.XGroupDestroy(ctx, streamNames[n.random.IntN(len(streamNames))], group).Err()
}

func (n *nemesis) cutAll(context.Context) error {
	n.anyProxy().cut()
	return nil
}

// cutAfter cuts each connection at some place in what a batch says to a server or is told by it.
func (n *nemesis) cutAfter(ctx context.Context) error {
	p := n.anyProxy()
	for range 1 + n.random.IntN(5) {
		p.set(fault{cutAfter: 1 + n.random.Int64N(int64(1)<<(4+n.random.IntN(15)))})
		sleep(ctx, n.between(20*time.Millisecond, 300*time.Millisecond))
	}
	p.set(fault{})
	return nil
}

func (n *nemesis) hold(ctx context.Context) error {
	p := n.anyProxy()
	which := n.random.IntN(3)
	p.set(fault{holdRequests: which != 0, holdReplies: which != 1})
	sleep(ctx, n.between(100*time.Millisecond, 4*time.Second))
	if n.random.IntN(2) == 0 {
		p.cut() // what was held back is lost
	}
	p.set(fault{})
	return nil
}

func (n *nemesis) slice(ctx context.Context) error {
	p := n.anyProxy()
	p.set(fault{slice: 1 + n.random.IntN(7), delay: 50 * time.Microsecond})
	sleep(ctx, n.between(100*time.Millisecond, time.Second))
	p.set(fault{slice: 1000, delay: 2 * time.Millisecond})
	sleep(ctx, n.between(100*time.Millisecond, 2*time.Second))
	p.set(fault{})
	return nil
}
