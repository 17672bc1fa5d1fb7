package main

import (
	"context"
	"errors"
	"math"
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

	// A backlog that does not shrink by a hundredth within standsAfter is not waited for: indexes are needed more than its speed.
	standsAfter = 5 * time.Minute

	// backlogEvery is the time between two looks at a backlog, and indexesEvery between two for indexes that are lacking,
	// because another instance has postponed them and died. Where they could not be built, it doubles up to indexesLate.
	backlogEvery = 250 * time.Millisecond
	indexesEvery = 30 * time.Second
	indexesLate  = time.Hour

	// lookTimeout bounds a look at the streams: nothing must wait for a Redis that does not answer.
	lookTimeout = 2 * time.Second
)

// postponeIndexes drops the indexes of empty tables where there is a first load. It is a matter of speed alone, so
// whatever keeps it from being done is no reason to wait.
func (s *service) postponeIndexes(ctx context.Context) {
	if !s.cfg.AutoMigrate {
		return
	}
	long := false
	for _, state := range s.streamStates(ctx) {
		long = long || state.Lag != nil && *state.Lag >= longBacklog
	}
	if !long {
		return
	}
	// Not those of generic events, since writing others looks there for their topics.
	dropped, err := s.migrator.PostponeIndexes(ctx, typedTables())
	if err != nil {
		s.log.Warn("first load goes on with indexes in place", "err", err)
	}
	if len(dropped) > 0 {
		s.log.Info("first load: indexes are built when the backlog is done", "indexes", len(dropped))
	}
}

// keepIndexes builds what tables lack of indexes, while events are written but not while a backlog of them is worked off,
// until ctx ends.
func (s *service) keepIndexes(ctx context.Context) {
	select {
	case <-s.begun:
	case <-ctx.Done():
	}
	wait := indexesEvery
	for s.cfg.AutoMigrate && ctx.Err() == nil {
		err := s.buildIndexes(ctx)
		switch {
		case err == nil:
			wait = indexesEvery
		case ctx.Err() == nil:
			wait = min(2*wait, indexesLate)
			s.log.Error("looking for missing indexes and building them failed", "err", err, "again_after", wait.String(),
				"hint", "redis-postgres-sync migrate apply tries at once")
		}
		pause(ctx, wait)
	}
}

func (s *service) buildIndexes(ctx context.Context) error {
	missing, err := s.missingIndexes(ctx)
	if err != nil || missing == 0 {
		return err
	}
	s.awaitBacklog(ctx, missing)
	if ctx.Err() != nil {
		return nil
	}
	start := time.Now()
	built, err := s.migrator.BuildIndexes(ctx)
	if len(built) > 0 {
		s.log.Info("indexes built", "indexes", built, "after", time.Since(start).Round(time.Millisecond).String())
	}
	_, counted := s.missingIndexes(ctx)
	return errors.Join(err, counted)
}

// awaitBacklog waits until the streams have no backlog, or one that does not shrink.
func (s *service) awaitBacklog(ctx context.Context, missing int) {
	p := shrinkage{least: math.MaxInt64}
	for told := false; ; told = true {
		var left int64
		for _, state := range s.streamStates(ctx) {
			left += behindBy(state)
		}
		switch {
		case left == 0:
			return
		case p.stands(left, time.Now()):
			s.log.Warn("missing indexes are built although there is a backlog, because it does not shrink", "indexes", missing)
			return
		case !told:
			s.log.Info("missing indexes are built when the backlog is done", "indexes", missing,
				"hint", "redis-postgres-sync migrate apply builds them at once")
		}
		if !pause(ctx, backlogEvery) {
			return
		}
	}
}

// shrinkage is how a backlog shrinks.
type shrinkage struct {
	least int64 // what was left at since
	since time.Time
}

// stands notes what is left of the backlog now, and reports whether it has not shrunk enough for too long.
func (p *shrinkage) stands(left int64, now time.Time) bool {
	if left <= p.least-p.least/100-1 {
		p.least, p.since = left, now
	}
	return now.Sub(p.since) >= standsAfter
}

// behindBy measures how far a stream is behind, 0 where it is not: in entries, or, where Redis does not know their number,
// in milliseconds.
func behindBy(s stream.State) int64 {
	left, enough := s.UndecidedAge.Milliseconds(), caughtUpAge.Milliseconds()
	if s.Lag != nil {
		left, enough = *s.Lag, caughtUp
	}
	if left < enough {
		return 0
	}
	return left
}

// missingIndexes counts them, for metrics too.
func (s *service) missingIndexes(ctx context.Context) (int, error) {
	missing, err := s.migrator.MissingIndexes(ctx)
	if err == nil {
		s.missing.Store(int64(len(missing)))
	}
	return len(missing), err
}

// streamStates looks at the streams. One that cannot be looked at counts as one that is behind, nobody knows how far.
func (s *service) streamStates(ctx context.Context) []stream.State {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	states := make([]stream.State, len(s.cfg.RedisStreams))
	for i, name := range s.cfg.RedisStreams {
		var err error
		if states[i], err = stream.Inspect(ctx, s.redis, name, s.cfg.ConsumerGroup); err != nil {
			states[i] = stream.State{UndecidedAge: caughtUpAge}
		}
	}
	return states
}
