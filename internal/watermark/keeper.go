// Package watermark makes up for what PostgreSQL loses after it has answered COMMIT: in a failover to a standby that was
// behind, in a restore, in a crash with synchronous_commit off. What is acknowledged in Redis is not delivered again, so
// the stream's watermark, which is written after acknowledgements, tells what must be read again: PostgreSQL's log keeps
// the order of commits, so of whatever survives, the watermark says truly that all below is there.
//
// Its invariant: a watermark never says more than the database that it is read from holds. What is below it, and old
// enough, and acknowledged by every group, may be trimmed.
package watermark

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/replay"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

// Options say what a Keeper keeps.
type Options struct {
	Redis    redis.UniversalClient
	Progress *pg.Progress
	// Engine decides entries again. It is the Keeper's own.
	Engine *replay.Engine
	// Passable waits while nothing should be written, as while a key is missing, or until its context ends.
	Passable func(context.Context) error

	Stream, Group string
	// Trim removes entries that were decided for good longer than Retention ago, which is Progress' trim age too.
	Trim      bool
	Retention time.Duration

	Metrics *Metrics
	Log     *slog.Logger
}

// Metrics counts for all keepers of a process.
type Metrics struct {
	rereads, restored, trimmed *prometheus.CounterVec
}

// NewMetrics registers the metrics with r, which may be nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	counter := func(name, help string) *prometheus.CounterVec {
		return promauto.With(r).NewCounterVec(prometheus.CounterOpts{Name: "redis_postgres_sync_" + name, Help: help},
			[]string{"stream"})
	}
	return &Metrics{
		rereads:  counter("rereads_total", "Times that entries were read again because PostgreSQL may have lost what it had committed."),
		restored: counter("reread_rows_total", "Rows that PostgreSQL had lost, and has again."),
		trimmed:  counter("entries_trimmed_total", "Entries removed from the stream because they are decided and old."),
	}
}

// Keeper keeps the watermark of one stream. It is for one goroutine.
type Keeper struct {
	o       Options
	log     *slog.Logger
	timeout time.Duration // of a look, and of raising a watermark

	// known is the incarnation of the server of which it is certain that it lacks nothing that was acknowledged.
	known pg.Incarnation
	// low is the last watermark by which this process can go, as whoever wrote it knew of all that this process had done by then.
	// It was written in the incarnation lowIn.
	low   event.EntryID
	lowIn pg.Incarnation
	seen  bool // low is one
	// said is the incarnation of which was last said that something is read again in it.
	said pg.Incarnation
	// heldBy is the group that kept entries from being trimmed when that was last said.
	heldBy string
}

// New returns a Keeper, and talks to nobody yet.
func New(o Options) *Keeper {
	o.Metrics.rereads.WithLabelValues(o.Stream)
	o.Metrics.restored.WithLabelValues(o.Stream)
	o.Metrics.trimmed.WithLabelValues(o.Stream)
	return &Keeper{o: o, log: o.Log.With("stream", o.Stream), timeout: lookTimeout}
}

const (
	// every is the time between two looks, and so about what is read again at worst.
	every = 5 * time.Second
	// lookTimeout bounds a look, as the service begins to read after the first one.
	lookTimeout = 5 * time.Second
)

