package main

import (
	"context"
	"errors"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

// Indexes cost two thirds of the speed of writing, and are built in a fraction of the time afterwards. So a first load,
// which is a long backlog for tables that hold no row, is written with the key and the BRIN indexes, which cost little. What
// is remembered of that is that the tables lack the others, and every instance builds those that are lacking once no
// backlog is left: one that is killed at any moment leaves nothing to repair.
const (
	// longBacklog is the number of entries from which on dropping indexes and building them again is worth it.
	longBacklog = 10_000
	// caughtUp is the number of entries below which building takes nothing from a backlog, and caughtUpAge the age of the
	// oldest where Redis does not know the number.
	caughtUp    = 1_000
	caughtUpAge = 10 * time.Second

	// backlogEvery is the time between two looks at a backlog, and indexesEvery between two for indexes that are lacking,
	// because another instance has postponed them and died.
	backlogEvery = 250 * time.Millisecond
	indexesEvery = 30 * time.Second

	// lookTimeout bounds a look at the streams: a start must not wait for a Redis that does not answer.
	lookTimeout = 2 * time.Second
)

// postponeIndexes drops the indexes of empty tables where there is a first load. It is a matter of speed alone, so
// whatever keeps it from being done is no reason to wait.
func (s *service) postponeIndexes(ctx context.Context) {
	if !s.cfg.AutoMigrate || !s.anyStream(ctx, hasLongBacklog) {
		return
	}
	dropped, err := s.migrator.PostponeIndexes(ctx, eventTables())
	if err != nil {
		s.log.Warn("first load goes on with the indexes in place", "err", err)
	}
	if len(dropped) > 0 {
		s.log.Info("first load: indexes are built when the backlog is done", "indexes", len(dropped))
	}
}

// keepIndexes builds what tables lack of indexes, while events are written but not while there is a backlog of them,
// until ctx ends.
func (s *service) keepIndexes(ctx context.Context) {
	for s.cfg.AutoMigrate && ctx.Err() == nil {
		if err := s.buildIndexes(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("looking for missing indexes and building them failed", "err", err, "again_after", indexesEvery.String(),
				"hint", "redis-postgres-sync migrate apply tries at once")
		}
		pause(ctx, indexesEvery)
	}
}

func (s *service) buildIndexes(ctx context.Context) error {
	missing, err := s.missingIndexes(ctx)
	if err != nil || missing == 0 {
		return err
	}
	for told := false; s.anyStream(ctx, isBehind); told = true {
		if !told {
			s.log.Info("missing indexes are built when the backlog is done", "indexes", missing,
				"hint", "redis-postgres-sync migrate apply builds them at once")
		}
		if !pause(ctx, backlogEvery) {
			return nil
		}
	}
	start := time.Now()
	built, err := s.migrator.BuildIndexes(ctx)
	if len(built) > 0 {
		s.log.Info("indexes built", "indexes", built, "after", time.Since(start).Round(time.Millisecond).String())
	}
	_, counted := s.missingIndexes(ctx)
	return errors.Join(err, counted)
}

// missingIndexes counts them, for metrics too.
func (s *service) missingIndexes(ctx context.Context) (int, error) {
	missing, err := s.migrator.MissingIndexes(ctx)
	if err == nil {
		s.missing.Store(int64(len(missing)))
	}
	return len(missing), err
}

// anyStream reports whether is holds for one of the streams. A stream that cannot be looked at counts as one with a
// backlog of unknown length.
func (s *service) anyStream(ctx context.Context, is func(stream.State) bool) bool {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	for _, name := range s.cfg.RedisStreams {
		state, err := stream.Inspect(ctx, s.redis, name, s.cfg.ConsumerGroup)
		if err != nil {
			state = stream.State{UndecidedAge: caughtUpAge}
		}
		if is(state) {
			return true
		}
	}
	return false
}

func hasLongBacklog(s stream.State) bool { return s.Lag != nil && *s.Lag >= longBacklog }

func isBehind(s stream.State) bool {
	if s.Lag == nil {
		return s.UndecidedAge >= caughtUpAge
	}
	return *s.Lag >= caughtUp
}
