package main

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
)

// register registers what is known about the service as a whole. Metrics of the loops, the writers and the streams are
// with what they measure.
func (s *service) register() {
	s.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		s.watcher,
	)
	ingest.RegisterBreaker(s.registry, s.breaker)
	pg.RegisterPool(s.registry, s.writers)

	gauge := func(name, help string, value func() float64) {
		s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "redis_postgres_sync_" + name, Help: help}, value))
	}
	gauge("redis_healthy", "1 while the commands of the consumer group work on every stream.",
		func() float64 { return number(s.redisHealthy()) })
	gauge("postgres_healthy", "1 while PostgreSQL answers, the schema is as it should be, and rows can be written.",
		func() float64 { return number(s.postgresHealthy()) })
	gauge("ready", "1 while the service is ready, as /readyz says.",
		func() float64 { return number(len(s.failing()) == 0) })
	gauge("uptime_seconds", "Time since the start of the service.",
		func() float64 { return time.Since(s.started).Seconds() })
	gauge("dead_letters_open", "Dead letters that nobody has replayed or discarded; counted every 15 s, up to 100,000.",
		func() float64 {
			if open := s.letters.Load(); open != unknownLetters {
				return float64(open)
			}
			return math.NaN() // an old value would lie
		})
	gauge("indexes_missing", "Indexes that are to be built: of a first load when the backlog is done.",
		func() float64 { return float64(s.missing.Load()) })

	b := build()
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "redis_postgres_sync_build_info", Help: "1, with the version that runs.",
		ConstLabels: prometheus.Labels{"version": b.Version, "commit": b.Commit, "go_version": b.GoVersion},
	}, func() float64 { return 1 }))
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
