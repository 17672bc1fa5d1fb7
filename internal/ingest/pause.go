package ingest

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Reasons of a pause.
const (
	// PauseEnvironment: PostgreSQL refuses every row for a reason that somebody has to mend.
	PauseEnvironment = "environment"
	// PauseStorm: most events of a kind become dead letters.
	PauseStorm = "storm"
)

// Pause is a stream that stands still, in whole or in part.
type Pause struct {
	Stream string
	Reason string
	Err    error
}

// Pauses knows what stands still and why, for all loops of a process, and says so once: when it begins, and when it is
// over.
type Pauses struct {
	log   *slog.Logger
	gauge *prometheus.GaugeVec

	mu   sync.Mutex
	held map[pauseKey]pause
}

type pauseKey struct {
	stream string
	worker int
	reason string
}

// allWorkers stands for a pause of a whole stream.
const allWorkers = -1

type pause struct {
	err   error
	since time.Time
}

// NewPauses returns a record for these streams, whose gauge is registered with r.
func NewPauses(r prometheus.Registerer, streams []string, log *slog.Logger) *Pauses {
	gauge := promauto.With(r).NewGaugeVec(prometheus.GaugeOpts{
		Name: "redis_postgres_sync_paused",
		Help: "1 while a stream stands still: for a storm of dead letters, or for an environment that somebody has to mend.",
	}, []string{"stream", "reason"})
	for _, s := range streams {
		gauge.WithLabelValues(s, PauseStorm)
		gauge.WithLabelValues(s, PauseEnvironment)
	}
	return &Pauses{log: log, gauge: gauge, held: make(map[pauseKey]pause)}
}

// List returns what stands still, one for each stream and reason.
func (p *Pauses) List() []Pause {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Pause
	for key, held := range p.held {
		all = append(all, Pause{key.stream, key.reason, held.err})
	}
	slices.SortFunc(all, func(a, b Pause) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Reason, b.Reason))
	})
	return slices.CompactFunc(all, func(a, b Pause) bool { return a.Stream == b.Stream && a.Reason == b.Reason })
}

func (p *Pauses) begin(stream string, worker int, reason string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := pauseKey{stream, worker, reason}
	since := time.Now()
	if held, again := p.held[key]; again {
		since = held.since
	} else if !p.any(stream, reason) {
		p.gauge.WithLabelValues(stream, reason).Set(1)
		p.log.Error("paused", "stream", stream, "reason", reason, "err", err)
	}
	p.held[key] = pause{err, since}
}

func (p *Pauses) end(stream string, worker int, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := pauseKey{stream, worker, reason}
	held, paused := p.held[key]
	if !paused {
		return
	}
	delete(p.held, key)
	if !p.any(stream, reason) {
		p.gauge.WithLabelValues(stream, reason).Set(0)
		p.log.Info("going on", "stream", stream, "reason", reason, "after", time.Since(held.since).Round(time.Millisecond).String())
	}
}

// holds reports whether just this worker is paused.
func (p *Pauses) holds(stream string, worker int, reason string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, paused := p.held[pauseKey{stream, worker, reason}]
	return paused
}

// any reports whether a worker of the stream is paused for the reason. p.mu is held.
func (p *Pauses) any(stream, reason string) bool {
	for key := range p.held {
		if key.stream == stream && key.reason == reason {
			return true
		}
	}
	return false
}

// stormError says what a storm is about.
type stormError struct {
	kind  kind
	seen  share
	pause time.Duration
}

func (e *stormError) Error() string {
	return fmt.Sprintf("%d of %d events %q (%s) became dead letters; trying again in %s; "+
		"hint: redis-postgres-sync dlq list says why; mend it, and SIGHUP tries again at once",
		e.seen.letters, e.seen.decided, e.kind.name, e.kind.hash, e.pause)
}
