package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/config"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/replay"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/server"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/watermark"
	"github.com/redis-postgres-sync/redis-postgres-sync/schema"
)

func runCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "run",
		Short:   "Run the service (the same as no command)",
		Example: "  redis-postgres-sync run --redis-streams rindexer_producer --batch-size 200",
		Args:    cobra.NoArgs,
		RunE:    runService,
	}
}

func runService(cmd *cobra.Command, _ []string) error {
	cfg, notes, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	log := newLogger(cmd.ErrOrStderr(), cfg)
	log.Info("starting", "version", build().Version, "config", cfg)
	for _, note := range notes {
		log.Warn(note)
	}
	s, err := newService(cmd.Context(), cfg, log)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.run(cmd.Context()); err != nil {
		return failed(err)
	}
	log.Info("stopped")
	return nil
}

// service is what runs: nothing of it is connected before run.
type service struct {
	cfg      config.Config
	log      *slog.Logger
	started  time.Time
	redis    redis.UniversalClient
	writers  *pgxpool.Pool
	probes   *pgxpool.Pool // connections that no writer can take
	migrator *migrate.Migrator

	registry *prometheus.Registry
	rows     *pg.Metrics
	events   *ingest.Metrics
	marks    *watermark.Metrics
	watcher  *stream.Watcher
	breaker  *ingest.Breaker
	pauses   *ingest.Pauses
	storms   map[string]*ingest.Storm // by stream
	monitor  *server.Monitor
	consumer atomic.Value           // the name that is leased, "" while there is none
	leasing  atomic.Pointer[error]  // what the last attempt to lease one came to
	letters  atomic.Int64           // dead letters that are open, or unknownLetters
	missing  atomic.Int64           // indexes that tables lacked when they were last looked at
	prepared chan struct{}          // closed when the schema is ready for the first time
	begun    chan struct{}          // closed when loops begin for the first time
	asked    atomic.Bool            // the monitor has asked about it since
	lacks    *migrate.MismatchError // what the schema lacked when it was last looked at, for askSchema alone
	ending   atomic.Bool
}

// probes is how many connections there are to ask for health, while others wait for locks.
const probes = 2

// writers is how many connections there are to write: one for each loop, or one stream that waits for a lock would keep the
// others waiting too; and one for each stream to keep its watermark, and to read entries again.
func writers(cfg config.Config) int { return (cfg.Workers + 1) * len(cfg.RedisStreams) }

// newService takes the URLs apart, and connects to nothing. Its errors are those of the configuration.
func newService(ctx context.Context, cfg config.Config, log *slog.Logger) (_ *service, err error) {
	stream.LogTo(log)
	s := &service{cfg: cfg, log: log, started: time.Now(), registry: prometheus.NewRegistry(),
		prepared: make(chan struct{}), begun: make(chan struct{})}
	s.consumer.Store("")
	s.letters.Store(unknownLetters)
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.migrator, err = migrate.New(cfg.DatabaseURL.Reveal(), schema.Files, migrate.WithLogger(log)); err != nil {
		return nil, err
	}
	if s.redis, err = stream.Connect(cfg.RedisURL.Reveal()); err != nil {
		return nil, err
	}
	if s.writers, err = pg.Connect(ctx, cfg.DatabaseURL.Reveal(), writers(cfg)); err != nil {
		return nil, err
	}
	if s.probes, err = pg.Connect(ctx, cfg.DatabaseURL.Reveal(), probes); err != nil {
		return nil, err
	}
	s.rows, s.events = pg.NewMetrics(s.registry), ingest.NewMetrics(s.registry)
	s.marks = watermark.NewMetrics(s.registry)
	s.watcher = stream.NewWatcher(s.redis, cfg.ConsumerGroup, cfg.RedisStreams, log)
	s.breaker = ingest.NewBreaker(cfg.CircuitBreakerThreshold, cfg.CircuitBreakerTimeout, log)
	s.pauses = ingest.NewPauses(s.registry, cfg.RedisStreams, log)
	s.storms = make(map[string]*ingest.Storm)
	for _, name := range cfg.RedisStreams {
		s.storms[name] = ingest.NewStorm(name, s.pauses)
	}
	s.monitor = s.newMonitor()
	s.register()
	return s, nil
}

// closeTimeout is what closing may take: a connection to a server that is frozen would take much longer, and ends with
// the process.
const closeTimeout = time.Second

func (s *service) close() {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for _, pool := range []*pgxpool.Pool{s.writers, s.probes} {
			if pool != nil {
				pool.Close()
			}
		}
		if s.redis != nil {
			s.redis.Close()
		}
	}()
	select {
	case <-closed:
	case <-time.After(closeTimeout):
	}
}

