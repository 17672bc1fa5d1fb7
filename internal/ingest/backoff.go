package ingest

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

const (
	firstPause = 50 * time.Millisecond
	longPause  = 2 * time.Second
	// logEvery bounds how often a failure that goes on is logged.
	logEvery = 10 * time.Second
)

// backoff waits between attempts: longer each time, with jitter, so that loops do not come back all at once.
type backoff struct {
	pause  time.Duration
	logged time.Time
	since  time.Time
}

// wait logs the failure, unless it has done so just now, and pauses. It returns an error when ctx has ended.
func (b *backoff) wait(ctx context.Context, log *slog.Logger, message string, cause error) error {
	if b.pause == 0 {
		b.pause, b.since = firstPause, time.Now()
	}
	if time.Since(b.logged) >= logEvery && ctx.Err() == nil {
		b.logged = time.Now()
		log.Error(message, "err", cause, "for", time.Since(b.since).Round(time.Millisecond).String())
	}
	timer := time.NewTimer(b.pause/2 + rand.N(b.pause))
	defer timer.Stop()
	b.pause = min(2*b.pause, longPause)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// recovered logs that a failure is over, if there was one.
func (b *backoff) recovered(log *slog.Logger, message string) {
	if b.pause != 0 {
		log.Info(message, "after", time.Since(b.since).Round(time.Millisecond).String())
	}
}
