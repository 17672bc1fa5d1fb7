package stream

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"
)

func TestConsumer(t *testing.T) {
	t.Parallel()

	t.Run("reads new entries in order", func(t *testing.T) {
		f := newFixture(t)
		c := f.consumer("a", few(2))
		f.wantNothing(c)
		f.add("1", "2", "3")
		f.want(c, "1", "2", "3")
		f.add("4")
		f.want(c, "4")
		f.wantPending(0)
	})

	t.Run("sees entries older than the group", func(t *testing.T) {
		f := newFixture(t)
		f.add("1", "2")
		f.want(f.consumer("a"), "1", "2")
	})

	t.Run("returns as soon as there is one entry", func(t *testing.T) {
		f := newFixture(t)
		c := f.consumer("a", func(o *Options) { o.Block = 4 * time.Second })
		f.add("1")
		start := time.Now()
		f.want(c, "1")
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("took %s", d)
		}
	})

	t.Run("replays its own pending entries first", func(t *testing.T) {
		f := newFixture(t)
		f.add(numbered("old", 5)...)
		f.read(f.consumer("a")) // and dies
		f.add("new")
		f.want(f.consumer("a", few(2)), append(numbered("old", 5), "new")...)
		f.wantPending(0)
	})

	t.Run("leaves the pending entries of others alone", func(t *testing.T) {
		f := newFixture(t)
		f.add("1")
		f.read(f.consumer("a"))
		f.wantNothing(f.consumer("b", claiming))
		f.wantPending(1)
	})

	t.Run("hands out a batch again after Rewind", func(t *testing.T) {
		f := newFixture(t)
		f.add("1", "2")
		c := f.consumer("a")
		f.read(c)
		f.wantNothing(c)
		c.Rewind()
		f.want(c, "1", "2")
	})

	t.Run("re-reads its pending entries after a lost reply", func(t *testing.T) {
		f := newFixture(t)
		p, url := newProxy(t, f.url)
		c := f.consumer("a", few(2), func(o *Options) { o.Client = connect(t, url) })
		f.wantNothing(c)
		f.add("1", "2", "3", "4")
		name := "xreadgroup"
		p.swallow.Store(&name)
		if msgs, err := c.Read(t.Context()); err == nil {
			t.Fatalf("read %q over a cut connection", payloads(msgs))
		} else if !strings.Contains(err.Error(), "stream "+f.stream+": ") {
			t.Errorf("error does not name the stream: %v", err)
		}
		f.wantPending(2)
		f.want(c, "1", "2", "3", "4")
	})

	t.Run("hands over an entry without payload", func(t *testing.T) {
		f := newFixture(t)
		do(t, f.client, "XADD", f.stream, "*", "a", "1", "b", "\x00\xff")
		f.add("", "p")
		got := f.read(f.consumer("a"))
		if want := map[string]string{"a": "1", "b": "\x00\xff"}; got[0].HasPayload || !maps.Equal(got[0].Fields, want) {
			t.Errorf("without payload: %+v", got[0])
		}
		if !got[1].HasPayload || got[1].Payload != "" || got[1].Fields != nil {
			t.Errorf("empty payload: %+v", got[1])
		}
		if got[2].Payload != "p" || got[2].Stream != f.stream {
			t.Errorf("payload: %+v", got[2])
		}
	})

	t.Run("names the stream when the key is of another type", func(t *testing.T) {
		f := newFixture(t)
		do(t, f.client, "SET", f.stream, "x")
		_, err := f.consumer("a").Read(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), "stream "+f.stream+": ") || !strings.Contains(err.Error(), "WRONGTYPE") {
			t.Error(err)
		}
	})

	t.Run("counts no pending entries where there is no group", func(t *testing.T) {
		f := newFixture(t)
		f.wantPending(0)
	})
}

func TestConsumerContext(t *testing.T) {
	t.Parallel()

	t.Run("ends a blocked read within the block time", func(t *testing.T) {
		f := newFixture(t)
		c := f.blocking(300 * time.Millisecond)
		f.wantNothing(c)
		ctx, cancel := context.WithCancel(t.Context())
		read := make(chan error, 1)
		go func() {
			_, err := c.Read(ctx)
			read <- err
		}()
		f.untilBlocked(c)
		cancel()
		start := time.Now()
		if err := <-read; err != context.Canceled {
			t.Errorf("got %v, want context.Canceled itself", err)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("took %s", d)
		}
	})

	t.Run("that ended reads nothing", func(t *testing.T) {
		f := newFixture(t)
		c := f.consumer("a")
		f.add("1")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if msgs, err := c.Read(ctx); err != context.Canceled {
			t.Errorf("got %q, %v", payloads(msgs), err)
		}
		f.wantPending(0)
	})

	t.Run("ends a read from a server that is away", func(t *testing.T) {
		f := newFixtureOn(t, "unix:///nonexistent/redis.sock")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := f.consumer("a").Read(ctx); err == nil || ctx.Err() != nil {
			t.Errorf("got %v, context %v", err, ctx.Err())
		}
	})
}
