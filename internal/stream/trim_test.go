package stream

import (
	"fmt"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// TestTrim: what a group was not given, or has not acknowledged, stays, whatever is asked for.
func TestTrim(t *testing.T) {
	const entries = 1000
	fill := func(f *fixture) {
		t.Helper()
		for i := 1; i <= entries; i++ {
			do(f.T, f.client, "XADD", f.stream, fmt.Sprintf("%d-0", i), "payload", "x")
		}
	}
	take := func(f *fixture, group string, n int) {
		do(f.T, f.client, "XGROUP", "CREATE", f.stream, group, "0")
		do(f.T, f.client, "XREADGROUP", "GROUP", group, "a", "COUNT", n, "STREAMS", f.stream, ">")
	}
	ack := func(f *fixture, group string, from, to int) {
		args := []any{"XACK", f.stream, group}
		for i := from; i <= to; i++ {
			args = append(args, fmt.Sprintf("%d-0", i))
		}
		do(f.T, f.client, args...)
	}
	// trim checks that everything from kept on is there, and that not much else is.
	trim := func(f *fixture, below string, kept int, want string) {
		f.Helper()
		before := f.client.XLen(f.Context(), f.stream).Val()
		removed, heldBy, err := Trim(f.Context(), f.client, f.stream, "g", event.EntryIDOf(below))
		if err != nil || heldBy != want {
			f.Fatalf("%v; %q holds entries, want %q", err, heldBy, want)
		}
		left := f.client.XRange(f.Context(), f.stream, "-", "+").Val()
		if int64(len(left)) != before-removed {
			f.Errorf("%d removed of %d, and %d left", removed, before, len(left))
		}
		first := event.EntryIDOf(left[0].ID).MS
		if first > uint64(kept) || len(left) != entries-int(first)+1 {
			f.Errorf("%d entries are left, from %d on; those from %d on must stay", len(left), first, kept)
		}
		const node = 100 // entries of a node of the stream, which goes as a whole
		if first+node < uint64(kept) {
			f.Errorf("the first is %d, but those below %d could go", first, kept)
		}
	}

	t.Run("below the id", func(t *testing.T) {
		f := newFixture(t)
		fill(f)
		take(f, "g", entries)
		ack(f, "g", 1, entries)
		trim(f, "501-0", 501, "")
		trim(f, "501-0", 501, "")
		trim(f, "99999-0", entries, "g") // the last one that it was given
	})
	t.Run("not what is pending", func(t *testing.T) {
		f := newFixture(t)
		fill(f)
		take(f, "g", entries)
		ack(f, "g", 1, 299)
		ack(f, "g", 301, entries)
		trim(f, "900-0", 300, "g")
	})
	t.Run("not what was not delivered", func(t *testing.T) {
		f := newFixture(t)
		fill(f)
		take(f, "g", 400)
		ack(f, "g", 1, 400)
		trim(f, "900-0", 400, "g")
	})
	t.Run("not for the sake of one group what another needs", func(t *testing.T) {
		f := newFixture(t)
		fill(f)
		take(f, "g", entries)
		ack(f, "g", 1, entries)
		take(f, "other", 200)
		trim(f, "900-0", 1, "other")
		ack(f, "other", 1, 200)
		trim(f, "900-0", 200, "other")
		do(t, f.client, "XGROUP", "CREATE", f.stream, "new", "0")
		trim(f, "900-0", 200, "new")
	})
	t.Run("nothing of a stream that does not know the group", func(t *testing.T) {
		f := newFixture(t)
		fill(f)
		if removed, heldBy, err := Trim(t.Context(), f.client, f.stream, "g", event.EntryID{MS: 900}); removed != 0 || heldBy != "" || err != nil {
			t.Errorf("%d, %q, %v", removed, heldBy, err)
		}
		take(f, "other", entries)
		ack(f, "other", 1, entries)
		if removed, _, err := Trim(t.Context(), f.client, f.stream, "g", event.EntryID{MS: 900}); removed != 0 || err != nil {
			t.Errorf("%d, %v", removed, err)
		}
	})
	t.Run("nothing of nothing", func(t *testing.T) {
		f := newFixture(t)
		if removed, heldBy, err := Trim(t.Context(), f.client, f.stream, "g", event.EntryID{MS: 9}); removed != 0 || heldBy != "" || err != nil {
			t.Errorf("%d, %q, %v", removed, heldBy, err)
		}
	})
	t.Run("no key that is no stream", func(t *testing.T) {
		f := newFixture(t)
		do(t, f.client, "SET", f.stream, "x")
		if _, _, err := Trim(t.Context(), f.client, f.stream, "g", event.EntryID{MS: 9}); err == nil {
			t.Error("no error")
		}
	})
}
