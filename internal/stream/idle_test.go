package stream

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func none(string) bool { return false }

func (f *fixture) removeIdle(idle time.Duration, keep func(string) bool) []string {
	f.Helper()
	removed, err := RemoveIdle(f.Context(), f.client, f.stream, "g", idle, keep)
	if err != nil {
		f.Fatal(err)
	}
	return removed
}

func (f *fixture) wantMembers(want ...string) {
	f.Helper()
	var got []string
	for _, m := range f.inspect().Members {
		got = append(got, m.Name)
	}
	if !slices.Equal(got, want) {
		f.Errorf("consumers: got %q, want %q", got, want)
	}
}

func TestRemoveIdle(t *testing.T) {
	t.Parallel()

	t.Run("removes consumers that hold nothing, and no others", func(t *testing.T) {
		f := newFixture(t)
		f.add("1")
		f.readAcked(f.consumer("gone"))
		f.wantNothing(f.consumer("ours"))
		f.add("2")
		f.read(f.consumer("holding"))
		if removed := f.removeIdle(0, func(name string) bool { return name == "ours" }); !slices.Equal(removed, []string{"gone"}) {
			t.Errorf("removed %q", removed)
		}
		f.wantMembers("holding", "ours")
		f.wantPending(1)
	})

	t.Run("leaves those that were here lately", func(t *testing.T) {
		f := newFixture(t)
		f.wantNothing(f.consumer("a"))
		if removed := f.removeIdle(time.Minute, none); len(removed) > 0 {
			t.Errorf("removed %q", removed)
		}
		f.wantMembers("a")
	})

	t.Run("goes by when a consumer asked last, also in vain, from Redis 7.2 on", func(t *testing.T) {
		f := newFixture(t)
		if f.before("7.2") {
			t.Skip("this server goes by when it got something last")
		}
		c := f.consumer("a", func(o *Options) { o.Block = 200 * time.Millisecond })
		f.wantNothing(c)
		f.wantNothing(c)
		asked := time.Now()
		f.wantNothing(c)
		members := f.inspect().Members
		if most := time.Since(asked) + time.Millisecond; len(members) != 1 || members[0].Idle > most {
			t.Errorf("idle: got %+v, want at most %v", members, most)
		}
	})

	t.Run("removes one that is in use without any harm to it", func(t *testing.T) {
		f := newFixture(t)
		c := f.blocking(5 * time.Second)
		f.wantNothing(f.consumer(c.o.Name))
		read := make(chan []string, 1)
		go func() {
			msgs, _ := c.Read(t.Context())
			read <- payloads(msgs)
		}()
		f.untilBlocked(c)
		f.removeIdle(0, none)
		f.add("1")
		if got := <-read; !slices.Equal(got, []string{"1"}) {
			t.Errorf("got %q", got)
		}
		f.wantPending(1)
	})

	t.Run("has nothing to do without stream or group", func(t *testing.T) {
		f := newFixture(t)
		f.removeIdle(0, none)
		f.add("1")
		f.removeIdle(0, none)
	})

	t.Run("does nothing where scripts, or the commands in them, are forbidden", func(t *testing.T) {
		f := newFixtureOn(t, testenv.OwnRedis(t).URL())
		f.wantNothing(f.consumer("a"))
		for _, command := range []string{"eval", "xgroup", "xinfo"} {
			do(t, f.client, "ACL", "SETUSER", "default", "-"+command)
			if removed := f.removeIdle(0, none); len(removed) > 0 {
				t.Errorf("without %s: removed %q", command, removed)
			}
			do(t, f.client, "ACL", "SETUSER", "default", "+"+command)
		}
		f.wantMembers("a")
	})

	t.Run("tells of a server that is away", func(t *testing.T) {
		t.Parallel()
		_, err := RemoveIdle(t.Context(), connect(t, "unix:///nonexistent/redis.sock"), "name", "g", 0, none)
		if err == nil || !strings.HasPrefix(err.Error(), "stream name: ") {
			t.Error(err)
		}
	})
}

// A consumer reads while it is being removed, again and again: what it was given must stay pending.
func TestRemoveIdleLosesNothing(t *testing.T) {
	f := newFixture(t)
	const entries = 2000
	f.add(numbered("", entries)...)
	do(t, f.client, "XGROUP", "CREATE", f.stream, "g", "0")
	ctx, cancel := context.WithCancel(t.Context())
	removals := 0
	var remover sync.WaitGroup
	remover.Go(func() {
		for ctx.Err() == nil {
			removed, err := RemoveIdle(t.Context(), f.client, f.stream, "g", 0, func(name string) bool { return name == "keeper" })
			if err != nil {
				t.Error(err)
			}
			removals += len(removed)
		}
	})
	// What it reads is moved to another one at once, so that it often holds nothing.
	args := redis.XReadGroupArgs{
		Group: "g", Consumer: "reader", Streams: []string{f.stream, newID}, Count: 1, Block: neverBlock,
	}
	for range entries {
		read, err := f.client.XReadGroup(t.Context(), &args).Result()
		if err != nil {
			t.Fatal(err)
		}
		do(t, f.client, "XCLAIM", f.stream, "g", "keeper", 0, read[0].Messages[0].ID, "JUSTID")
	}
	cancel()
	remover.Wait()
	f.wantPending(entries)
	if removals == 0 {
		t.Error("nothing was removed, so that nothing was tested")
	}
}
