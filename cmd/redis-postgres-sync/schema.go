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
