package main

import (
	"context"
	"errors"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
)

// prepareSchema brings the schema up to date, or waits until somebody else has where AUTO_MIGRATE is off. A server that
// is away is waited for; a change that is not additive ends the service.
func (s *service) prepareSchema(ctx context.Context) error {
	start := time.Now()
	err := s.until(ctx, "schema is not ready", func() error {
		if !s.cfg.AutoMigrate {
			return s.migrator.Ready(ctx)
		}
		_, err := s.migrator.Apply(ctx)
		return err
	})
	if _, refused := errors.AsType[*migrate.RefusedError](err); refused {
		return err
	}
	if err == nil {
		s.log.Info("schema is ready", "after", time.Since(start).Round(time.Millisecond).String())
	}
	return nil
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
		pause(ctx, tellEvery)
	}
}
