package stream

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// untilRead reads until it gets something, whatever goes wrong meanwhile.
func (f *fixture) untilRead(c *Consumer) (got []string) {
	f.Helper()
	testenv.Eventually(f, 20*time.Second, func() error {
		msgs, err := c.Read(f.Context())
		if err == nil && len(msgs) == 0 {
			err = errors.New("nothing to read")
		}
		if err == nil {
			got = payloads(msgs)
			err = c.Ack(f.Context(), ids(msgs))
		}
		return err
	})
	return got
}

// untilNothing reads until there is nothing, and wants nothing before that. A read may time out meanwhile: a tenth of a
// second is little where the network is slow and the machine is busy.
func (f *fixture) untilNothing(c *Consumer) {
	f.Helper()
	testenv.Eventually(f, 20*time.Second, func() error {
		msgs, err := c.Read(f.Context())
		if len(msgs) > 0 {
			f.Fatalf("got %q, want nothing", payloads(msgs))
		}
		return err
	})
}

func TestConsumerSlowNetwork(t *testing.T) {
	t.Parallel()

	t.Run("takes the time that a huge entry needs", func(t *testing.T) {
		f := newFixture(t)
		p, url := newProxy(t, f.url)
		c := f.consumer("a", func(o *Options) { o.Client = connect(t, url+"?read_timeout=100ms") })
		f.untilNothing(c)
		huge := strings.Repeat("x", 500_000)
		f.add(huge, "small")
		p.trickle.Store(500) // a second or more for the huge one
		if got := f.untilRead(c); len(got) != 1 || got[0] != huge {
			t.Fatalf("got %d entries", len(got))
		}
		if got := f.untilRead(c); len(got) != 1 || got[0] != "small" {
			t.Errorf("got %d entries, want the small one", len(got))
		}
		f.untilNothing(c)
		if c.page.patience != c.page.usual {
			t.Errorf("still waits %v for a reply", c.page.patience)
		}
		f.wantPending(0)
	})

	t.Run("does not wait for it when its context ends", func(t *testing.T) {
		f := newFixture(t)
		p, url := newProxy(t, f.url)
		c := f.consumer("a", func(o *Options) { o.Client = connect(t, url) })
		f.add(strings.Repeat("x", 100_000))
		f.read(c)
		c.Rewind()
		c.page.limit, c.page.patience = 1, time.Minute
		p.trickle.Store(1)
		ctx, cancel := context.WithCancel(t.Context())
		reads := p.reads.Load()
		read := make(chan error, 1)
		go func() {
			_, err := c.Read(ctx)
			read <- err
		}()
		testenv.Eventually(t, 10*time.Second, func() error {
			if p.reads.Load() == reads {
				return errors.New("it does not read")
			}
			return nil
		})
		cancel()
		start := time.Now()
		if err := <-read; err != context.Canceled {
			t.Errorf("got %v, want context.Canceled", err)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("took %v", d)
		}
	})
}

// Nobody is told of a connection that has died without a word: only a deadline shows it.
func TestConsumerHalfOpenConnection(t *testing.T) {
	t.Parallel()
	const timeout, block = 300 * time.Millisecond, 100 * time.Millisecond
	const soon = timeout + block + 2*time.Second

	t.Run("is noticed by a read, which loses nothing", func(t *testing.T) {
		f := newFixture(t)
		p, url := newProxy(t, f.url)
		c := f.consumer("a", func(o *Options) {
			o.Client, o.Block = connect(t, url+"?read_timeout="+timeout.String()), block
		})
		f.wantNothing(c)
		f.add("1")
		p.silence()
		start := time.Now()
		if msgs, err := c.Read(t.Context()); err == nil {
			t.Fatalf("read %q over a dead connection", payloads(msgs))
		}
		if d := time.Since(start); d > soon {
			t.Errorf("took %v", d)
		}
		if got := f.untilRead(c); len(got) != 1 || got[0] != "1" {
			t.Errorf("got %q", got)
		}
	})

	t.Run("is noticed by an acknowledgement, which gets through", func(t *testing.T) {
		f := newFixture(t)
		p, url := newProxy(t, f.url)
		c := f.consumer("a", func(o *Options) { o.Client = connect(t, url+"?read_timeout="+timeout.String()) })
		f.add("1")
		msgs := f.read(c)
		p.silence()
		start := time.Now()
		if err := c.Ack(t.Context(), ids(msgs)); err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d > soon {
			t.Errorf("took %v", d)
		}
		f.wantPending(0)
	})

	t.Run("is noticed within 15 seconds with the default time-outs", func(t *testing.T) {
		c := newFixture(t).consumer("a", func(o *Options) { o.Block = 0 })
		if d := c.o.Block + c.page.usual; d > 15*time.Second {
			t.Errorf("a read takes up to %v", d)
		}
	})
}
