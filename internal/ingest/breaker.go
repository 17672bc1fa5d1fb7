package ingest

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// State is what a Breaker lets through.
type State string

// The states. HalfOpen lets one attempt through, whose outcome decides.
const (
	Closed   State = "closed"
	Open     State = "open"
	HalfOpen State = "half_open"
)

// Breaker keeps all loops of a process from trying while PostgreSQL is away. It refuses nothing: who is not let through
// waits, so that being kept waiting is never taken for a failure, and there is always somebody left to try.
//
// It opens after so many failures in a row, half-opens as soon as a probe succeeds, at the latest after a time without
// any attempt, and closes with the first success.
type Breaker struct {
	threshold int
	timeout   time.Duration
	log       *slog.Logger

	mu       sync.Mutex
	state    State
	failures int  // in a row
	trying   bool // in HalfOpen: the one attempt is under way
	since    time.Time
	silent   bool          // the last probe failed
	barred   bool          // by somebody who knows that writing now would do harm
	changed  chan struct{} // closed when waiting may have an end
	timer    *time.Timer   // of the timeout, while open
}

// NewBreaker returns a closed Breaker that opens after threshold failures in a row, and lets an attempt through after
// timeout even if no probe succeeds.
func NewBreaker(threshold int, timeout time.Duration, log *slog.Logger) *Breaker {
	return &Breaker{threshold: threshold, timeout: timeout, log: log, state: Closed, changed: make(chan struct{})}
}

// State returns the state that holds now.
func (b *Breaker) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// Probed tells the Breaker what a probe of the server has found.
func (b *Breaker) Probed(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if silent := err != nil; b.silent != silent {
		b.silent = silent
		b.wake()
	}
	if err == nil && b.state == Open {
		b.enter(HalfOpen)
	}
}

// Bar keeps loops from reading anything new, or lets them again: what they wrote into a schema that lacks something
// might be lost or doubled. What is in hand is not held up.
func (b *Breaker) Bar(barred bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.barred != barred {
		b.barred = barred
		b.wake()
	}
}

// answering reports whether the last probe succeeded. It is true as long as nobody has probed.
func (b *Breaker) answering() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.silent
}

// unwritable waits until nothing can be written, for all that is known, or ctx ends.
func (b *Breaker) unwritable(ctx context.Context) error {
	return b.await(ctx, func() bool { return b.state != Closed || b.silent })
}

// Passable waits while the Breaker is open or barred: for those who have nothing to try yet, and should not begin.
func (b *Breaker) Passable(ctx context.Context) error {
	return b.await(ctx, func() bool { return b.state != Open && !b.barred })
}

// attempt is the leave to try once.
type attempt struct {
	trial bool // it decides what becomes of a half-open Breaker
}

// begin waits until an attempt is let through. The caller must call end.
func (b *Breaker) begin(ctx context.Context) (attempt, error) {
	var a attempt
	err := b.await(ctx, func() bool {
		switch {
		case b.state == Closed:
			return true
		case b.state == HalfOpen && !b.trying:
			b.trying, a.trial = true, true
			return true
		default:
			return false
		}
	})
	return a, err
}

// outcome is what an attempt says about the server.
type outcome int

const (
	answered  outcome = iota // it works, whatever it thinks of the batch
	failed                   // it does not
	undecided                // the attempt says nothing
)

func (b *Breaker) end(a attempt, o outcome, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.trial {
		b.trying = false
	}
	switch {
	case o == answered:
		b.failures = 0
		if b.state != Closed {
			b.log.Info("circuit breaker closed", "after", time.Since(b.since).Round(time.Millisecond).String())
			b.enter(Closed)
		}
	case o == failed:
		b.failures++
		if b.state == Closed && b.failures >= b.threshold {
			b.since = time.Now()
			b.log.Error("circuit breaker opened", "failures", b.failures, "err", err,
				"hint", "nothing is lost; it closes by itself when PostgreSQL takes a batch again")
			b.enter(Open)
		}
	}
	if a.trial && b.state == HalfOpen {
		b.enter(Open) // the trial did not succeed
	}
}

// enter changes the state and wakes all who wait. b.mu is held.
func (b *Breaker) enter(s State) {
	b.state = s
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	if s == Open {
		b.timer = time.AfterFunc(b.timeout, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.state == Open {
				b.enter(HalfOpen)
			}
		})
	}
	b.wake()
}

// wake has all who wait look again. b.mu is held.
func (b *Breaker) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// await waits until ready, which is called with b.mu held, returns true.
func (b *Breaker) await(ctx context.Context, ready func() bool) error {
	for {
		b.mu.Lock()
		ok, changed := ready(), b.changed
		b.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
