package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/config"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
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
	log.Info("starting", "config", cfg)
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

func newLogger(w io.Writer, cfg config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// service is what runs: nothing of it is connected before run.
type service struct {
	cfg      config.Config
	log      *slog.Logger
	redis    redis.UniversalClient
	pool     *pgxpool.Pool
	migrator *migrate.Migrator
}

// newService takes the URLs apart, and connects to nothing. Its errors are those of the configuration.
func newService(ctx context.Context, cfg config.Config, log *slog.Logger) (*service, error) {
	stream.LogTo(log)
	migrator, err := migrate.New(cfg.DatabaseURL.Reveal(), schema.Files, migrate.WithLogger(log))
	if err != nil {
		return nil, err
	}
	client, err := stream.Connect(cfg.RedisURL.Reveal())
	if err != nil {
		return nil, err
	}
	// A connection for each loop, or one stream that waits for a lock would keep the others waiting too.
	pool, err := pg.Connect(ctx, cfg.DatabaseURL.Reveal(), cfg.Workers*len(cfg.RedisStreams))
	if err != nil {
		client.Close()
		return nil, err
	}
	return &service{cfg, log, client, pool, migrator}, nil
}

func (s *service) close() {
	s.pool.Close()
	s.redis.Close()
}

// run runs the service until ctx ends.
func (s *service) run(ctx context.Context) error {
	if err := s.prepareSchema(ctx); err != nil {
		return err
	}
	var running errgroup.Group
	running.Go(func() error {
		s.buildIndexes(ctx)
		return nil
	})
	for _, loop := range s.loops() {
		running.Go(func() error { return loop.Run(ctx) })
	}
	return running.Wait()
}

// loops returns WORKERS whole loops for each stream, so that the faults of one stream stay its own.
func (s *service) loops() []*ingest.Loop {
	cfg := s.cfg
	var all []*ingest.Loop
	for _, name := range cfg.RedisStreams {
		for worker := range cfg.Workers {
			all = append(all, &ingest.Loop{
				Source: stream.New(stream.Options{
					Client:        s.redis,
					Stream:        name,
					Group:         cfg.ConsumerGroup,
					Name:          fmt.Sprintf("%s-%d", cfg.ConsumerName, worker),
					Count:         int64(cfg.BatchSize),
					ClaimInterval: cfg.ClaimInterval,
					ClaimMinIdle:  cfg.ClaimMinIdle,
					Log:           s.log,
				}),
				Sink:            pg.NewWriter(s.pool, cfg.Finality, cfg.MaxRetries),
				Catalog:         events.Catalog,
				Log:             s.log.With("stream", name, "worker", worker),
				MaxPayload:      int(cfg.MaxPayloadBytes),
				WriteTimeout:    cfg.ProcessingTimeout,
				ShutdownTimeout: cfg.ShutdownTimeout,
			})
		}
	}
	return all
}

const (
	// schemaRetry is the pause between two attempts to bring the schema up to date.
	schemaRetry = 2 * time.Second
	// schemaLog is the time between two lines about a schema that is still not ready.
	schemaLog = 30 * time.Second
)

// prepareSchema brings the schema up to date, or waits until somebody else has where AUTO_MIGRATE is off. A server that
// is away is waited for; a change that is not additive ends the service.
func (s *service) prepareSchema(ctx context.Context) error {
	start, logged := time.Now(), time.Time{}
	for {
		err := s.schemaReady(ctx)
		if _, refused := errors.AsType[*migrate.RefusedError](err); refused {
			return err
		}
		if err == nil {
			s.log.Info("schema is ready", "after", time.Since(start).Round(time.Millisecond).String())
			return nil
		}
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(logged) >= schemaLog {
			logged = time.Now()
			s.log.Error("schema is not ready", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(schemaRetry):
		}
	}
}

var errNotMigrated = errors.New("the schema is not that of this version, and AUTO_MIGRATE is off; " +
	"hint: run redis-postgres-sync migrate plan, then migrate apply")

func (s *service) schemaReady(ctx context.Context) error {
	if s.cfg.AutoMigrate {
		_, err := s.migrator.Apply(ctx)
		return err
	}
	current, err := s.migrator.Current(ctx)
	if err == nil && !current {
		err = errNotMigrated
	}
	return err
}

// buildIndexes builds what an earlier version's tables lack, while events are written, and tries until it has.
func (s *service) buildIndexes(ctx context.Context) {
	for s.cfg.AutoMigrate && ctx.Err() == nil {
		built, err := s.migrator.BuildIndexes(ctx)
		if len(built) > 0 {
			s.log.Info("indexes built", "indexes", built)
		}
		if err == nil {
			return
		}
		if ctx.Err() == nil {
			s.log.Error("indexes are missing", "err", err, "hint", "run redis-postgres-sync migrate apply")
		}
		select {
		case <-ctx.Done():
		case <-time.After(schemaLog):
		}
	}
}
