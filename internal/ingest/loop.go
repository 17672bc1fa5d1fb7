// Package ingest is the service's loop: read, decode, write, ack. It decides what becomes of every message, and what
// is done when a write fails; it knows neither Redis nor PostgreSQL.
//
// Its invariant: a message is acknowledged only after its outcome is committed.
package ingest

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// Source is where messages come from: a stream.Consumer.
type Source interface {
	// Read returns the next messages, none where there were none for a while. They stay the source's until Ack.
	Read(ctx context.Context) ([]event.Message, error)
	// Ack tells that the messages are decided, and never to be read again.
	Ack(ctx context.Context, ids []string) error
}

// Sink is where batches go: a pg.Writer.
type Sink interface {
	// Write decides a batch as a whole, or returns an error after which it can be written again.
	Write(ctx context.Context, batch *event.Batch) (event.Result, error)
}

// Loop reads one stream and writes what it holds, one batch at a time: while PostgreSQL is slow it does not read.
type Loop struct {
	Source  Source
	Sink    Sink
	Catalog *event.Catalog
	Log     *slog.Logger
	// MaxPayload bounds a message, in bytes; what is above becomes a dead letter.
	MaxPayload int
	// WriteTimeout is the deadline of one batch's transaction. For a single message that takes longer it is doubled
	// with each attempt.
	WriteTimeout time.Duration
	// ShutdownTimeout is how long the batch in hand may take to be written and acknowledged after Run's context
	// has ended.
	ShutdownTimeout time.Duration

	// Both are Run's own: dead letters not told of yet, and when some were told of last.
	letters     int
	lettersTold time.Time
}

// Run runs the loop until ctx ends, and returns nil then. The batch in hand is finished, if that takes no longer than
// ShutdownTimeout; what is not stays pending in Redis. Errors of either server are waited out.
func (l *Loop) Run(ctx context.Context) error {
	working, cancel := l.afterwards(ctx)
	defer cancel()
	decider := decider{catalog: l.Catalog, maxPayload: l.MaxPayload}
	for ctx.Err() == nil {
		messages, err := l.read(ctx)
		l.tellLetters()
		if err != nil || len(messages) == 0 {
			continue
		}
		if err := l.process(working, &decider, messages); err != nil {
			l.Log.Warn("stopped with messages in hand, which stay pending", "messages", len(messages), "err", err)
			break
		}
	}
	l.lettersTold = time.Time{}
	l.tellLetters()
	return nil
}

// process decides, writes and acknowledges messages. If they take too long together, each half is tried by itself. It
// returns an error only when ctx has ended.
func (l *Loop) process(ctx context.Context, d *decider, messages []event.Message) error {
	err := l.write(ctx, d.decide(messages))
	if errors.Is(err, errTooSlow) {
		half := len(messages) / 2
		if err := l.process(ctx, d, messages[:half]); err != nil {
			return err
		}
		return l.process(ctx, d, messages[half:])
	}
	if err == nil {
		l.ack(ctx, messages)
	}
	return err
}

// afterwards returns a context that ends ShutdownTimeout after ctx.
func (l *Loop) afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(l.ShutdownTimeout, cancel)
		context.AfterFunc(working, func() { timer.Stop() })
	})
	return working, func() {
		stop()
		cancel()
	}
}

func (l *Loop) read(ctx context.Context) ([]event.Message, error) {
	var retry backoff
	for {
		messages, err := l.Source.Read(ctx)
		if err == nil {
			retry.recovered(l.Log, "reading again")
			return messages, nil
		}
		if err := retry.wait(ctx, l.Log, "read failed", err); err != nil {
			return nil, err
		}
	}
}

// errTooSlow is the error of a batch that cannot be written within WriteTimeout, and can be divided.
var errTooSlow = errors.New("the batch took longer than its deadline")

// write writes the batch, however often that takes. It returns errTooSlow where a batch of several messages is not
// written in time, and otherwise an error only when ctx has ended.
func (l *Loop) write(ctx context.Context, batch *event.Batch) error {
	var retry backoff
	deadline := l.WriteTimeout
	for {
		timed, cancel := context.WithTimeout(ctx, deadline)
		result, err := l.Sink.Write(timed, batch)
		tooSlow := err != nil && timed.Err() != nil && ctx.Err() == nil
		cancel()
		if err == nil {
			retry.recovered(l.Log, "writing again")
			l.Log.Debug("batch written",
				"inserted", result.Inserted, "duplicates", result.Duplicates, "dead_letters", result.DeadLetters)
			l.letters += result.DeadLetters
			l.tellLetters()
			return nil
		}
		if tooSlow && batch.Messages > 1 {
			l.Log.Warn("batch is divided, as it took longer than its deadline", "deadline", deadline.String(), "err", err)
			return errTooSlow
		}
		if tooSlow {
			deadline *= 2 // a message cannot be divided, and must not stop its stream
		}
		if err := retry.wait(ctx, l.Log, "write failed", err); err != nil {
			return err
		}
	}
}

// tellLetters logs how many dead letters there were since it did so last, at most every logEvery.
func (l *Loop) tellLetters() {
	if l.letters == 0 || time.Since(l.lettersTold) < logEvery {
		return
	}
	l.Log.Warn("dead letters written", "count", l.letters,
		"hint", "SELECT reason_code, detail FROM dead_letters ORDER BY last_seen DESC")
	l.letters, l.lettersTold = 0, time.Now()
}

// ack acknowledges the messages. What cannot be acknowledged is delivered again some day, and changes nothing then.
func (l *Loop) ack(ctx context.Context, messages []event.Message) {
	ids := make([]string, len(messages))
	for i, m := range messages {
		ids[i] = m.ID
	}
	if err := l.Source.Ack(ctx, ids); err != nil && !errors.Is(err, context.Canceled) {
		l.Log.Warn("ack failed", "stream", messages[0].Stream, "messages", len(ids), "err", err)
	}
}

const (
	firstPause = 50 * time.Millisecond
	longPause  = 5 * time.Second
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
