package stream

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// failAcks acknowledges msgs while no XACK gets through.
func failAcks(f *fixture, p *proxy, c *Consumer, msgs []event.Message) {
	f.Helper()
	name := "xack"
	p.refuse.Store(&name)
	err := c.Ack(f.Context(), ids(msgs))
	if err == nil {
		f.Fatal("Ack succeeded over a cut connection")
	}
	f.wantPending(int64(len(msgs)))
}

func TestConsumerAck(t *testing.T) {
	t.Parallel()

	t.Run("is sent again after a lost reply", func(t *testing.T) {
		f := newFixture(t)
		p, url := newProxy(t, f.url)
		c := f.consumer("a", func(o *Options) { o.Client = connect(t, url) })
		f.add("1", "2")
		msgs := f.read(c)
		name := "xack"
		p.swallow.Store(&name)
		if err := c.Ack(t.Context(), ids(msgs)); err != nil {
			t.Error(err)
		}
		f.wantPending(0)
	})

	t.Run("is owed and settled before the next read", func(t *testing.T) {
		f := newFixture(t)
		p, url := newProxy(t, f.url)
		c := f.consumer("a", few(2), func(o *Options) { o.Client = connect(t, url) })
		f.add("1", "2", "3")
		failAcks(f, p, c, f.read(c))
		if msgs, err := c.Read(t.Context()); err == nil {
			t.Fatalf("read %q while acknowledgements are owed", payloads(msgs))
		}
		f.wantPending(2) // nothing new was read
		p.refuse.Store(nil)
		f.want(c, "3")
		f.wantPending(0)
	})

	t.Run("of decided entries is not undone by reading the pending list", func(t *testing.T) {
		f := newFixture(t)
		p, url := newProxy(t, f.url)
		c := f.consumer("a", few(1), func(o *Options) { o.Client = connect(t, url) })
		f.add("1", "2")
		failAcks(f, p, c, f.read(c))
		c.Rewind()
		if got, err := c.readOwn(t.Context()); err != nil || len(got) > 0 {
			t.Errorf("got %q, %v", payloads(got), err)
		}
	})

	t.Run("takes more ids than one command", func(t *testing.T) {
		f := newFixture(t)
		const n = 2*ackMost + 1
		pipe := f.client.Pipeline()
		for range n {
			pipe.XAdd(t.Context(), &redis.XAddArgs{Stream: f.stream, Values: []string{"payload", "x"}})
		}
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		c := f.consumer("a", few(n))
		for c.page.limit < n {
			c.page.seen([]event.Message{{}}) // it has seen that entries are small
		}
		if got := len(f.readAcked(c)); got != n {
			t.Errorf("read %d, want %d", got, n)
		}
		f.wantPending(0)
	})

	t.Run("fails within its context and is still owed", func(t *testing.T) {
		f := newFixture(t)
		c := f.consumer("a")
		f.add("1")
		msgs := f.read(c)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Ack(ctx, ids(msgs)); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		f.wantNothing(c)
		f.wantPending(0)
	})

	t.Run("that is refused stops reading, and goes on when it is allowed", func(t *testing.T) {
		f := newFixtureOn(t, testenv.OwnRedis(t).URL())
		c := f.consumer("a")
		f.add("1", "2")
		msgs := f.read(c)
		do(t, f.client, "ACL", "SETUSER", "default", "-xack")
		if err := c.Ack(t.Context(), ids(msgs)); !redis.HasErrorPrefix(errors.Unwrap(errors.Unwrap(err)), "NOPERM") {
			t.Error(err)
		}
		if _, err := c.Read(t.Context()); err == nil {
			t.Error("read while acknowledgements are refused")
		}
		do(t, f.client, "ACL", "SETUSER", "default", "+xack")
		f.wantNothing(c)
		f.wantPending(0)
	})
}
