package stream

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

func TestPager(t *testing.T) {
	t.Parallel()
	large := []event.Message{{Payload: strings.Repeat("x", pageBytes/4)}}
	small := []event.Message{{Payload: "x"}}
	p := newPager(1000, 5*time.Second, time.Minute)
	for _, step := range []struct {
		name string
		do   func()
		want int64
	}{
		{"starts with few", func() {}, firstPage},
		{"large entries", func() { p.seen(large) }, 4},
		{"nothing new learned", func() { p.seen(nil) }, 4},
		{"time-out", func() { p.failed(os.ErrDeadlineExceeded) }, 2},
		{"another", func() { p.failed(os.ErrDeadlineExceeded) }, 1},
		{"other errors say nothing", func() { p.failed(os.ErrClosed) }, 1},
		{"grows slowly", func() { p.seen(small) }, 2},
		{"and back to all", func() {
			for range 100 {
				p.seen(small)
			}
		}, 1000},
		{"nothing for a while", func() { p.last = p.last.Add(-p.stale) }, stalePage},
		{"and none then", func() { p.seen(nil) }, 2 * stalePage},
	} {
		if step.do(); p.count() != step.want {
			t.Errorf("%s: got %d, want %d", step.name, p.count(), step.want)
		}
	}
}

func TestPagerPatience(t *testing.T) {
	t.Parallel()
	p := newPager(1000, 30*time.Second, time.Minute)
	timeout := func() { p.failed(os.ErrDeadlineExceeded) }
	for p.count() > 1 {
		timeout()
	}
	for _, step := range []struct {
		name string
		do   func()
		want time.Duration
	}{
		{"smaller pages first", func() {}, 30 * time.Second},
		{"other errors say nothing", func() { p.failed(os.ErrClosed) }, 30 * time.Second},
		{"then longer", timeout, time.Minute},
		{"and longer", timeout, longestReply},
		{"but not for ever", timeout, longestReply},
		{"until all has come", func() { p.seen([]event.Message{{}}) }, longestReply},
		{"and then as ever", p.caughtUp, 30 * time.Second},
	} {
		step.do()
		if p.patience != step.want || p.count() != 1 {
			t.Errorf("%s: got %v for %d entries, want %v for one", step.name, p.patience, p.count(), step.want)
		}
	}
	if p = newPager(1, time.Hour, time.Minute); p.patience != time.Hour {
		t.Errorf("patience at start: got %v", p.patience)
	}
	if timeout(); p.patience != time.Hour {
		t.Errorf("it became less patient than usual: %v", p.patience)
	}
}
