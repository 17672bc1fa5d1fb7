package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// longestDeadline is where the deadline of a message that takes ever longer ends.
const longestDeadline = time.Hour

// errTooSlow is the error of a batch that cannot be written within WriteTimeout, and can be divided.
var errTooSlow = errors.New("the batch took longer than its deadline")

// write writes the batch, however often that takes. It returns errTooSlow where a batch of several messages is not
// written in time, and otherwise an error only when ctx has ended.
func (l *Loop) write(ctx context.Context, batch *event.Batch) (event.Result, error) {
	var retry backoff
	deadline := l.WriteTimeout
	for failures := 1; ; failures++ {
		leave, err := l.Breaker.begin(ctx)
		if err != nil {
			return event.Result{}, err
		}
		timed, cancel := context.WithTimeout(ctx, deadline)
		result, err := l.Sink.Write(timed, batch)
		late := timed.Err() != nil && ctx.Err() == nil
		cancel()
		if err == nil {
			l.Breaker.end(leave, answered, nil)
			l.Pauses.end(l.Stream, l.Worker, PauseEnvironment)
			retry.recovered(l.Log, "writing again")
			return result, nil
		}
		// A server that does not answer anybody makes every batch late.
		tooSlow := late && l.Breaker.answering()
		l.Breaker.end(leave, l.judge(ctx, err, leave, tooSlow, failures), err)
		switch {
		case tooSlow && batch.Messages > 1:
			l.Log.Warn("batch is divided, as it took longer than its deadline", "deadline", deadline.String(), "err", err)
			return event.Result{}, errTooSlow
		case tooSlow:
			// It cannot be divided, and must not stop its stream. More often somebody holds a lock, or a COMMIT waits
			// for a standby that is gone.
			l.Pauses.begin(l.Stream, l.Worker, PauseEnvironment, fmt.Errorf("one message is not written within %s: %w", deadline, err))
			deadline = min(2*deadline, longestDeadline)
		}
		l.Metrics.writes.Inc()
		if err := retry.wait(ctx, l.Log, "write failed", err); err != nil {
			return event.Result{}, err
		}
	}
}

// judge says what a failed attempt means for the Breaker, and does what else follows from it. Every MaxRetries-th
// failure of a batch is one of the Breaker.
func (l *Loop) judge(ctx context.Context, err error, leave attempt, tooSlow bool, failures int) outcome {
	_, environment := errors.AsType[*event.EnvironmentError](err)
	if environment {
		l.Pauses.begin(l.Stream, l.Worker, PauseEnvironment, err)
	}
	counts := leave.trial || failures%l.MaxRetries == 0
	// A connection may be to a server that has become read-only, or have what a role had before.
	if (counts && !tooSlow || environment) && ctx.Err() == nil {
		l.Sink.Reconnect()
	}
	switch {
	case ctx.Err() != nil:
		return undecided
	case environment || tooSlow:
		return answered
	case counts:
		return failed
	default:
		return undecided
	}
}
