// Package ingest is the service's loop: read, decode, write, ack. It decides what becomes of every message, and what
// is done when a write fails; it knows neither Redis nor PostgreSQL.
//
// Its invariant: a message is acknowledged only after its outcome is committed.
package ingest

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// Source is where messages come from: a stream.Consumer.
type Source interface {
	// Read returns the next messages, none where there were none for a while. They stay the source's until Ack.
	Read(ctx context.Context) ([]event.Message, error)
	// Hold tells that the messages are still being worked on, so that no other consumer takes them over.
	Hold(ctx context.Context, ids []string) error
	// Ack tells that the messages are decided, and never to be read again.
	Ack(ctx context.Context, ids []string) error
}

// Sink is where batches go: a pg.Writer.
type Sink interface {
	// Write decides a batch as a whole, or returns an error after which it can be written again.
	Write(ctx context.Context, batch *event.Batch) (event.Result, error)
	// Reconnect makes the next Write use another connection.
	Reconnect()
}

// Loop reads one stream and writes what it holds, one batch at a time: while PostgreSQL is slow it does not read.
type Loop struct {
	Stream string
	// Worker tells the loops of a stream apart, from 0.
	Worker int
	Source Source
	Sink   Sink
	// Decider is the loop's own.
	Decider *Decider
	Log     *slog.Logger

	// WriteTimeout is the deadline of one batch's transaction. For a single message that takes longer it is doubled
	// with each attempt.
	WriteTimeout time.Duration
	// MaxRetries is how many failed attempts of a batch are one failure of the Breaker.
	MaxRetries int
	// HoldInterval is the time between two calls of Source.Hold for a batch that takes long.
	HoldInterval time.Duration
	// ShutdownTimeout is how long the batch in hand may take to be written and acknowledged after Run's context
	// has ended.
	ShutdownTimeout time.Duration

	// Storm is shared by the loops of a stream, all others by those of the process.
	Storm   *Storm
	Breaker *Breaker
	Pauses  *Pauses
	Metrics *Metrics

	pace pace
}

// Run runs the loop until ctx ends, and returns nil then. The batch in hand is finished, if PostgreSQL takes any and that
// takes no longer than ShutdownTimeout; what is not stays pending in Redis. Errors of either server are waited out.
func (l *Loop) Run(ctx context.Context) error {
	working, cancel := l.afterwards(ctx)
	defer cancel()
	defer l.Pauses.end(l.Stream, l.Worker, PauseEnvironment)
	for ctx.Err() == nil {
		messages, err := l.read(ctx)
		if err != nil || len(messages) == 0 {
			continue
		}
		release := l.hold(working, messages)
		err = l.process(working, time.Now(), messages)
		release()
		if err != nil {
			l.Log.Warn("stopped with messages in hand, which stay pending", "messages", len(messages), "err", err)
			break
		}
	}
	return nil
}

// process decides, writes and acknowledges messages that were read at start, as many at once as can be written in time. It
// returns an error only when ctx has ended.
func (l *Loop) process(ctx context.Context, start time.Time, messages []event.Message) error {
	for len(messages) > 0 {
		n, begun := l.pace.next(len(messages)), time.Now()
		err := l.decide(ctx, start, messages[:n])
		if errors.Is(err, errTooSlow) {
			l.pace.late(n)
			continue
		}
		if err != nil {
			return err
		}
		l.pace.written(n, time.Since(begun), l.WriteTimeout)
		messages = messages[n:]
	}
	return nil
}

// decide is process for messages that are written together. It returns errTooSlow where these are too many.
func (l *Loop) decide(ctx context.Context, start time.Time, messages []event.Message) error {
	batch := l.Decider.Decide(messages)
	result, err := l.write(ctx, batch)
	if err != nil {
		return err
	}
	l.Metrics.decided(l.Decider.forms)
	l.Metrics.committed(start, messages, batch, result.DeadLetters)
	l.tell(result)
	l.ack(ctx, messages)
	l.Storm.count(batch, result.DeadLetters)
	return nil
}

// afterwards returns a context that ends ShutdownTimeout after ctx, as soon as PostgreSQL does not answer, or with it where the
// loop stands still because of its environment.
func (l *Loop) afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		defer cancel()
		if l.Pauses.holds(l.Stream, l.Worker, PauseEnvironment) {
			return
		}
		timed, release := context.WithTimeout(working, l.ShutdownTimeout)
		defer release()
		_ = l.Breaker.unwritable(timed) // the error is that the time is over
	})
	return working, func() {
		stop()
		cancel()
	}
}

// read returns the next messages. It does not ask for any that could not be written now.
func (l *Loop) read(ctx context.Context) ([]event.Message, error) {
	var retry backoff
	for {
		if err := l.Storm.wait(ctx); err != nil {
			return nil, err
		}
		if err := l.Breaker.Passable(ctx); err != nil {
			return nil, err
		}
		messages, err := l.Source.Read(ctx)
		if err == nil {
			retry.recovered(l.Log, "reading again")
			return messages, l.Breaker.Passable(ctx) // a read can take a while
		}
		if ctx.Err() == nil {
			l.Metrics.reads.Inc()
		}
		if err := retry.wait(ctx, l.Log, "read failed", err); err != nil {
			return nil, err
		}
	}
}

// tell logs what became of a batch.
func (l *Loop) tell(result event.Result) {
	l.Log.Debug("batch written",
		"inserted", result.Inserted, "duplicates", result.Duplicates, "dead_letters", len(result.DeadLetters))
	if n := len(result.DeadLetters); n > 0 {
		first := result.DeadLetters[0]
		l.Log.Warn("dead letters written", "count", n, "event", first.EventName, "reason", first.Reason,
			"hint", "redis-postgres-sync dlq list")
	}
}

// ackTimeout is what an acknowledgement may take, also where the time to write has just ended.
const ackTimeout = 5 * time.Second

// ack acknowledges the messages. What cannot be acknowledged is delivered again some day, and changes nothing then.
func (l *Loop) ack(ctx context.Context, messages []event.Message) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackTimeout)
	defer cancel()
	if err := l.Source.Ack(ctx, idsOf(messages)); err != nil {
		l.Log.Warn("ack failed", "messages", len(messages), "err", err)
	}
}

func idsOf(messages []event.Message) []string {
	ids := make([]string, len(messages))
	for i, m := range messages {
		ids[i] = m.ID
	}
	return ids
}

// hold keeps other consumers from taking the messages over while they are worked on for long, until release is called. While
// PostgreSQL does not answer here they may: to them it may.
func (l *Loop) hold(ctx context.Context, messages []event.Message) (release func()) {
	ctx, cancel := context.WithCancel(ctx)
	var holding sync.Mutex
	var timer *time.Timer
	holding.Lock()
	timer = time.AfterFunc(l.HoldInterval, func() {
		holding.Lock()
		defer holding.Unlock()
		if ctx.Err() != nil {
			return
		}
		if l.Breaker.answering() {
			if err := l.Source.Hold(ctx, idsOf(messages)); err != nil {
				l.Log.Debug("hold failed", "messages", len(messages), "err", err)
			}
		}
		timer.Reset(l.HoldInterval)
	})
	holding.Unlock()
	return func() {
		cancel()
		timer.Stop()
		holding.Lock() // the source is for one at a time
		defer holding.Unlock()
	}
}
