package stream

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func TestConsumerGroupVanishes(t *testing.T) {
	t.Parallel()

	t.Run("after FLUSHALL", func(t *testing.T) {
		f := newFixtureOn(t, testenv.OwnRedis(t).URL())
		c := f.consumer("a")
		f.add("1")
		f.want(c, "1")
		do(t, f.client, "FLUSHALL")
		f.add("2")
		f.want(c, "2")
		f.wantCount("resets", c.o.Counters.resets, 1)
	})

	t.Run("after XGROUP DESTROY", func(t *testing.T) {
		f := newFixture(t)
		c := f.consumer("a")
		f.add("1")
		f.want(c, "1")
		do(t, f.client, "XGROUP", "DESTROY", f.stream, "g")
		f.add("2")
		f.want(c, "1", "2") // from the start: deciding twice is harmless, missing one is not
	})

	t.Run("while a read is blocked", func(t *testing.T) {
		f := newFixture(t)
		c := f.blocking(500 * time.Millisecond)
		f.wantNothing(c)
		read := make(chan error, 1)
		go func() {
			_, err := c.Read(t.Context())
			read <- err
		}()
		f.untilBlocked(c)
		do(t, f.client, "DEL", f.stream)
		if err := <-read; err != nil {
			t.Fatal(err)
		}
		f.add("1")
		f.want(c, "1")
	})

	t.Run("before a claim", func(t *testing.T) {
		f := newFixture(t)
		c := f.consumer("a", claiming)
		f.wantNothing(c)
		do(t, f.client, "DEL", f.stream)
		f.add("1")
		f.want(c, "1")
	})
}

func TestConsumerServer(t *testing.T) {
	t.Parallel()

	t.Run("killed and empty again is read from its start", func(t *testing.T) {
		server := testenv.OwnRedis(t)
		f := newFixtureOn(t, server.URL())
		c := f.consumer("a")
		f.add("1", "2")
		msgs := f.read(c)
		if err := server.Signal(os.Kill); err != nil {
			t.Fatal(err)
		}
		if err := c.Ack(t.Context(), ids(msgs)); err == nil {
			t.Error("Ack succeeded without a server")
		}
		if _, err := c.Read(t.Context()); err == nil {
			t.Error("Read succeeded without a server")
		}
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.add("3")
		f.want(c, "3")
		f.wantPending(0)
		f.wantCount("resets", c.o.Counters.resets, 1)
	})

	t.Run("frozen fails the read in time, and loses nothing when it goes on", func(t *testing.T) {
		server := testenv.OwnRedis(t)
		f := newFixtureOn(t, server.URL())
		c := f.consumer("a", func(o *Options) { o.Client = connect(t, f.url+"?read_timeout=200ms") })
		f.wantNothing(c)
		f.add("1", "2")
		if err := server.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err := c.Read(t.Context())
		if d := time.Since(start); err == nil || d > 2*time.Second {
			t.Errorf("after %s: %v", d, err)
		}
		if err := server.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		f.want(c, "1", "2")
		f.wantPending(0)
	})
}
