package stream

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

func TestConsumerTrimmed(t *testing.T) {
	t.Parallel()

	t.Run("acknowledges and counts what was trimmed while pending", func(t *testing.T) {
		f := newFixture(t)
		f.add(numbered("", 7)...)
		f.read(f.consumer("a"))
		do(t, f.client, "XTRIM", f.stream, "MAXLEN", 2)
		c := f.consumer("a", few(2))
		f.want(c, "5", "6")
		f.wantNothing(c)
		f.wantPending(0)
		f.wantCount("lost", c.o.Counters.lost, 5)
	})

	t.Run("counts what was trimmed while others had it", func(t *testing.T) {
		f := newFixture(t)
		f.add(numbered("", 7)...)
		f.age("dead", f.read(f.consumer("dead")))
		do(t, f.client, "XTRIM", f.stream, "MAXLEN", 2)
		c := f.consumer("a", few(3), claiming)
		f.want(c, "5", "6")
		f.wantPending(0)
		f.wantCount("lost", c.o.Counters.lost, 5)
	})

	t.Run("goes through all of them without waiting for the interval", func(t *testing.T) {
		f := newFixture(t)
		f.add(numbered("", 9)...)
		f.age("dead", f.read(f.consumer("dead")))
		do(t, f.client, "XTRIM", f.stream, "MAXLEN", 0)
		c := f.consumer("a", few(2))
		for range 20 {
			f.wantNothing(c)
		}
		f.wantPending(0)
		f.wantCount("lost", c.o.Counters.lost, 9)
	})

	for name, look := range map[string]func(*Consumer, context.Context) ([]event.Message, error){
		"own pending list": (*Consumer).readOwn,
		"group's entries":  (*Consumer).claim,
	} {
		t.Run("does not count what was decided, in the "+name, func(t *testing.T) {
			f := newFixture(t)
			p, url := newProxy(t, f.url)
			c := f.consumer("a", func(o *Options) { o.Client = connect(t, url) })
			f.add("1", "2")
			msgs := f.read(c)
			failAcks(f, p, c, msgs)
			f.age("a", msgs)
			do(t, f.client, "XTRIM", f.stream, "MAXLEN", 0)
			c.Rewind()
			if got, err := look(c, t.Context()); err != nil || len(got) > 0 {
				t.Errorf("got %q, %v", payloads(got), err)
			}
			p.refuse.Store(nil)
			f.wantNothing(c)
			f.wantPending(0)
			f.wantCount("lost", c.o.Counters.lost, 0)
		})
	}
}

func TestConsumerClaims(t *testing.T) {
	t.Parallel()

	t.Run("takes over a dead consumer's entries, page by page", func(t *testing.T) {
		f := newFixture(t)
		f.add(numbered("old", 7)...)
		f.age("dead", f.read(f.consumer("dead")))
		f.want(f.consumer("a", few(2), claiming), numbered("old", 7)...)
		f.wantPending(0)
	})

	t.Run("takes over every page of a sweep without waiting for the interval", func(t *testing.T) {
		f := newFixture(t)
		f.add(numbered("old", 7)...)
		f.age("dead", f.read(f.consumer("dead")))
		start := time.Now()
		f.want(f.consumer("a", few(2), func(o *Options) { o.Block = 5 * time.Second }), numbered("old", 7)...)
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("waited for new entries between the pages: %s", d)
		}
	})

	t.Run("passes over entries that are being worked on", func(t *testing.T) {
		f := newFixture(t)
		f.add(numbered("busy", 500)...)
		alive := f.consumer("alive")
		for busy := 0; busy < 500; {
			busy += len(f.read(alive))
		}
		f.add("old0", "old1")
		f.age("dead", f.read(f.consumer("dead")))
		f.want(f.consumer("a", few(2)), "old0", "old1")
	})

	t.Run("takes over entries that are older than its own", func(t *testing.T) {
		f := newFixture(t)
		f.add("old0", "old1")
		old := f.read(f.consumer("dead"))
		f.add("own")
		f.read(f.consumer("a"))
		f.age("dead", old)
		f.want(f.consumer("a", claiming), "own", "old0", "old1")
	})

	t.Run("never starves new entries", func(t *testing.T) {
		f := newFixture(t)
		f.add(numbered("old", 8)...)
		f.age("dead", f.read(f.consumer("dead")))
		f.add(numbered("new", 4)...)
		c := f.consumer("a", few(2), claiming)
		for i, want := range []string{"old0 old1", "new0 new1", "old2 old3", "new2 new3", "old4 old5"} {
			if got := strings.Join(f.readAcked(c), " "); got != want {
				t.Errorf("batch %d: got %q, want %q", i, got, want)
			}
		}
	})

	t.Run("waits for the interval between sweeps", func(t *testing.T) {
		f := newFixture(t)
		c := f.consumer("a")
		f.wantNothing(c) // with the first sweep
		f.add("1")
		f.age("dead", f.read(f.consumer("dead")))
		f.wantNothing(c)
		f.wantPending(1)
	})

	t.Run("claims its own batch that was given up", func(t *testing.T) {
		f := newFixture(t)
		c := f.consumer("a", claiming)
		f.add("1")
		f.age("a", f.read(c))
		f.want(c, "1")
	})

	t.Run("does not claim what is decided but not acknowledged", func(t *testing.T) {
		f := newFixture(t)
		p, url := newProxy(t, f.url)
		c := f.consumer("a", claiming, func(o *Options) { o.Client = connect(t, url) })
		f.add("1")
		msgs := f.read(c)
		failAcks(f, p, c, msgs)
		f.age("a", msgs)
		got, err := c.claim(t.Context())
		if err != nil || len(got) > 0 {
			t.Errorf("got %q, %v", payloads(got), err)
		}
	})
}
