package stream

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

const (
	metricPrefix = "redis_postgres_sync_"

	watchInterval = 2 * time.Second
	// watchTimeout bounds one look, and with it how long a value may be shown after Redis has gone away.
	watchTimeout = 5 * time.Second
)

// Watcher looks at the streams of one group every two seconds, and is the collector of their metrics: those of State,
// and the Counters that the consumers share. While Redis does not answer, the former are absent, because an old value
// would be a false one. Its methods may be called from anywhere.
type Watcher struct {
	client   redis.UniversalClient
	group    string
	streams  []string
	counters map[string]*Counters
	log      *slog.Logger

	mu     sync.Mutex
	states map[string]State
}

// NewWatcher returns a Watcher that has looked at nothing yet.
func NewWatcher(client redis.UniversalClient, group string, streams []string, log *slog.Logger) *Watcher {
	w := &Watcher{
		client: client, group: group, streams: streams, log: log,
		counters: map[string]*Counters{}, states: map[string]State{},
	}
	for _, stream := range streams {
		w.counters[stream] = NewCounters(stream)
	}
	return w
}

// Counters returns the counters for the consumers of one of the streams.
func (w *Watcher) Counters(stream string) *Counters { return w.counters[stream] }

// State returns what was seen of a stream last, and false while Redis does not answer.
func (w *Watcher) State(stream string) (State, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	state, ok := w.states[stream]
	return state, ok
}

// Run looks until ctx ends, and returns nil then. Each stream is looked at by itself, so that one does not wait for
// another.
func (w *Watcher) Run(ctx context.Context) error {
	var watching errgroup.Group
	for _, stream := range w.streams {
		watching.Go(func() error {
			w.watch(ctx, stream)
			return nil
		})
	}
	return watching.Wait()
}

func (w *Watcher) watch(ctx context.Context, stream string) {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	look := look{inspector: inspector{client: w.client, stream: stream, group: w.group}, log: w.logOf(stream)}
	for {
		state, ok := look.take(ctx)
		w.keep(stream, state, ok)
		if n := look.vanished(state); n > 0 {
			w.counters[stream].lost.Add(float64(n))
			look.log.Error("entries were removed from the stream before the group was given them: their events are lost",
				"count", n, "hint", "stop who trims (XTRIM, XADD with MAXLEN, XDEL), and have rindexer index these blocks again")
		}
		select {
		case <-ctx.Done():
			w.keep(stream, State{}, false)
			return
		case <-tick.C:
		}
	}
}

func (w *Watcher) logOf(stream string) *slog.Logger {
	return w.log.With("stream", stream, "group", w.group)
}

func (w *Watcher) keep(stream string, state State, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.states, stream)
	if ok {
		w.states[stream] = state
	}
}

// look inspects one stream again and again, and logs when that begins or ceases to work.
type look struct {
	inspector
	log *slog.Logger
	bad bool

	missing *int64 // as it was seen last, nil before
}

func (l *look) take(ctx context.Context) (State, bool) {
	timed, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	state, err := l.inspect(timed)
	if ctx.Err() != nil {
		return State{}, false
	}
	bad := err != nil || state.WrongType
	switch {
	case bad && !l.bad && err != nil:
		l.log.Warn("stream cannot be inspected", "err", err)
	case bad && !l.bad:
		l.log.Error("the key is no stream", "hint", "move what is there to another key, or mend REDIS_STREAMS")
	case !bad && l.bad:
		l.log.Info("stream is inspected again")
	}
	l.bad = bad
	return state, err == nil
}

// vanished is how many entries more are missing than when that was seen last. What was missing before the first look, and
// the group has read past it, is no news.
func (l *look) vanished(s State) (n int64) {
	if s.Missing == nil {
		return 0
	}
	switch {
	case l.missing != nil:
		n = *s.Missing - *l.missing
	case s.LastDeliveredID != s.LastID:
		n = *s.Missing
	}
	l.missing = s.Missing
	return max(0, n)
}

func describe(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(metricPrefix+name, help, []string{"stream"}, nil)
}

var (
	descLength        = describe("stream_length", "Entries in the stream.")
	descLag           = describe("stream_lag_entries", "Entries not delivered yet; absent while Redis does not know.")
	descLagKnown      = describe("stream_lag_known", "1 if Redis knows how many entries are not delivered yet.")
	descLagSeconds    = describe("stream_lag_seconds", "Age of the oldest entry that is not decided; 0 if there is none.")
	descPending       = describe("stream_pending_entries", "Entries delivered and not acknowledged.")
	descOldestPending = describe("stream_oldest_pending_seconds", "Age of the oldest pending entry; 0 if there is none.")
	descConsumers     = describe("stream_consumers", "Consumers of the group.")
)

// Describe is that of prometheus.Collector.
func (w *Watcher) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		descLength, descLag, descLagKnown, descLagSeconds, descPending, descOldestPending, descConsumers,
	} {
		out <- desc
	}
	for _, counters := range w.counters {
		for _, counter := range counters.all() {
			counter.Describe(out)
		}
	}
}

// Collect is that of prometheus.Collector.
func (w *Watcher) Collect(out chan<- prometheus.Metric) {
	for _, stream := range w.streams {
		if state, ok := w.State(stream); ok {
			state.collect(stream, out)
		}
		for _, counter := range w.counters[stream].all() {
			counter.Collect(out)
		}
	}
}

// collect sends of a key that is no stream only that nothing is known of it.
func (s State) collect(stream string, out chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, stream)
	}
	if s.Lag == nil {
		gauge(descLagKnown, 0)
	} else {
		gauge(descLagKnown, 1)
		gauge(descLag, float64(*s.Lag))
	}
	if s.WrongType {
		return
	}
	gauge(descLength, float64(s.Length))
	gauge(descLagSeconds, s.UndecidedAge.Seconds())
	gauge(descPending, float64(s.Pending))
	gauge(descOldestPending, s.OldestPendingAge.Seconds())
	gauge(descConsumers, float64(len(s.Members)))
}
