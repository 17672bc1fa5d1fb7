package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// watch starts a Watcher of these streams, which ends with the test.
func (f *fixture) watch(log *slog.Logger, streams ...string) *Watcher {
	f.Helper()
	w := NewWatcher(f.client, "g", streams, log)
	ctx, cancel := context.WithCancel(f.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	f.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			f.Error(err)
		}
	})
	return w
}

// series returns what a Watcher exports, as name{stream} value, but for ages, which are only > 0 or 0.
func series(t *testing.T, w *Watcher) (out []string) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(w)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		name := strings.TrimPrefix(family.GetName(), metricPrefix)
		for _, m := range family.GetMetric() {
			value := fmt.Sprint(m.GetGauge().GetValue() + m.GetCounter().GetValue())
			if strings.HasSuffix(name, "_seconds") && value != "0" {
				value = "> 0"
			}
			out = append(out, fmt.Sprintf("%s{%s} %s", name, m.GetLabel()[0].GetValue(), value))
		}
	}
	return out
}

func wantSeries(t *testing.T, w *Watcher, want ...string) {
	t.Helper()
	slices.Sort(want)
	testenv.Eventually(t, 15*time.Second, func() error {
		if got := series(t, w); !slices.Equal(got, want) {
			return fmt.Errorf("\n got %s\nwant %s", strings.Join(got, ", "), strings.Join(want, ", "))
		}
		return nil
	})
}

func TestWatcher(t *testing.T) {
	t.Parallel()

	t.Run("exports how far the group is, and nothing old", func(t *testing.T) {
		server := testenv.OwnRedis(t)
		f := newFixtureOn(t, server.URL())
		var log launch.Buffer
		w := f.watch(slog.New(slog.NewTextHandler(&log, nil)), "s")
		counters := []string{"entries_lost_total{s} 0", "group_resets_total{s} 0", "entries_claimed_total{s} 0"}
		nothing := append([]string{
			"stream_length{s} 0", "stream_lag_entries{s} 0", "stream_lag_known{s} 1", "stream_lag_seconds{s} 0",
			"stream_pending_entries{s} 0", "stream_oldest_pending_seconds{s} 0", "stream_consumers{s} 0",
		}, counters...)
		wantSeries(t, w, nothing...)

		do(t, f.client, "XADD", "s", "1-1", "payload", "x")
		f.read(f.consumer("a"))
		wantSeries(t, w, append([]string{
			"stream_length{s} 1", "stream_lag_entries{s} 0", "stream_lag_known{s} 1", "stream_lag_seconds{s} > 0",
			"stream_pending_entries{s} 1", "stream_oldest_pending_seconds{s} > 0", "stream_consumers{s} 1",
		}, counters...)...)

		if err := server.Signal(os.Kill); err != nil {
			t.Fatal(err)
		}
		wantSeries(t, w, counters...)
		if _, ok := w.State("s"); ok {
			t.Error("a state of a server that is away")
		}
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantSeries(t, w, nothing...)
		for _, line := range []string{"cannot be inspected", "inspected again"} {
			if n := strings.Count(log.String(), line); n != 1 {
				t.Errorf("%q was logged %d times:\n%s", line, n, log.String())
			}
		}
	})

	t.Run("counts what is trimmed before it was given out", func(t *testing.T) {
		f := newFixture(t)
		if f.before(lagFrom) {
			t.Skip("Redis tells from 7.0 on what was removed")
		}
		for range 3 {
			do(t, f.client, "XADD", f.stream, "*", "payload", "x")
		}
		do(t, f.client, "XGROUP", "CREATE", f.stream, "g", "0")
		do(t, f.client, "XREADGROUP", "GROUP", "g", "me", "COUNT", 1, "STREAMS", f.stream, ">")
		do(t, f.client, "XTRIM", f.stream, "MAXLEN", "1")
		var log launch.Buffer
		w := f.watch(slog.New(slog.NewTextHandler(&log, nil)), f.stream)
		testenv.Eventually(t, 10*time.Second, func() error {
			if got, want := series(t, w), fmt.Sprintf("entries_lost_total{%s} 1", f.stream); !slices.Contains(got, want) {
				return fmt.Errorf("%q is not in %q", want, got)
			}
			return nil
		})
		if !strings.Contains(log.String(), "removed from the stream before the group was given them") {
			t.Errorf("it was not said:\n%s", log.String())
		}
	})

	t.Run("keeps streams apart, and tells of a key that is none", func(t *testing.T) {
		f := newFixture(t)
		do(t, f.client, "SET", f.stream+"1", "x")
		do(t, f.client, "XADD", f.stream+"2", "1-1", "payload", "x")
		do(t, f.client, "XADD", f.stream+"2", "1-2", "payload", "x")
		do(t, f.client, "XDEL", f.stream+"2", "1-2")
		var log launch.Buffer
		w := f.watch(slog.New(slog.NewTextHandler(&log, nil)), f.stream+"1", f.stream+"2")
		testenv.Eventually(t, 10*time.Second, func() error {
			first, ok1 := w.State(f.stream + "1")
			second, ok2 := w.State(f.stream + "2")
			if !ok1 || !ok2 || !first.WrongType || second.Length != 1 {
				return fmt.Errorf("%t %+v, %t %+v", ok1, first, ok2, second)
			}
			return nil
		})
		got := series(t, w)
		if want := fmt.Sprintf("stream_lag_known{%s1} 0", f.stream); !slices.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
		for _, line := range got {
			gauge := strings.HasPrefix(line, "stream_") && !strings.HasPrefix(line, "stream_lag_known{")
			if gauge && strings.Contains(line, f.stream+"1") {
				t.Errorf("%s, of a key that is no stream", line)
			}
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
			t.Errorf("%d errors:\n%s", n, log.String())
		}
	})

	t.Run("has metrics as Prometheus wants them", func(t *testing.T) {
		f := newFixture(t)
		w := f.watch(slog.New(slog.DiscardHandler), f.stream, f.stream+"2")
		problems, err := testutil.CollectAndLint(w)
		if err != nil || len(problems) > 0 {
			t.Error(problems, err)
		}
	})
}

