// Package replay decides again what was decided before: dead letters whose cause is mended, a stretch of a stream, and
// events that no ABI described when they came. It chooses, reads and counts; what becomes of an event is decided and
// written by the same code that the service runs (packages ingest and pg).
//
// Its invariant: whatever is decided again, by whomever, beside a running service and however often it is cut off,
// each event ends as it would have if it came for the first time now. What is done stays done: running it again goes
// on with the rest.
package replay

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
)

// Options say how an Engine decides and writes.
type Options struct {
	Catalog *event.Catalog
	// MaxPayload bounds a message, in bytes.
	MaxPayload int
	// Timeout is the deadline of one transaction. It is doubled where that is too short.
	Timeout time.Duration
	Writer  pg.Options
	// Progress is told how much of the work at hand is done. It may be nil.
	Progress func(done, total int)
}

// Engine decides again. It is for one goroutine.
type Engine struct {
	o        Options
	letters  *pg.Letters
	generics *pg.Generics
	writer   *pg.Writer
	messages *ingest.Decider
	// items is for items that have left their messages: that they fit into one was decided with it.
	items *ingest.Decider
	// answered: a server has answered, so that one which does not is away for a moment rather than misnamed.
	answered bool
}

// New returns an Engine that writes to the pool's database.
func New(pool *pgxpool.Pool, o Options) *Engine {
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	return &Engine{
		o:        o,
		letters:  pg.NewLetters(pool),
		generics: pg.NewGenerics(pool),
		writer:   pg.NewWriter(pool, o.Writer),
		messages: ingest.NewDecider(o.Catalog, o.MaxPayload),
		items:    ingest.NewDecider(o.Catalog, math.MaxInt),
	}
}

const (
	// attempts is how often something is tried that fails for a reason that may pass: for some five seconds in all.
	attempts   = 7
	firstPause = 100 * time.Millisecond
	longPause  = 2 * time.Second
	// firstAttempts is how often a server is asked that has never answered.
	firstAttempts = 3
	// lateAttempts is how often something is tried that is not done by its deadline, which is doubled each time.
	lateAttempts = 3
	// refusals is how often a batch may be refused, for each of the Writer's MaxRefusals, until the Writer takes the
	// refusal for the fault of its events.
	refusals = 10
)

// Persist does something until it succeeds, for a few attempts. What does not pass by itself is not tried again.
func (e *Engine) Persist(ctx context.Context, do func(context.Context) error) error {
	deadline, pause := e.o.Timeout, firstPause
	for attempt := 1; ; attempt++ {
		timed, cancel := context.WithTimeout(ctx, deadline)
		err := do(timed)
		cancel()
		e.answered = e.answered || err == nil
		if err == nil || ctx.Err() != nil || attempt >= e.patience(err) {
			return err
		}
		if pg.Classify(err) == pg.Unknown {
			pause = firstPause // the server is there, and answers
		}
		if !sleep(ctx, pause/2+rand.N(pause)) {
			return err
		}
		pause = min(2*pause, longPause)
		if errors.Is(err, context.DeadlineExceeded) {
			deadline *= 2
		}
	}
}

// patience is how often something is tried that fails with err.
func (e *Engine) patience(err error) int {
	switch class := pg.Classify(err); {
	case errors.Is(err, pg.ErrSettled), errors.Is(err, pg.ErrNoLetter), errors.Is(err, ErrNoStream):
		return 1
	case class == pg.Environment, class == pg.Data:
		return 1
	case errors.Is(err, context.DeadlineExceeded):
		return lateAttempts
	case class == pg.Unknown:
		return refusals*e.o.Writer.MaxRefusals + attempts
	case !e.answered:
		return firstAttempts
	default:
		return attempts
	}
}

// sleep reports whether ctx still holds at the end.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// ask is Persist for something that has an answer.
func ask[T any](ctx context.Context, e *Engine, question func(context.Context) (T, error)) (answer T, err error) {
	err = e.Persist(ctx, func(ctx context.Context) error {
		answer, err = question(ctx)
		return err
	})
	return answer, err
}

func (e *Engine) write(ctx context.Context, batch *event.Batch) (event.Result, error) {
	return ask(ctx, e, func(ctx context.Context) (event.Result, error) { return e.writer.Write(ctx, batch) })
}
