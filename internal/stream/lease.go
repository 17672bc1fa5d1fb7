package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// leaseTTL is how long a name stays taken whose process has gone without a word, where that cannot be seen.
	leaseTTL = 30 * time.Second
	// slotsAtOnce bounds one look at the slots of a host, and slotsMost is more than any host has use for.
	slotsAtOnce = 64
	slotsMost   = 1024
)

// ErrLeaseLost is the error of Keep: another process has the name now.
var ErrLeaseLost = errors.New("the consumer name was taken over by another process")

// Lease is the right to a consumer name, so that no two processes share a pending list. It is a key in Redis that
// expires unless Keep renews it. Nothing depends on it for being right: two processes with one name do work twice, and
// lose nothing.
type Lease struct {
	client redis.UniversalClient
	key    string
	name   string
	me     holder
	token  string
	ttl    time.Duration
	log    *slog.Logger

	// The rest is for a name that is used whoever has it, and for the goroutine that runs Keep.
	named      bool
	rival      string // the other one's token
	rivalSince time.Time
	warned     bool
}

// Acquire leases the first free name of the form <host>-<slot>, with slots from 0. A name whose process has crashed on
// this machine counts as free at once and comes first, so that who starts again finds its own pending entries. An error
// is worth trying again, unless Redis forbids the key: its hint says what to do then.
func Acquire(ctx context.Context, client redis.UniversalClient, group, host string, log *slog.Logger) (*Lease, error) {
	return acquire(ctx, newLease(client, newHolder(host), log), group, host)
}

// AcquireNamed leases just this name, which somebody chose. It is used even if another process has it, or if Redis
// forbids the key: the former is logged as soon as it is certain, here or in Keep, once for each such process.
func AcquireNamed(
	ctx context.Context, client redis.UniversalClient, group, host, name string, log *slog.Logger,
) (*Lease, error) {
	return acquireNamed(ctx, newLease(client, newHolder(host), log), group, name)
}

func newLease(client redis.UniversalClient, me holder, log *slog.Logger) *Lease {
	return &Lease{client: client, me: me, token: me.token(), ttl: leaseTTL, log: log}
}

// Name is the consumer name, the same for the life of the Lease.
func (l *Lease) Name() string { return l.name }

func (l *Lease) is(group, name string) {
	l.key, l.name = leaseKey(group, name), name
}

// leaseKey begins with the group, which is the one name that whoever shares a consumer name has in common.
func leaseKey(group, name string) string {
	return group + ":consumer:" + name
}

func acquire(ctx context.Context, l *Lease, group, host string) (*Lease, error) {
	for from := 0; from < slotsMost; from += slotsAtOnce {
		ok, err := l.acquireFrom(ctx, from, group, host)
		if forbidden(err) {
			return nil, fmt.Errorf("lease consumer name: %w; hint: let the Redis user have the keys "+
				"%s:consumer:* and the commands MGET, GET, SET, DEL and EVAL, or set CONSUMER_NAME, "+
				"different for each instance", err, group)
		}
		if err != nil {
			return nil, fmt.Errorf("lease consumer name: %w", err)
		}
		if ok {
			return l, nil
		}
	}
	return nil, fmt.Errorf("lease consumer name: all %d names of %s are taken; hint: set CONSUMER_NAME", slotsMost, host)
}

