package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Check is a question that is asked again and again.
type Check struct {
	// Name is what the answer is told under: redis, postgres, schema.
	Name string
	// Every is the time between two questions, at most a second while it fails, and Timeout how long an answer may take.
	// Their sum is how late a change is noticed.
	Every, Timeout time.Duration
	// Ask returns nil when all is well.
	Ask func(ctx context.Context) error
	// Told is called with each answer, if it is not nil.
	Told func(error)
}

// Monitor asks its checks and remembers what was answered last. It logs when an answer changes, and only then.
type Monitor struct {
	log    *slog.Logger
	checks []Check

	mu      sync.Mutex
	answers map[string]error
	last    time.Time
}

// ErrNotYet is the answer of a check that cannot be asked yet, as at the start. It fails, and is not logged. The check
// must give it without asking a server, for it is asked again soon.
var ErrNotYet = errors.New("not asked yet")

// NewMonitor returns a Monitor that asks nothing before Run.
func NewMonitor(log *slog.Logger, checks ...Check) *Monitor {
	m := &Monitor{log: log, checks: checks, answers: make(map[string]error), last: time.Now()}
	for _, c := range checks {
		m.answers[c.Name] = ErrNotYet
	}
	return m
}

// Run asks until ctx ends.
func (m *Monitor) Run(ctx context.Context) error {
	var asking sync.WaitGroup
	for _, c := range m.checks {
		asking.Go(func() { m.ask(ctx, c) })
	}
	asking.Wait()
	return nil
}

const (
	// whileFailing is the time between two questions about something that everybody waits for.
	whileFailing = time.Second
	// notYet is the time between two questions that are answered without asking anybody.
	notYet = 20 * time.Millisecond
)

func (m *Monitor) ask(ctx context.Context, c Check) {
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-next.C:
		case <-ctx.Done():
			return
		}
		timed, cancel := context.WithTimeout(ctx, c.Timeout)
		err := c.Ask(timed)
		cancel()
		if ctx.Err() != nil {
			return
		}
		m.answered(c, err)
		switch {
		case errors.Is(err, ErrNotYet):
			next.Reset(notYet)
		case err != nil:
			next.Reset(min(c.Every, whileFailing))
		default:
			next.Reset(c.Every)
		}
	}
}

func (m *Monitor) answered(c Check, err error) {
	m.mu.Lock()
	before := m.answers[c.Name]
	m.answers[c.Name] = err
	m.last = time.Now()
	m.mu.Unlock()
	switch {
	case errors.Is(err, ErrNotYet):
	case err != nil && (before == nil || errors.Is(before, ErrNotYet)):
		m.log.Error("check fails", "check", c.Name, "err", err)
	case err == nil && before != nil:
		m.log.Info("check passes", "check", c.Name)
	}
	if c.Told != nil {
		c.Told(err)
	}
}

// Err returns the last answer of a check.
func (m *Monitor) Err(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.answers[name]
}

// LastCheck is when a check was answered last.
func (m *Monitor) LastCheck() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

// Failing returns the checks that fail, in the order in which they were given.
func (m *Monitor) Failing() []Failure {
	var failing []Failure
	for _, c := range m.checks {
		if err := m.Err(c.Name); err != nil {
			failing = append(failing, Failure{c.Name, err.Error()})
		}
	}
	return failing
}
