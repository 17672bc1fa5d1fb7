package stream

import (
	"os"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

func TestPager(t *testing.T) {
	t.Parallel()
	large := []event.Message{{Payload: strings.Repeat("x", pageBytes/4)}}
	small := []event.Message{{Payload: "x"}}
	p := newPager(1000)
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
		{"never below one", func() { p.failed(os.ErrDeadlineExceeded) }, 1},
		{"other errors say nothing", func() { p.failed(os.ErrClosed) }, 1},
		{"grows slowly", func() { p.seen(small) }, 2},
		{"and back to all", func() {
			for range 100 {
				p.seen(small)
			}
		}, 1000},
	} {
		if step.do(); p.count() != step.want {
			t.Errorf("%s: got %d, want %d", step.name, p.count(), step.want)
		}
	}
}
