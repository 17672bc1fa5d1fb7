package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// nemesis harms the world, one harm after another, in an order that its seed decides. Each harm is over when it returns: what
// it has broken is mended, or left to the instances to mend. Several may be at it at once.
type nemesis struct {
	*world
	ledger *ledger
	*record
	// random decides all within one harm: what one draws may depend on what the others have just done.
	random *rand.Rand
}

// errSpared is the error of a harm for which nobody was there just now.
var errSpared = errors.New("nobody is there to be harmed")

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
	{"kill all before COMMIT arrives", 1, func(n *nemesis, ctx context.Context) error {
		return n.killAt(ctx, n.toPostgres, fault{holdRequests: true, holdFrom: []byte("commit")})
	}},
	{"kill all before they know of a COMMIT", 1, func(n *nemesis, ctx context.Context) error {
		return n.killAt(ctx, n.toPostgres, fault{holdReplies: true, holdFrom: []byte("COMMIT")})
	}},
	{"kill all between COMMIT and XACK", 1, func(n *nemesis, ctx context.Context) error {
		return n.killAt(ctx, n.toRedis, fault{holdRequests: true, holdFrom: []byte("xack")})
	}},
}

var harms = []harm{
	{"freeze an instance", 8, (*nemesis).freeze},
	{"restart an instance in order", 6, (*nemesis).restart},
	{"an instance more, for a while", 4, (*nemesis).more},
	{"an instance less, for a while", 4, (*nemesis).less},
	{"PostgreSQL: terminate sessions", 6, (*nemesis).terminate},
	{"PostgreSQL: cancel statements", 6, (*nemesis).cancel},
	{"PostgreSQL: crash", 3, (*nemesis).crashPostgres},
	{"PostgreSQL: crash, forgetting commits", 2, (*nemesis).forgetCommits},
	{"PostgreSQL: kill a session's process", 3, (*nemesis).killBackend},
	{"PostgreSQL: shut down and start", 2, (*nemesis).restartPostgres},
	{"PostgreSQL: lock the table", 4, (*nemesis).lockTable},
	{"PostgreSQL: deadlock", 3, (*nemesis).deadlock},
	{"PostgreSQL: read only", 2, (*nemesis).readOnly},
	{"PostgreSQL: no connection left", 2, (*nemesis).fillConnections},
	{"Redis: crash", 3, (*nemesis).crashRedis},
	{"Redis: freeze", 3, (*nemesis).freezeRedis},
	{"Redis: cut clients", 5, (*nemesis).cutClients},
	{"Redis: destroy the group", 2, (*nemesis).destroyGroup},
	{"Redis: FLUSHALL", 1, (*nemesis).flush},
	{"Redis: full", 2, (*nemesis).fillRedis},
	{"Redis: a replica", 2, (*nemesis).demoteRedis},
	{"Redis: no snapshot, and so no writes", 1, (*nemesis).failSnapshot},
	{"Redis: another password", 2, (*nemesis).changePassword},
	{"network: cut all", 6, (*nemesis).cutAll},
	{"network: cut after some bytes", 10, (*nemesis).cutAfter},
	{"network: hold", 6, (*nemesis).hold},
	{"network: slice", 4, (*nemesis).slice},
}

// sequence is harms without end that follow from a seed: each once, and from then on by weight.
func sequence(harms []harm, random *rand.Rand) iter.Seq[harm] {
	total := 0
	for _, h := range harms {
		total += h.weight
	}
	return func(yield func(harm) bool) {
		for _, at := range random.Perm(len(harms)) {
			if !yield(harms[at]) {
				return
			}
		}
		for {
			left := random.IntN(total)
			at := slices.IndexFunc(harms, func(h harm) bool { left -= h.weight; return left < 0 })
			if !yield(harms[at]) {
				return
			}
		}
	}
}

