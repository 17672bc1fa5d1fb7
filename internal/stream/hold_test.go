package stream

import (
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// pendingList returns what XPENDING says of each pending entry.
func (f *fixture) pendingList() []redis.XPendingExt {
	f.Helper()
	list, err := f.client.XPendingExt(f.Context(), &redis.XPendingExtArgs{
		Stream: f.stream, Group: "g", Start: "-", End: "+", Count: 10_000,
	}).Result()
	if err != nil {
		f.Fatal(err)
	}
	return list
}

func (f *fixture) hold(c *Consumer, ids []string) {
	f.Helper()
	if err := c.Hold(f.Context(), ids); err != nil {
		f.Fatal(err)
	}
}

func TestConsumerHold(t *testing.T) {
	t.Parallel()

	t.Run("keeps others from taking over, and counts no delivery", func(t *testing.T) {
		f := newFixture(t)
		f.add("1", "2")
		c := f.consumer("a")
		msgs := f.read(c)
		f.age("a", msgs)
		f.hold(c, ids(msgs))
		for _, entry := range f.pendingList() {
			if entry.Idle > time.Minute || entry.RetryCount != 1 || entry.Consumer != "a" {
				t.Errorf("%+v", entry)
			}
		}
		f.wantNothing(f.consumer("b", claiming))
	})

	t.Run("leaves to others what they have taken over", func(t *testing.T) {
		f := newFixture(t)
		f.add("1", "2", "3")
		c := f.consumer("a")
		msgs := f.read(c)
		f.age("b", msgs[1:2])
		f.hold(c, ids(msgs))
		var owners []string
		for _, entry := range f.pendingList() {
			owners = append(owners, entry.Consumer)
			if entry.Consumer == "b" && entry.Idle < time.Hour {
				t.Errorf("held for its new owner: %+v", entry)
			}
		}
		if !slices.Equal(owners, []string{"a", "b", "a"}) {
			t.Errorf("owners: %q", owners)
		}
	})

	t.Run("does not bring back what is acknowledged", func(t *testing.T) {
		f := newFixture(t)
		f.add("1", "2")
		c := f.consumer("a")
		msgs := f.read(c)
		do(t, f.client, "XACK", f.stream, "g", msgs[0].ID)
		f.hold(c, ids(msgs))
		f.wantPending(1)
	})

	t.Run("holds more than one command takes, and nothing else", func(t *testing.T) {
		f := newFixture(t)
		const n = ackMost + 2
		f.add(numbered("", n)...)
		c := f.consumer("a", few(n))
		for c.page.limit < n {
			c.page.seen([]event.Message{{}}) // it has seen that entries are small
		}
		msgs := f.read(c)
		f.age("a", msgs)
		f.hold(c, ids(msgs[1:]))
		for i, entry := range f.pendingList() {
			if held := entry.Idle < time.Minute; held != (i > 0) {
				t.Fatalf("entry %d: %+v", i, entry)
			}
		}
	})

	t.Run("has nothing to do where group or stream are gone, or for no entries", func(t *testing.T) {
		f := newFixture(t)
		f.hold(f.consumer("a"), []string{"1-1"})
		f.hold(f.consumer("a"), nil)
	})
}