// Run keeps the watermark until ctx ends. Ready is called once, after the first look at it: what the group is given after
// that is no part of what is read again, unless that look failed, or others were ahead. Errors of either server are waited out.
func (k *Keeper) Run(ctx context.Context, ready func()) {
	var found finding
	err := k.o.Passable(ctx)
	if err == nil {
		found, err = k.look(ctx)
	}
	ready()
	for failing := false; ; found, err = k.look(ctx) {
		if err == nil {
			err = k.act(ctx, found)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			k.log.Warn("watermark could not be kept, trying on", "err", err)
		case err == nil && failing:
			k.log.Info("watermark is kept again")
		}
		failing = err != nil
		if err == nil && found.reread != nil && k.known == found.in {
			continue // it is written down at once, or who is killed before the next look has read in vain
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
		if k.o.Passable(ctx) != nil {
			return
		}
	}
}

// finding is what a look came to.
type finding struct {
	in pg.Incarnation
	// reread must be read again before the watermark is right in this incarnation. It is nil where nothing must.
	reread *replay.Stretch
	// unbroken: the watermark was written in this incarnation, so that entries below trim are decided for good.
	unbroken bool
	trim     event.EntryID
}

// look takes the watermark up to where the group is, unless something must be read again first. It leaves off where others have moved
// the watermark meanwhile.
func (k *Keeper) look(ctx context.Context) (found finding, err error) {
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	var mark pg.Watermark
	if found.in, mark, err = k.o.Progress.Look(ctx, k.o.Stream); err != nil {
		return found, err
	}
	given, err := stream.Delivered(ctx, k.o.Redis, k.o.Stream, k.o.Group)
	if err != nil {
		return found, err
	}
	unbroken := mark.Incarnation == found.in
	if given.Last == nothing && (mark.Low != nothing || !unbroken && mark.Incarnation != "") {
		return found, nil // Redis may be empty for a moment, and come back as it was
	}
	if given.Low.Before(mark.Low) {
		k.log.Warn("the group stands before its watermark: somebody has set it back, or Redis has lost what it held; what is in "+
			"the stream is read again", "watermark", mark.Low.String(), "now", given.Low.String())
		// The stream, or the group, has begun anew. It is written down, or who is killed while reading again has read in vain.
		reset, err := k.o.Progress.Reset(ctx, k.o.Stream, mark)
		if err != nil || !reset { // as somebody has written another one meanwhile
			return found, err
		}
		mark.Low, mark.Trim = nothing, nothing
	}
	if given.Low.Before(k.low) {
		k.low = nothing
	}
	if unbroken && k.known == "" && !k.seen {
		k.known = found.in // whoever wrote it was certain
	}
	if k.known != found.in {
		if found.reread = k.toReread(mark, given, found.in); found.reread != nil {
			return found, nil
		}
		k.known = found.in
	}
	if !unbroken || mark.Low != given.Low || k.o.Trim {
		if written, err := k.o.Progress.Put(ctx, k.o.Stream, given.Low, found.in); err != nil || !written {
			return found, err
		}
	}
	k.low, k.lowIn, k.seen = given.Low, found.in, true
	found.unbroken, found.trim = unbroken, lower(mark.Trim, given.Low)
	return found, nil
}

func (k *Keeper) act(ctx context.Context, found finding) error {
	switch {
	case found.reread != nil:
		return k.readAgain(ctx, *found.reread, found.in)
	case found.unbroken && k.o.Trim:
		return k.trim(ctx, found.trim)
	}
	return nil
}

// toReread returns the stretch of entries that were acknowledged and may be lost in an incarnation, nil if there is none.
func (k *Keeper) toReread(mark pg.Watermark, given stream.Extent, in pg.Incarnation) *replay.Stretch {
	if !k.seen || mark.Incarnation != in && mark.Incarnation == k.lowIn {
		k.low, k.lowIn, k.seen = mark.Low, mark.Incarnation, true
	}
	// Others may have gone on with another server, while this process still wrote to the one that it knew.
	low := lower(mark.Low, k.low)
	if given.Last == nothing || given.Last.Before(low) {
		return nil
	}
	stretch := &replay.Stretch{Stream: k.o.Stream, First: low, Last: given.Last, Passable: k.o.Passable}
	if mark.Incarnation != "" && mark.Incarnation != in { // there is an old watermark to raise
		stretch.Decided = k.raise(mark, given, in)
	}
	return stretch
}

// errOvertaken ends a reading that others go on with, or that is in vain.
var errOvertaken = errors.New("the watermark has been moved by others")

// raise returns what raises an old incarnation's watermark while what is above it is read again. Who dies on the way has not read in
// vain: processes that are killed again and again would never come to the end. And of several that read the same one goes on, who
// has raised it first, unless the oldest pending entry stands at it, so that none can. The others look again as ever, and read for
// themselves what they have not seen it come past: its end may be before theirs.
func (k *Keeper) raise(mark pg.Watermark, given stream.Extent, in pg.Incarnation) func(context.Context, event.EntryID) error {
	at := mark.Low
	return func(ctx context.Context, last event.EntryID) error {
		// Not above where the group stands, or it would seem to have begun anew.
		to := lower(last.Next(), given.Low)
		if !at.Before(to) {
			return nil
		}
		ctx, cancel := context.WithTimeout(ctx, k.timeout)
		defer cancel()
		raised, err := k.o.Progress.Raise(ctx, k.o.Stream, to, mark.Incarnation, in)
		if err == nil && !raised {
			err = errOvertaken
		}
		at = to
		return err
	}
}

// nothing is where a group stands that was given nothing.
var nothing event.EntryID

func lower(a, b event.EntryID) event.EntryID {
	if b.Before(a) {
		return b
	}
	return a
}

// readAgain decides again what PostgreSQL may have lost. After an error the rest is to be done again, or more, which changes nothing
// of what is done.
func (k *Keeper) readAgain(ctx context.Context, stretch replay.Stretch, in pg.Incarnation) error {
	if k.said != in {
		k.said = in
		k.log.Info("PostgreSQL has been restarted, restored or replaced: entries above its watermark are read again",
			"first", stretch.First.String(), "last", stretch.Last.String())
	}
	start := time.Now()
	done, err := k.o.Engine.Stream(ctx, k.o.Redis, stretch)
	k.o.Metrics.restored.WithLabelValues(k.o.Stream).Add(float64(done.Inserted))
	if done.Gone && done.Inserted > 0 {
		k.log.Error("entries behind the watermark are not in the stream any more: if PostgreSQL has lost their events, they are missing",
			"watermark", stretch.First.String(), "hint", "have rindexer index these blocks again")
	}
	if errors.Is(err, errOvertaken) {
		k.log.Debug("left off reading again", "err", err, "entries", done.Entries, "restored", done.Inserted)
		return nil
	}
	if err != nil {
		return fmt.Errorf("read again from %s: %w", stretch.First, err)
	}
	k.o.Metrics.rereads.WithLabelValues(k.o.Stream).Inc()
	k.log.Info("read again", "entries", done.Entries, "events", done.Events, "restored", done.Inserted,
		"after", time.Since(start).Round(time.Millisecond).String())
	k.known = in
	return nil
}

func (k *Keeper) trim(ctx context.Context, low event.EntryID) error {
	now, err := k.o.Redis.Time(ctx).Result()
	if err != nil {
		return fmt.Errorf("ask Redis for the time: %w", err)
	}
	below := lower(low, event.EntryIDAt(now.Add(-k.o.Retention)))
	removed, heldBy, err := stream.Trim(ctx, k.o.Redis, k.o.Stream, k.o.Group, below)
	k.o.Metrics.trimmed.WithLabelValues(k.o.Stream).Add(float64(removed))
	if removed > 0 {
		k.log.Debug("trimmed", "entries", removed, "below", below.String())
	}
	if heldBy != k.heldBy && heldBy != "" && heldBy != k.o.Group {
		k.log.Warn("another group keeps entries from being trimmed, as it has not acknowledged them", "group", heldBy,
			"hint", "XGROUP DESTROY, if nobody uses it any more")
	}
	k.heldBy = heldBy
	return err
}
