package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/server"
)

// The checks of the monitor.
const (
	checkRedis    = "redis"
	checkPostgres = "postgres"
	checkSchema   = "schema"
)

// A change is noticed within the time between two questions and that of an answer.
const (
	askEvery      = time.Second
	askTimeout    = 2 * time.Second
	schemaEvery   = 3 * time.Second
	schemaTimeout = 2 * time.Second

	lettersEvery   = 15 * time.Second
	lettersTimeout = 10 * time.Second
	unknownLetters = -1
)

func (s *service) newMonitor() *server.Monitor {
	return server.NewMonitor(s.log,
		server.Check{Name: checkRedis, Every: askEvery, Timeout: askTimeout, Ask: s.askRedis},
		server.Check{
			Name: checkPostgres, Every: askEvery, Timeout: askTimeout,
			Ask:  func(ctx context.Context) error { return pg.Probe(ctx, s.probes) },
			Told: s.breaker.Probed,
		},
		server.Check{Name: checkSchema, Every: schemaEvery, Timeout: schemaTimeout, Ask: s.askSchema, Told: func(err error) {
			_, mismatch := errors.AsType[*migrate.MismatchError](err)
			s.breaker.Bar(mismatch)
		}},
	)
}

func (s *service) whyNoName() error {
	if err := s.leasing.Load(); err != nil && *err != nil {
		return fmt.Errorf("%w: no consumer name is leased: %w", server.ErrNotYet, *err)
	}
	return fmt.Errorf("%w: no consumer name is leased", server.ErrNotYet)
}

var errNotPrepared = fmt.Errorf("%w: the schema is being prepared; hint: if that stays, the log says why", server.ErrNotYet)

// askRedis tries a command of the group on every stream, as a consumer that is there anyway: PING answers when writes
// are refused, too.
func (s *service) askRedis(ctx context.Context) error {
	name := s.consumer.Load().(string)
	if name == "" {
		return s.whyNoName()
	}
	answers := make(chan error, len(s.cfg.RedisStreams))
	for _, stream := range s.cfg.RedisStreams {
		go func() { answers <- s.watcher.Probe(ctx, stream, consumerOf(name, 0)) }()
	}
	var all error
	for range s.cfg.RedisStreams {
		all = errors.Join(all, <-answers)
	}
	return all
}

// askSchema is for one goroutine, that of the monitor's check. What the schema lacked it lacks until a look finds that it does not: one
// that fails does not tell.
func (s *service) askSchema(ctx context.Context) error {
	err := s.lookAtSchema(ctx)
	if mismatch, ok := errors.AsType[*migrate.MismatchError](err); ok || err == nil {
		s.lacks = mismatch
	} else if s.lacks != nil {
		err = fmt.Errorf("%w; when it could be looked at: %w", err, s.lacks)
	}
	return err
}

func (s *service) lookAtSchema(ctx context.Context) error {
	if !s.cfg.AutoMigrate {
		return s.migrator.Ready(ctx)
	}
	select {
	case <-s.prepared:
	default:
		return errNotPrepared
	}
	if s.asked.CompareAndSwap(false, true) {
		return nil // it has just been prepared, and thousands of tables take a while to look at
	}
	return s.migrator.Ready(ctx)
}

// answers is what is told by HTTP.
func (s *service) answers() server.Options {
	return server.Options{
		Health:  s.health,
		Failing: s.failing,
		Metrics: promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{EnableOpenMetrics: true}),
		Log:     s.log,
	}
}

func (s *service) redisHealthy() bool { return s.monitor.Err(checkRedis) == nil }

// postgresHealthy: rows can be written, as far as that is known.
func (s *service) postgresHealthy() bool {
	for _, p := range s.pauses.List() {
		if p.Reason == ingest.PauseEnvironment {
			return false
		}
	}
	return s.monitor.Err(checkPostgres) == nil && s.monitor.Err(checkSchema) == nil
}

func (s *service) health() server.Health {
	redis, postgres, breaker := s.redisHealthy(), s.postgresHealthy(), s.breaker.State()
	processed, failed := s.events.Totals()
	return server.Health{
		Healthy:              redis && postgres && breaker == ingest.Closed,
		RedisConsumerHealthy: redis,
		PostgresSyncHealthy:  postgres,
		CircuitBreakerClosed: breaker == ingest.Closed,
		LastCheck:            s.monitor.LastCheck().UTC(),
		Metrics: server.HealthMetrics{
			TotalEventsProcessed: processed,
			TotalEventsFailed:    failed,
			CircuitBreakerState:  string(breaker),
			RedisConsumerHealth:  redis,
			PostgresSyncHealth:   postgres,
		},
	}
}

// failing names what keeps the service from being ready.
func (s *service) failing() []server.Failure {
	failing := s.monitor.Failing()
	if state := s.breaker.State(); state != ingest.Closed {
		failing = append(failing, server.Failure{Check: "circuit_breaker", Error: "it is " + string(state)})
	}
	for _, p := range s.pauses.List() {
		failing = append(failing, server.Failure{Check: "stream " + p.Stream, Error: "paused (" + p.Reason + "): " + p.Err.Error()})
	}
	if s.ending.Load() {
		failing = append(failing, server.Failure{Check: "service", Error: "it is stopping"})
	}
	return failing
}

// hangups makes paused streams try again at once with each SIGHUP, until ctx ends.
func (s *service) hangups(ctx context.Context) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-hangup:
			s.log.Info("hangup: paused streams try again")
			for _, storm := range s.storms {
				storm.Resume()
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// countLetters keeps the number of open dead letters, which is told as a metric, until ctx ends.
func (s *service) countLetters(ctx context.Context) error {
	for {
		timed, cancel := context.WithTimeout(ctx, lettersTimeout)
		open, err := pg.CountOpenLetters(timed, s.probes)
		cancel()
		if err != nil {
			open = unknownLetters
		}
		s.letters.Store(open)
		if !pause(ctx, lettersEvery) {
			return nil
		}
	}
}
