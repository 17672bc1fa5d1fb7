package stream

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Counters count what became of one stream, for all its consumers in this process. They may be used from anywhere.
type Counters struct {
	lost    prometheus.Counter
	resets  prometheus.Counter
	claimed prometheus.Counter

	joined atomic.Bool // the group was seen, so that its absence is a reset
}

// NewCounters returns counters that nobody collects yet. A Watcher has its own for each stream, and collects them.
func NewCounters(stream string) *Counters {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{
			Name: metricPrefix + name, Help: help, ConstLabels: prometheus.Labels{"stream": stream},
		})
	}
	return &Counters{
		lost:    counter("entries_lost_total", "Entries that were removed from the stream before they were decided."),
		resets:  counter("group_resets_total", "Times that the consumer group had vanished and was created again."),
		claimed: counter("entries_claimed_total", "Pending entries that were taken over because they were idle for too long."),
	}
}

func (c *Counters) all() []prometheus.Counter {
	return []prometheus.Counter{c.lost, c.resets, c.claimed}
}