// run runs the service until ctx ends. What tells how it stands is there first, and goes last.
func (s *service) run(ctx context.Context) error {
	listener, err := server.Listen(s.cfg.HTTPHost, s.cfg.HTTPPort)
	if err != nil {
		return err
	}
	s.log.Info("listening", "address", listener.Addr().String())
	telling, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ctx, end := context.WithCancel(ctx)
	defer end()
	var beside errgroup.Group
	beside.Go(func() error {
		defer end() // a service that cannot tell how it stands does not go on
		return server.Serve(telling, listener, s.answers())
	})
	beside.Go(func() error { return s.monitor.Run(telling) })
	beside.Go(func() error { return s.watcher.Run(telling) })
	beside.Go(func() error { return s.hangups(telling) })
	beside.Go(func() error { return s.countLetters(telling) })
	context.AfterFunc(ctx, func() { s.ending.Store(true) })
	beside.Go(func() error {
		s.leaveRedis(ctx, telling)
		return nil
	})
	err = s.work(ctx)
	stop()
	return errors.Join(err, beside.Wait())
}

// leaveAfter is what a read takes that Redis answers, and more.
const leaveAfter = 2 * time.Second

// leaveRedis closes the connections to a Redis that does not answer, some time after ctx has ended: a read that waits
// for it would end some seconds later, and nothing can be acknowledged. It returns when telling ends.
func (s *service) leaveRedis(ctx, telling context.Context) {
	select {
	case <-ctx.Done():
	case <-telling.Done():
		return
	}
	for pause(telling, leaveAfter) {
		if !s.redisHealthy() {
			s.redis.Close()
			return
		}
	}
}

// work takes a consumer name while it prepares the schema, and then writes what comes until ctx ends.
func (s *service) work(ctx context.Context) error {
	working, ctx := errgroup.WithContext(ctx)
	working.Go(func() error {
		if err := s.prepareSchema(ctx); err != nil {
			return err
		}
		close(s.prepared)
		return nil
	})
	working.Go(func() error { return s.consume(ctx) })
	working.Go(func() error {
		s.keepIndexes(ctx)
		return nil
	})
	working.Go(func() error {
		s.removeIdle(ctx)
		return nil
	})
	return working.Wait()
}

// consume runs the loops under a name that no other process uses. Should the name be lost, the loops end, and others
// go on under a new one: what the old ones had in hand is claimed.
func (s *service) consume(ctx context.Context) error {
	var keeping sync.WaitGroup
	defer keeping.Wait()
	begin := sync.OnceFunc(func() { // both servers are there now
		s.postponeIndexes(ctx)
		s.keepWatermarks(ctx, &keeping)
		close(s.begun)
	})
	for {
		lease, err := s.lease(ctx)
		if err != nil {
			return nil // ctx has ended
		}
		leased, cancel := context.WithCancel(ctx)
		kept := make(chan error, 1)
		go func() {
			defer cancel()
			kept <- lease.Keep(leased)
		}()
		s.consumer.Store(lease.Name())
		select {
		case <-s.prepared:
			begin()
			s.runLoops(leased, lease.Name())
		case <-leased.Done():
		}
		s.consumer.Store("")
		cancel()
		lost := <-kept
		s.release(lease)
		if ctx.Err() != nil {
			return nil
		}
		s.log.Error("consumer name is lost, taking another", "name", lease.Name(), "err", lost)
	}
}

// release gives the name back, as far as Redis is there to take it.
func (s *service) release(lease *stream.Lease) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := lease.Release(ctx); err != nil {
		s.log.Debug("release consumer name", "err", err)
	}
}

// lease takes a consumer name, and waits for Redis as long as that takes. Its error is that of ctx.
func (s *service) lease(ctx context.Context) (*stream.Lease, error) {
	var lease *stream.Lease
	err := s.until(ctx, "waiting for a consumer name", func() (err error) {
		if err = stream.CheckVersion(ctx, s.redis); err == nil {
			lease, err = s.acquire(ctx)
		}
		s.leasing.Store(&err)
		return err
	})
	return lease, err
}

func (s *service) acquire(ctx context.Context) (*stream.Lease, error) {
	host, err := os.Hostname()
	switch name := s.cfg.ConsumerName; {
	case name != "":
		return stream.AcquireNamed(ctx, s.redis, s.cfg.ConsumerGroup, host, name, s.log)
	case err != nil:
		return nil, fmt.Errorf("find host name: %w; hint: set CONSUMER_NAME", err)
	default:
		return stream.Acquire(ctx, s.redis, s.cfg.ConsumerGroup, host, s.log)
	}
}

// runLoops runs WORKERS whole loops for each stream until ctx ends, so that the faults of one stream stay its own.
func (s *service) runLoops(ctx context.Context, name string) {
	var running sync.WaitGroup
	for _, stream := range s.cfg.RedisStreams {
		for worker := range s.cfg.Workers {
			loop := s.newLoop(stream, worker, name)
			running.Go(func() { loop.Run(ctx) })
		}
	}
	s.log.Info("consuming", "streams", s.cfg.RedisStreams, "consumer", name, "workers", s.cfg.Workers)
	running.Wait()
}