// rage does harm until there was enough of it, and each was done at least once, but for those that nobody was there for until new
// events were over.
func (w *world) rage(ctx context.Context, o options, l *ledger, r *record, produced <-chan struct{}) error {
	start := time.Now()
	over := func() bool {
		select {
		case <-produced:
			return true
		default:
			return false
		}
	}
	enough := func() bool {
		if o.events > 0 && !over() {
			return false
		}
		return time.Since(start) >= o.length && r.killed(0) >= o.kills
	}
	raging, ctx := errgroup.WithContext(ctx)
	pause := o.pause
	if o.soak {
		pause = time.Minute
	}
	for i, harms := range o.harms() {
		own := uint64(2 + i)
		raging.Go(func() error {
			done := 0
			for h := range sequence(harms, rand.New(rand.NewPCG(o.seed, own))) {
				if done >= len(harms) && enough() {
					break
				}
				done++
				n := &nemesis{world: w, ledger: l, record: r, random: rand.New(rand.NewPCG(o.seed, own<<32|uint64(done)))}
				if sleep(ctx, n.between(0, pause)); ctx.Err() != nil {
					return ctx.Err()
				}
				if err := n.harm(ctx, h, over); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return raging.Wait()
}

// harms are those that a run does, of the two kinds that are done beside each other.
func (o options) harms() [][]harm {
	if o.soak {
		return [][]harm{restarts}
	}
	spared := func(h harm) bool { return o.spare != "" && strings.Contains(h.name, o.spare) }
	return [][]harm{slices.DeleteFunc(slices.Clone(harms), spared), killing}
}

// undone returns the first of the harms of a run that was never done, "" if there is none.
func (o options) undone(r *record) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range slices.Concat(o.harms()...) {
		if r.done[h.name] == 0 {
			return h.name
		}
	}
	return ""
}

// harm does one harm, and sees whether an instance has ended that should not have. When it is over with new events, nobody may come
// any more to be harmed: then it is left out.
func (n *nemesis) harm(ctx context.Context, h harm, over func() bool) error {
	err := h.do(n, ctx)
	for errors.Is(err, errSpared) && ctx.Err() == nil {
		if over() {
			return nil
		}
		sleep(ctx, 100*time.Millisecond)
		err = h.do(n, ctx)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", h.name, err)
	}
	n.note(h.name)
	for _, i := range n.running() {
		if err := i.service.Exited(); err != nil && (!i.taken.Load() || i.name == witness) {
			return fmt.Errorf("%s has ended by itself after this: %s: %w", i.name, h.name, err)
		}
	}
	return nil
}

// between is a time, any one as likely.
func (n *nemesis) between(low, high time.Duration) time.Duration {
	return low + time.Duration(n.random.Int64N(int64(high-low)+1))
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
		return errSpared
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

// killAt kills all instances when something that they say to a server, or are told by it, has been held back for a while, so that
// they wait at that place. What was held is lost.
func (n *nemesis) killAt(ctx context.Context, p *proxy, held fault) error {
	p.harming.Lock()
	defer p.harming.Unlock()
	p.set(held)
	defer func() {
		p.cut()
		p.set(fault{})
	}()
	err := until(ctx, 2*time.Second, func() error {
		if p.holding() == 0 {
			return errSpared
		}
		return nil
	})
	if err != nil {
		return err
	}
	sleep(ctx, n.between(100*time.Millisecond, 500*time.Millisecond))
	return n.killAll(ctx)
}

// freeze may last for longer than an entry may be idle, so that others take over what the frozen one has in hand.
func (n *nemesis) freeze(ctx context.Context) error {
	i := n.take()
	if i == nil {
		return errSpared
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
		return errSpared
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
		return nil // it is being killed: then it is forgotten by who does
	}
	defer n.forget(i)
	return n.stop(ctx, i)
}

func (n *nemesis) cutAll(context.Context) error {
	n.anyProxy().cut()
	return nil
}

// cutAfter cuts each connection at some place in what a batch says to a server or is told by it.
func (n *nemesis) cutAfter(ctx context.Context) error {
	p := n.anyProxy()
	p.harming.Lock()
	defer p.harming.Unlock()
	for range 1 + n.random.IntN(5) {
		p.set(fault{cutAfter: 1 + n.random.Int64N(int64(1)<<(4+n.random.IntN(15)))})
		sleep(ctx, n.between(20*time.Millisecond, 300*time.Millisecond))
	}
	p.set(fault{})
	return nil
}

func (n *nemesis) hold(ctx context.Context) error {
	p := n.anyProxy()
	p.harming.Lock()
	defer p.harming.Unlock()
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
	p.harming.Lock()
	defer p.harming.Unlock()
	p.set(fault{slice: 1 + n.random.IntN(7), delay: 50 * time.Microsecond})
	sleep(ctx, n.between(100*time.Millisecond, time.Second))
	p.set(fault{slice: 1000, delay: 2 * time.Millisecond})
	sleep(ctx, n.between(100*time.Millisecond, 2*time.Second))
	p.set(fault{})
	return nil
}