// acquireFrom tries slotsAtOnce slots, and is that of the one it got.
func (l *Lease) acquireFrom(ctx context.Context, from int, group, host string) (bool, error) {
	names, keys := make([]string, slotsAtOnce), make([]string, slotsAtOnce)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", host, from+i)
		keys[i] = leaseKey(group, names[i])
	}
	values, err := l.client.MGet(ctx, keys...).Result()
	if err != nil {
		return false, err
	}
	for _, i := range l.order(values) {
		l.is(group, names[i])
		current, _ := values[i].(string)
		ok, err := l.replace(ctx, current)
		if full(err) {
			l.log.WarnContext(ctx, "consumer name is used without a lease", "consumer", l.name, "err", err,
				"hint", "give Redis more memory; what it has is read all the same")
			return true, nil
		}
		if ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// order returns the slots that can be had: first those whose processes are gone, then those that nobody has. One that
// is ours already comes first of all: the reply that said so was lost.
func (l *Lease) order(values []any) []int {
	var left, free []int
	for i, value := range values {
		switch text, taken := value.(string); {
		case text == l.token:
			return []int{i}
		case !taken:
			free = append(free, i)
		case parseHolder(text).fate(l.me) == gone:
			left = append(left, i)
		}
	}
	return slices.Concat(left, free)
}

func acquireNamed(ctx context.Context, l *Lease, group, name string) (*Lease, error) {
	l.named = true
	l.is(group, name)
	holder, err := l.take(ctx)
	switch {
	case forbidden(err), full(err):
		l.log.DebugContext(ctx, "consumer name cannot be leased", "consumer", name, "err", err)
	case err != nil:
		return nil, fmt.Errorf("lease consumer name: %w", err)
	case holder != l.token:
		l.meet(ctx, holder)
	}
	return l, nil
}

// Keep renews the lease until ctx ends, and returns nil then, or ErrLeaseLost. While Redis is away it goes on trying,
// and takes the name again where Redis has forgotten it. With a name that somebody chose it never returns an error.
func (l *Lease) Keep(ctx context.Context) error {
	failing := false
	for wait := l.ttl / 3; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		holder, err := l.take(ctx)
		wait = l.ttl / 3
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			wait = l.ttl / 10
			l.unrenewed(ctx, err, failing)
		case holder == l.token:
			l.rival = ""
		case l.named:
			l.meet(ctx, holder)
		default:
			return fmt.Errorf("keep consumer name %s: %w: %s", l.name, ErrLeaseLost, parseHolder(holder))
		}
		failing = err != nil
	}
}

// unrenewed logs the first of several failures. Who chose a name did so because the key is forbidden, perhaps.
func (l *Lease) unrenewed(ctx context.Context, err error, again bool) {
	level := slog.LevelWarn
	if again || l.named && forbidden(err) {
		level = slog.LevelDebug
	}
	l.log.Log(ctx, level, "consumer name is not renewed", "consumer", l.name, "err", err)
}

// meet logs that another process has the name as well, when that is certain: it runs beside us, or it has renewed its
// lease since we saw it first. A lease of which we know neither may have been left behind.
func (l *Lease) meet(ctx context.Context, token string) {
	if token != l.rival {
		l.rival, l.rivalSince, l.warned = token, time.Now(), false
	}
	other := parseHolder(token)
	certain := other.fate(l.me) == running || time.Since(l.rivalSince) > l.ttl
	if l.warned || !certain {
		return
	}
	l.warned = true
	l.log.WarnContext(ctx, "the consumer name is used by another process too: each entry is worked on twice",
		"consumer", l.name, "other_host", other.Host, "other_pid", other.PID,
		"hint", "give each instance a CONSUMER_NAME of its own, or none")
}

// Release gives the name back, for the next process to have it at once. Call it when Keep has returned.
func (l *Lease) Release(ctx context.Context) error {
	if _, err := l.swap(ctx, l.token, ""); err != nil && !(l.named && forbidden(err)) {
		return fmt.Errorf("release consumer name %s: %w", l.name, err)
	}
	return nil
}

// take renews the lease, or takes it where nobody has it, and returns who has it now.
func (l *Lease) take(ctx context.Context) (holder string, err error) {
	current, err := l.swap(ctx, l.token, l.token)
	if err != nil || current == l.token {
		return current, err
	}
	if current == "" || parseHolder(current).fate(l.me) == gone {
		return l.swap(ctx, current, l.token)
	}
	return current, nil
}

// replace takes a lease that is current's, where it still is.
func (l *Lease) replace(ctx context.Context, current string) (bool, error) {
	holder, err := l.swap(ctx, current, l.token)
	return holder == l.token, err
}

// swapScript compares and sets; nothing stands for no key. It returns what stands there now.
const swapScript = `
local current = redis.call('GET', KEYS[1]) or ''
if current ~= ARGV[1] then return current end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return ARGV[2]`

func (l *Lease) swap(ctx context.Context, from, to string) (holder string, err error) {
	return l.client.Eval(ctx, swapScript, []string{l.key}, from, to, l.ttl.Milliseconds()).Text()
}