// keepWatermarks keeps the streams' watermarks until ctx ends, and returns when it is known what must be read again.
func (s *service) keepWatermarks(ctx context.Context, keeping *sync.WaitGroup) {
	var looking sync.WaitGroup
	for _, name := range s.cfg.RedisStreams {
		keeper := watermark.New(watermark.Options{
			Redis:    s.redis,
			Progress: pg.NewProgress(s.writers, s.cfg.ConsumerGroup, s.cfg.TrimRetention),
			Engine: replay.New(s.writers, replay.Options{
				Catalog:    events.Catalog,
				MaxPayload: int(s.cfg.MaxPayloadBytes),
				Timeout:    s.cfg.ProcessingTimeout,
				Writer:     pg.Options{Finality: s.cfg.Finality, MaxRefusals: s.cfg.MaxRetries, Metrics: s.rows},
			}),
			Passable:  s.breaker.Passable,
			Stream:    name,
			Group:     s.cfg.ConsumerGroup,
			Trim:      s.cfg.Trim,
			Retention: s.cfg.TrimRetention,
			Metrics:   s.marks,
			Log:       s.log,
		})
		looking.Add(1)
		keeping.Go(func() { keeper.Run(ctx, looking.Done) })
	}
	looking.Wait()
}

// consumerOf is the name in the group of one loop of each stream.
func consumerOf(name string, worker int) string { return fmt.Sprintf("%s-%d", name, worker) }

func (s *service) newLoop(name string, worker int, consumer string) *ingest.Loop {
	cfg := s.cfg
	return &ingest.Loop{
		Stream: name,
		Worker: worker,
		Source: stream.New(stream.Options{
			Client:        s.redis,
			Stream:        name,
			Group:         cfg.ConsumerGroup,
			Name:          consumerOf(consumer, worker),
			Count:         int64(cfg.BatchSize),
			ClaimInterval: cfg.ClaimInterval,
			ClaimMinIdle:  cfg.ClaimMinIdle,
			StaleAfter:    2 * cfg.ProcessingTimeout,
			Counters:      s.watcher.Counters(name),
			Log:           s.log,
		}),
		Sink:            pg.NewWriter(s.writers, pg.Options{Finality: cfg.Finality, MaxRefusals: cfg.MaxRetries, Metrics: s.rows}),
		Decider:         ingest.NewDecider(events.Catalog, int(cfg.MaxPayloadBytes)),
		Log:             s.log.With("stream", name, "worker", worker),
		WriteTimeout:    cfg.ProcessingTimeout,
		MaxRetries:      cfg.MaxRetries,
		HoldInterval:    cfg.ClaimMinIdle / 3,
		ShutdownTimeout: cfg.ShutdownTimeout,
		Storm:           s.storms[name],
		Breaker:         s.breaker,
		Pauses:          s.pauses,
		Metrics:         s.events,
	}
}

const (
	// removeEvery is the time between two looks for consumers that are long gone, which are those that have not asked
	// for anything for longAgo.
	removeEvery = 10 * time.Minute
	longAgo     = time.Hour
)

// removeIdle removes the consumers of processes that will not come back, so that names do not pile up.
func (s *service) removeIdle(ctx context.Context) {
	for pause(ctx, removeEvery) {
		for _, name := range s.cfg.RedisStreams {
			removed, err := stream.RemoveIdle(ctx, s.redis, name, s.cfg.ConsumerGroup, longAgo, s.isOurs)
			if err != nil {
				s.log.Debug("remove idle consumers", "stream", name, "err", err)
			}
			if len(removed) > 0 {
				s.log.Info("idle consumers removed", "stream", name, "consumers", removed)
			}
		}
	}
}

// isOurs reports whether a consumer is a loop of this process, which may have stood still for long.
func (s *service) isOurs(consumer string) bool {
	name := s.consumer.Load().(string)
	for worker := range s.cfg.Workers {
		if consumer == consumerOf(name, worker) {
			return true
		}
	}
	return false
}

const (
	// retryEvery is the pause between two attempts to do what both servers must be there for, before there are loops.
	retryEvery = time.Second
	// tellEvery is the time between two lines about what still does not succeed.
	tellEvery = 30 * time.Second
)

// until calls do until it succeeds, and logs now and then why it does not. Its error is that of ctx, or one of do that
// no waiting mends.
func (s *service) until(ctx context.Context, message string, do func() error) error {
	told := time.Time{}
	for {
		err := do()
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if _, refused := errors.AsType[*migrate.RefusedError](err); refused {
			return err
		}
		if time.Since(told) >= tellEvery {
			told = time.Now()
			s.log.Error(message, "err", err)
		}
		pause(ctx, retryEvery)
	}
}

// pause waits, and reports whether ctx still holds.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
