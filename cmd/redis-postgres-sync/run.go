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
	err = serve(cmd.Context(), cfg, log)
	if err != nil {
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

// serve runs the service until ctx ends.
func serve(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	stream.LogTo(log)
	client, err := stream.Connect(cfg.RedisURL.Reveal())
	if err != nil {
		return err
	}
	defer client.Close()
	pool, err := pg.Connect(ctx, cfg.DatabaseURL.Reveal(), cfg.Workers)
	if err != nil {
		return err
	}
	defer pool.Close()
	migrator, err := migrate.New(cfg.DatabaseURL.Reveal(), schema.Files, migrate.WithLogger(log))
	if err != nil {
		return err
	}
	if err := prepareSchema(ctx, migrator, cfg.AutoMigrate, log); err != nil {
		return err
	}
	var running errgroup.Group
	running.Go(func() error {
		buildIndexes(ctx, migrator, cfg.AutoMigrate, log)
		return nil
	})
	for _, loop := range loops(cfg, client, pool, log) {
		running.Go(func() error { return loop.Run(ctx) })
	}
	return running.Wait()
}

// loops returns WORKERS whole loops for each stream, so that the faults of one stream stay its own.
func loops(cfg config.Config, client redis.UniversalClient, pool *pgxpool.Pool, log *slog.Logger) []*ingest.Loop {
	var all []*ingest.Loop
	for _, name := range cfg.RedisStreams {
		for worker := range cfg.Workers {
			all = append(all, &ingest.Loop{
				Source: stream.New(stream.Options{
					Client:        client,
					Stream:        name,
					Group:         cfg.ConsumerGroup,
					Name:          fmt.Sprintf("%s-%d", cfg.ConsumerName, worker),
					Count:         int64(cfg.BatchSize),
					ClaimInterval: cfg.ClaimInterval,
					ClaimMinIdle:  cfg.ClaimMinIdle,
					Log:           log,
				}),
				Sink:            pg.NewWriter(pool, cfg.Finality, cfg.MaxRetries),
				Catalog:         events.Catalog,
				Log:             log.With("stream", name, "worker", worker),
				MaxPayload:      int(cfg.MaxPayloadBytes),
				WriteTimeout:    cfg.ProcessingTimeout,
				ShutdownTimeout: cfg.ShutdownTimeout,
			})
		}
	}
	return all
}

// schemaRetry is the pause between two attempts to bring the schema up to date.
const schemaRetry = 2 * time.Second

// prepareSchema brings the schema up to date, or waits until somebody else has where auto is false. A server that is
// away is waited for; a change that is not additive ends the service.
func prepareSchema(ctx context.Context, migrator *migrate.Migrator, auto bool, log *slog.Logger) error {
	for {
		err := errNotMigrated
		if auto {
			_, err = migrator.Apply(ctx)
		} else if current, checkErr := migrator.Current(ctx); current || checkErr != nil {
			err = checkErr
		}
		if _, refused := errors.AsType[*migrate.RefusedError](err); refused || err == nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		log.Error("schema is not ready", "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(schemaRetry):
		}
	}
}

var errNotMigrated = errors.New("the schema is not that of this version, and AUTO_MIGRATE is off; " +
	"hint: run redis-postgres-sync migrate plan, then migrate apply")

// buildIndexes builds what an earlier version's tables lack, while events are written.
func buildIndexes(ctx context.Context, migrator *migrate.Migrator, auto bool, log *slog.Logger) {
	if !auto {
		return
	}
	built, err := migrator.BuildIndexes(ctx)
	if len(built) > 0 {
		log.Info("indexes built", "indexes", built)
	}
	if err != nil && ctx.Err() == nil {
		log.Error("indexes are missing", "err", err, "hint", "run redis-postgres-sync migrate apply")
	}
}
