package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

const (
	group = "chaos"
	// minIdle is short, so that what a frozen instance has in hand is taken over while it is frozen.
	minIdle = 3 * time.Second
)

// world is the two servers, which keep what they commit, a proxy before each, and the instances.
type world struct {
	binary   string
	settings []string // of the instances, beside those that each run has

	postgres, redisServer *launch.Server
	toPostgres, toRedis   *proxy
	ours                  *proxy // to Redis, without faults
	redis                 redis.UniversalClient
	always                bool // Redis keeps what it has answered for, whatever happens

	mu        sync.Mutex
	instances []*instance
	outputs   []string // of instances that are no more, their ends
}

// extra begins the names of instances that come for a while.
const extra = "extra-"

// instance is one process of the service, and the next one in its place.
type instance struct {
	name    string
	port    int // of its HTTP server, if it is the witness
	service *launch.Service
	taken   atomic.Bool // for a harm
	extra   bool        // one of those that come for a while
}

const postgresSettings = `
shared_buffers = 64MB
max_wal_size = 512MB
wal_receiver_timeout = 0
wal_sender_timeout = 0
`

func newWorld(ctx context.Context, binary string, settings []string) (_ *world, err error) {
	w := &world{binary: binary, settings: settings, always: true}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.postgres, err = launch.DurablePostgres(ctx, postgresSettings); err != nil {
		return nil, err
	}
	if w.redisServer, err = launch.DurableRedis(ctx); err != nil {
		return nil, err
	}
	if w.ours, err = proxyTo(w.redisServer.URL()); err != nil {
		return nil, err
	}
	if w.redis, err = stream.Connect(w.ours.url(w.redisServer.URL())); err != nil {
		return nil, err
	}
	if w.toPostgres, err = proxyTo(w.postgres.URL()); err != nil {
		return nil, err
	}
	w.toRedis, err = proxyTo(w.redisServer.URL())
	return w, err
}

// syncEverySecond lets Redis answer before it has written to disk.
func (w *world) syncEverySecond(ctx context.Context) error {
	w.always = false
	return errors.Join(w.redis.ConfigSet(ctx, "appendfsync", "everysec").Err(), w.redis.ConfigRewrite(ctx).Err())
}

func proxyTo(server string) (*proxy, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	return newProxy(u.Host)
}

func (p *proxy) url(server string) string {
	u, _ := url.Parse(server)
	u.Host = p.address()
	return u.String()
}

func (w *world) close() {
	w.mu.Lock()
	for _, i := range w.instances {
		i.service.Signal(syscall.SIGCONT)
		i.service.Signal(os.Kill)
		i.service.Wait()
	}
	w.mu.Unlock()
	for _, p := range []*proxy{w.toPostgres, w.toRedis, w.ours} {
		if p != nil {
			p.close()
		}
	}
	if w.redis != nil {
		w.redis.Close()
	}
	for _, s := range []*launch.Server{w.postgres, w.redisServer} {
		if s != nil {
			_ = s.Stop()
		}
	}
}

// begin starts an instance under a name.
func (w *world) begin(name string) (*instance, error) {
	port := 0 // any
	if name == witness {
		var err error
		if port, err = launch.FreePort(); err != nil {
			return nil, err
		}
	}
	settings := append([]string{
		"DATABASE_URL=" + w.toPostgres.url(w.postgres.URL()), "REDIS_URL=" + w.toRedis.url(w.redisServer.URL()),
		"CONSUMER_GROUP=" + group, "CONSUMER_NAME=" + name, "HTTP_HOST=127.0.0.1",
		fmt.Sprintf("HTTP_PORT=%d", port),
		fmt.Sprintf("CLAIM_MIN_IDLE_MS=%d", minIdle.Milliseconds()), "CLAIM_INTERVAL_MS=500", "PROCESSING_TIMEOUT_MS=5000",
		"CIRCUIT_BREAKER_TIMEOUT_MS=2000", "SHUTDOWN_TIMEOUT_MS=2000",
	}, w.settings...)
	service, err := launch.RunService(w.binary, settings...)
	if err != nil {
		return nil, err
	}
	i := &instance{name: name, port: port, service: service, extra: strings.HasPrefix(name, extra)}
	i.taken.Store(name == witness)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.instances = append(w.instances, i)
	return i, nil
}

// forget takes an instance that has ended off the list.
func (w *world) forget(i *instance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for at, other := range w.instances {
		if other == i {
			w.instances = append(w.instances[:at:at], w.instances[at+1:]...)
		}
	}
	const kept = 4 << 10
	output := i.service.Output()
	w.outputs = append(w.outputs, i.name+": …"+output[max(0, len(output)-kept):])
	w.outputs = w.outputs[max(0, len(w.outputs)-20):]
}

// running are the instances.
func (w *world) running() []*instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*instance(nil), w.instances...)
}

// logs are the ends of what the instances have said.
func (w *world) logs() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	ends := slices.Clone(w.outputs)
	for _, i := range w.instances {
		const kept = 16 << 10
		output := i.service.Output()
		ends = append(ends, i.name+", at the end: …"+output[max(0, len(output)-kept):])
	}
	return strings.Join(ends, "\n")
}

// stop ends an instance as an operator would. One that has said nothing yet may not know the signal yet, and die of it, which
// is no loss but no order either. It is an error if the instance has ended by itself, or ends with one.
func (w *world) stop(ctx context.Context, i *instance) error {
	err := until(ctx, time.Minute, func() error {
		if i.service.Output() == "" {
			return fmt.Errorf("%s says nothing", i.name)
		}
		return nil
	})
	return errors.Join(err, i.service.Exited(), i.service.Stop())
}

// stopAll stops all instances in order.
func (w *world) stopAll(ctx context.Context) (err error) {
	for _, i := range w.running() {
		err = errors.Join(err, w.stop(ctx, i))
	}
	return err
}

// crash kills an instance outright, and starts it anew, unless it was there for a while only.
func (w *world) crash(ctx context.Context, i *instance, pause time.Duration) error {
	if err := i.service.Signal(os.Kill); err != nil {
		return err
	}
	i.service.Wait()
	return w.replace(ctx, i, pause)
}

// replace starts an instance in the place of one that has ended.
func (w *world) replace(ctx context.Context, i *instance, pause time.Duration) error {
	w.forget(i)
	if i.extra {
		return nil
	}
	sleep(ctx, pause)
	_, err := w.begin(i.name)
	return err
}

// awaitTables waits for the first instance to have made the tables.
func (w *world) awaitTables(ctx context.Context) error {
	db, err := w.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	return until(ctx, time.Minute, func() error {
		var there bool
		err := db.QueryRow(ctx, "SELECT EXISTS (SELECT FROM schema_state)").Scan(&there)
		if err == nil && !there {
			err = errors.New("the schema is not there yet")
		}
		return err
	})
}

// connect is a session of our own, past the proxy. It waits until the server takes one.
func (w *world) connect(ctx context.Context) (db *pgx.Conn, err error) {
	err = until(ctx, time.Minute, func() error {
		db, err = pgx.Connect(ctx, w.postgres.URL())
		return err
	})
	return db, err
}

// exec runs statements in a session of their own.
func (w *world) exec(ctx context.Context, statements ...string) error {
	db, err := w.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	for _, sql := range statements {
		if _, err := db.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%.60s: %w", sql, err)
		}
	}
	return nil
}

// until calls do until it succeeds, for some time.
func until(ctx context.Context, limit time.Duration, do func() error) error {
	for end := time.Now().Add(limit); ; {
		err := do()
		if err == nil || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
		sleep(ctx, 20*time.Millisecond)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
