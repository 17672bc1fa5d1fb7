package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/config"
)

// Of one message, logBurst lines are written within logWindow; how many more there were stands in the next one.
const (
	logBurst  = 5
	logWindow = 10 * time.Second
)

func newLogger(w io.Writer, cfg config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	var handler slog.Handler = slog.NewTextHandler(w, options)
	if cfg.LogFormat == "json" {
		handler = slog.NewJSONHandler(w, options)
	}
	return slog.New(limited{handler, &limits{seen: make(map[string]repeats)}, ""})
}

// limited keeps a failure that many loops meet at once from filling the disk. Debug lines are not limited: who asks for
// them wants them all.
type limited struct {
	slog.Handler
	limits *limits
	about  string // what the logger's own lines are about
}

// limits is shared by the loggers that come of one. Messages are constants, so they are few.
type limits struct {
	mu   sync.Mutex
	seen map[string]repeats
}

type repeats struct {
	since   time.Time // the window began
	lines   int
	dropped int
}

func (l limited) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelInfo {
		return l.Handler.Handle(ctx, r)
	}
	about := l.about
	r.Attrs(func(a slog.Attr) bool {
		about += subject(a)
		return true
	})
	write, dropped := l.limits.let(about, r)
	if !write {
		return nil
	}
	if dropped > 0 {
		r.AddAttrs(slog.Int("not_logged", dropped))
	}
	return l.Handler.Handle(ctx, r)
}

// subject tells lines of one message apart: those of several streams, or of several checks, are no repeats. The worker
// does not count.
func subject(a slog.Attr) string {
	switch a.Key {
	case "stream", "check":
		return " " + a.Value.String()
	default:
		return ""
	}
}

// let reports whether a line is written, and how many like it were not since the last one.
func (l *limits) let(about string, r slog.Record) (write bool, dropped int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := r.Level.String() + " " + r.Message + about
	seen := l.seen[key]
	if r.Time.Sub(seen.since) >= logWindow {
		dropped = seen.dropped
		seen = repeats{since: r.Time}
	}
	seen.lines++
	if write = seen.lines <= logBurst; !write {
		seen.dropped++
	}
	l.seen[key] = seen
	return write, dropped
}

func (l limited) WithAttrs(attributes []slog.Attr) slog.Handler {
	about := l.about
	for _, a := range attributes {
		about += subject(a)
	}
	return limited{l.Handler.WithAttrs(attributes), l.limits, about}
}

func (l limited) WithGroup(name string) slog.Handler {
	return limited{l.Handler.WithGroup(name), l.limits, l.about}
}
