package main

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// TestMeasurements runs each kind of measurement once, on little: what it says of speed does not matter here, but every
// event must have become a row, which each of them checks.
func TestMeasurements(t *testing.T) {
	binary, err := testenv.BuildService(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSystem(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{system: s, binary: binary}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	if b.port, err = launch.FreePort(); err != nil {
		t.Fatal(err)
	}
	for name, measure := range map[string]func(*report) error{
		"throughput": func(r *report) error {
			return b.throughput(t.Context(), r, throughputCase{tables: 5, events: 2000, perMessage: 20, replay: true})
		},
		"one a message": func(r *report) error {
			return b.throughput(t.Context(), r, throughputCase{tables: 1, events: 500, perMessage: 1})
		},
		"recorded": func(r *report) error { return b.throughput(t.Context(), r, throughputCase{copies: 2}) },
		"first load": func(r *report) error {
			return b.throughput(t.Context(), r, throughputCase{tables: 1, events: 12_000, perMessage: 1, firstLoad: true})
		},
		"growth": func(r *report) error { return b.growth(t.Context(), r, []int{1, 2, 3}, 2, 1000) },
		"beside others": func(r *report) error {
			l, err := newLoad(1, 20)
			if err != nil {
				return err
			}
			_, err = b.contest(t.Context(), r, l, b.ours(l), 2000)
			return err
		},
		"latency": func(r *report) error { return b.latency(t.Context(), r, 200, time.Second) },
		"start":   func(r *report) error { return b.start(t.Context(), r) },
	} {
		r := &report{Case: name}
		if err := measure(r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, f := range r.Figures {
			if len(f.Runs) != 1 || f.Median < 0 || math.IsNaN(f.Median) || math.IsInf(f.Median, 0) {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if len(r.Figures) == 0 {
			t.Errorf("%s has no figures", name)
		}
	}
}

// TestLoad: the messages are ones that the service takes whole, and no two events have one key.
func TestLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tables, perMessage int }{{1, 1}, {1, 20}, {20, 20}, {5, 300}} {
		l, err := newLoad(c.tables, c.perMessage)
		if err != nil {
			t.Fatal(err)
		}
		var messages []event.Message
		const n = 60
		for i := range n {
			messages = append(messages, event.Message{ID: "1-1", Payload: l.message(i), HasPayload: true})
		}
		batch := ingest.NewDecider(events.Catalog, 1<<20).Decide(messages)
		if len(batch.DeadLetters) > 0 || len(batch.Items) != n*c.perMessage {
			t.Fatalf("%+v: %d items, dead letters %+v", c, len(batch.Items), batch.DeadLetters)
		}
		type place struct {
			table      string
			block, log int64
		}
		tables, seen := map[string]bool{}, map[place]bool{}
		for _, item := range batch.Items {
			if item.Definition == nil {
				t.Fatalf("%+v: %s has no table", c, item.EventName)
			}
			tables[item.Definition.Table] = true
			m := item.Row.Metadata()
			at := place{item.Definition.Table, m.BlockNumber, m.LogIndex}
			if seen[at] {
				t.Fatalf("%+v: two events at %+v", c, at)
			}
			seen[at] = true
		}
		if len(tables) != c.tables {
			t.Errorf("%+v: %d tables", c, len(tables))
		}
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	before := []bucket{{0.001, 5}, {0.002, 5}, {0.004, 5}, {math.Inf(1), 5}}
	after := []bucket{{0.001, 5}, {0.002, 55}, {0.004, 105}, {math.Inf(1), 105}}
	for q, want := range map[float64]float64{0.25: 0.0015, 0.5: 0.002, 0.75: 0.003, 1: 0.004} {
		if got := quantile(before, after, q); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v: %v, want %v", q, got, want)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	r := &report{}
	for _, v := range []float64{3, 1, 2, 10} {
		r.add("a", v)
	}
	if f := r.Figures[0]; f.Median != 2.5 || !slices.Equal(f.Runs, []float64{3, 1, 2, 10}) || r.last("a") != 10 {
		t.Errorf("%+v", f)
	}
}