func TestCounters(t *testing.T) {
	t.Parallel()

	t.Run("are one for all consumers of a stream", func(t *testing.T) {
		f := newFixture(t)
		w := NewWatcher(f.client, "g", []string{f.stream}, slog.New(slog.DiscardHandler))
		shared := func(o *Options) { o.Counters = w.Counters(f.stream) }
		f.add(numbered("", 5)...)
		msgs := f.read(f.consumer("dead"))
		f.age("dead", msgs)
		f.want(f.consumer("a", few(3), claiming, shared), "0", "1", "2")
		f.want(f.consumer("b", claiming, shared), "3", "4")
		f.wantCount("claimed", w.Counters(f.stream).claimed, 5)
	})

	t.Run("count a group that vanished once, whoever creates it again", func(t *testing.T) {
		f := newFixture(t)
		w := NewWatcher(f.client, "g", []string{f.stream}, slog.New(slog.DiscardHandler))
		shared := func(o *Options) { o.Counters = w.Counters(f.stream) }
		a, b := f.consumer("a", shared), f.consumer("b", shared)
		if err := w.Probe(t.Context(), f.stream, "a"); err != nil {
			t.Fatal(err)
		}
		f.wantCount("resets at the first start", w.Counters(f.stream).resets, 0)
		for range 2 {
			do(t, f.client, "DEL", f.stream)
			if err := w.Probe(t.Context(), f.stream, "a"); err != nil {
				t.Fatal(err)
			}
			f.wantNothing(a)
			f.wantNothing(b)
		}
		do(t, f.client, "DEL", f.stream)
		f.wantNothing(b)
		f.wantNothing(a)
		f.wantCount("resets", w.Counters(f.stream).resets, 3)
	})

	t.Run("do not take a server that is away for a group that vanished", func(t *testing.T) {
		f := newFixture(t)
		w := NewWatcher(connect(t, "unix:///nonexistent/redis.sock"), "g", []string{f.stream}, slog.New(slog.DiscardHandler))
		if err := w.Probe(t.Context(), f.stream, "a"); err == nil || errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		f.wantCount("resets", w.Counters(f.stream).resets, 0)
	})
}
