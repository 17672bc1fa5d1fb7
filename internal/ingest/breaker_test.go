package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errAway = errors.New("away")

func newTestBreaker() *Breaker { return NewBreaker(3, time.Minute, slog.New(slog.DiscardHandler)) }

// try makes one attempt with that outcome, or fails the test if it is not let through at once.
func try(t *testing.T, b *Breaker, o outcome) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	leave, err := b.begin(ctx)
	if err != nil {
		t.Fatalf("the attempt was not let through in state %s", b.State())
	}
	b.end(leave, o, errAway)
}

func want(t *testing.T, b *Breaker, state State) {
	t.Helper()
	if got := b.State(); got != state {
		t.Fatalf("state %s, want %s", got, state)
	}
}

func TestBreaker(t *testing.T) {
	opened := func(t *testing.T) *Breaker {
		b := newTestBreaker()
		for range 3 {
			try(t, b, failed)
		}
		want(t, b, Open)
		return b
	}
	tests := map[string]func(t *testing.T){
		"opens after so many failures in a row": func(t *testing.T) {
			b := newTestBreaker()
			for range 10 {
				try(t, b, failed)
				try(t, b, failed)
				try(t, b, undecided)
				try(t, b, answered)
				want(t, b, Closed)
			}
			opened(t)
		},
		"keeps everybody waiting while open": func(t *testing.T) {
			b := opened(t)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if _, err := b.begin(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("begin: %v", err)
			}
			if err := b.Passable(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("passable: %v", err)
			}
			want(t, b, Open)
		},
		"half-opens with a probe that succeeds": func(t *testing.T) {
			b := opened(t)
			b.Probed(errAway)
			want(t, b, Open)
			b.Probed(nil)
			want(t, b, HalfOpen)
			try(t, b, answered)
			want(t, b, Closed)
		},
		"half-opens after the timeout even if no probe succeeds": func(t *testing.T) {
			b := opened(t)
			b.Probed(errAway)
			time.Sleep(time.Minute + time.Second)
			want(t, b, HalfOpen)
			try(t, b, failed)
			want(t, b, Open)
			time.Sleep(time.Minute + time.Second)
			want(t, b, HalfOpen)
		},
		"lets one attempt through while half-open": func(t *testing.T) {
			b := opened(t)
			b.Probed(nil)
			trial, err := b.begin(t.Context())
			if err != nil || !trial.trial {
				t.Fatalf("%+v, %v", trial, err)
			}
			others := make(chan error, 5)
			for range cap(others) {
				go func() {
					leave, err := b.begin(t.Context())
					b.end(leave, answered, nil)
					others <- err
				}()
			}
			synctest.Wait()
			if len(others) > 0 {
				t.Fatal("a second attempt was let through")
			}
			b.end(trial, answered, nil)
			for range cap(others) {
				if err := <-others; err != nil {
					t.Error(err)
				}
			}
		},
		"keeps those from reading who are barred, but not what is in hand": func(t *testing.T) {
			b := newTestBreaker()
			b.Bar(true)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := b.Passable(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("passable: %v", err)
			}
			try(t, b, answered)
			waiting := make(chan error, 1)
			go func() { waiting <- b.Passable(t.Context()) }()
			synctest.Wait()
			b.Bar(false)
			if err := <-waiting; err != nil {
				t.Error(err)
			}
		},
		"opens again when the trial fails or is given up": func(t *testing.T) {
			for _, o := range []outcome{failed, undecided} {
				b := opened(t)
				b.Probed(nil)
				try(t, b, o)
				want(t, b, Open)
			}
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
}

// TestBreakerNeverStays runs loops and a server that comes and goes at random: at most one attempt is under way while
// half-open, and once the server stays, everybody gets through.
func TestBreakerNeverStays(t *testing.T) {
	for range 50 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { comeAndGo(t, rand.New(rand.NewPCG(seed, 0))) })
		})
	}
}

func comeAndGo(t *testing.T, rng *rand.Rand) {
	b := newTestBreaker()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	start := time.Now()
	away := func() bool { return time.Since(start)/(10*time.Second)%2 == 1 && time.Since(start) < time.Hour }
	const loops = 4
	var done [loops]atomic.Int64
	pauses := make([]time.Duration, 64)
	for i := range pauses {
		pauses[i] = time.Duration(rng.Int64N(int64(3 * time.Second)))
	}
	var running sync.WaitGroup
	for l := range loops {
		running.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				leave, err := b.begin(ctx)
				if err != nil {
					return
				}
				time.Sleep(pauses[(i*loops+l)%len(pauses)] / 3)
				if away() {
					b.end(leave, failed, errAway)
				} else {
					b.end(leave, answered, nil)
					done[l].Add(1)
				}
				time.Sleep(pauses[(i+l)%len(pauses)])
			}
		})
	}
	running.Go(func() {
		for ctx.Err() == nil {
			var err error
			if away() {
				err = errAway
			}
			b.Probed(err)
			time.Sleep(time.Second)
		}
	})
	time.Sleep(time.Hour + time.Minute)
	var before [loops]int64
	for l := range loops {
		before[l] = done[l].Load()
	}
	time.Sleep(time.Minute)
	want(t, b, Closed)
	for l := range loops {
		if done[l].Load() <= before[l] {
			t.Errorf("loop %d stands still", l)
		}
	}
	cancel()
	running.Wait()
}
