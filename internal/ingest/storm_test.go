package ingest

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// batchOf is what becomes of so many events of a name, some of which are dead letters.
func batchOf(name string, good, bad int) (*event.Batch, []event.DeadLetter) {
	batch := &event.Batch{Items: make([]event.Item, good), DeadLetters: make([]event.DeadLetter, bad)}
	for i := range batch.Items {
		batch.Items[i].EventName = name
	}
	for i := range batch.DeadLetters {
		batch.DeadLetters[i].EventName = name
	}
	return batch, batch.DeadLetters
}

type stormTest struct {
	*testing.T
	*Storm
	pauses *Pauses
}

func (s *stormTest) decide(name string, good, bad int) {
	s.Helper()
	s.Storm.count(batchOf(name, good, bad))
}

// wantPause checks that the stream is paused, and for how long.
func (s *stormTest) wantPause(want time.Duration) {
	s.Helper()
	if s.paused() != (want > 0) {
		s.Fatalf("paused: %t, want for %v", s.paused(), want)
	}
	before := time.Now()
	if err := s.wait(s.Context()); err != nil {
		s.Fatal(err)
	}
	if took := time.Since(before); took != want {
		s.Fatalf("paused for %v, want %v", took, want)
	}
	if s.paused() {
		s.Fatal("it counts as paused after the pause")
	}
}

func (s *stormTest) paused() bool { return len(s.pauses.List()) > 0 }

func TestStorm(t *testing.T) {
	tests := map[string]func(s *stormTest){
		"is more than half of a thousand": func(s *stormTest) {
			s.decide("a", 498, 501)
			s.wantPause(0)
			s.decide("a", 0, 1)
			s.wantPause(time.Minute)
		},
		"is not half of them": func(s *stormTest) {
			s.decide("a", 5000, 5000)
			s.wantPause(0)
		},
		"is within a minute": func(s *stormTest) {
			for range 20 {
				s.decide("a", 0, 140)
				time.Sleep(10 * time.Second)
			}
			s.wantPause(0)
			for range 5 {
				s.decide("a", 0, 240)
				time.Sleep(5 * time.Second)
			}
			if !s.paused() {
				s.Fatal("not paused")
			}
		},
		"is of one event": func(s *stormTest) {
			for _, name := range strings.Split("abcdefghij", "") {
				s.decide(name, 0, 500)
			}
			s.wantPause(0)
			s.decide("a", 0, 500)
			s.wantPause(time.Minute)
		},
		"does not count letters of rows that are written": func(s *stormTest) {
			batch, _ := batchOf("a", 5000, 0)
			letters := make([]event.DeadLetter, 5000)
			for i := range letters {
				letters[i] = event.DeadLetter{EventName: "a", Written: true}
			}
			batch.DeadLetters = letters
			s.Storm.count(batch, letters)
			s.wantPause(0)
		},
		"counts what the database refused": func(s *stormTest) {
			batch, _ := batchOf("a", 1000, 0)
			_, letters := batchOf("a", 0, 501)
			s.Storm.count(batch, letters)
			s.wantPause(time.Minute)
		},
		"pauses longer each time, and starts over when it is over": func(s *stormTest) {
			s.decide("a", 0, 1000)
			for _, minutes := range []int{1, 2, 4, 8, 15, 15} {
				s.wantPause(time.Duration(minutes) * time.Minute)
				s.decide("b", 10, 0) // says nothing of a
				s.decide("a", 0, 1)
			}
			s.wantPause(15 * time.Minute)
			s.decide("a", 1, 0)
			s.wantPause(0)
			s.decide("a", 0, 1000)
			s.wantPause(time.Minute)
		},
		"ends early for who has mended the cause": func(s *stormTest) {
			s.decide("a", 0, 1000)
			s.Resume()
			s.wantPause(0)
			s.Resume()
		},
		"does not outlive the context": func(s *stormTest) {
			s.decide("a", 0, 1000)
			ctx, cancel := context.WithCancel(s.Context())
			cancel()
			if s.wait(ctx) == nil {
				s.Error("wait has no error")
			}
			s.Resume()
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pauses := NewPauses(nil, []string{"stream"}, slog.New(slog.DiscardHandler))
				test(&stormTest{t, NewStorm("stream", pauses), pauses})
			})
		})
	}
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRate()
		for range 10 {
			r.add(50)
			r.add(50)
			time.Sleep(time.Second)
		}
		if now, peak := r.read(); now != 100 || peak != 100 {
			t.Errorf("%v now, %v at most, want 100", now, peak)
		}
		r.add(1000)
		time.Sleep(time.Second)
		if now, peak := r.read(); now != 280 || peak != 1000 {
			t.Errorf("%v now, %v at most, want 280 and 1000", now, peak)
		}
		time.Sleep(time.Hour)
		if now, peak := r.read(); now != 0 || peak != 1000 {
			t.Errorf("%v now, %v at most, want 0 and 1000", now, peak)
		}
	})
}
