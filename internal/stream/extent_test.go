package stream

import (
	"fmt"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

func TestDelivered(t *testing.T) {
	f := newFixture(t)
	want := func(low, last string) {
		t.Helper()
		got, err := Delivered(t.Context(), f.client, f.stream, "g")
		if err != nil || got != (Extent{event.EntryIDOf(low), event.EntryIDOf(last)}) {
			t.Errorf("got %v, %v; want %s, %s", got, err, low, last)
		}
	}
	want("0-0", "0-0")
	for i := range 4 {
		do(t, f.client, "XADD", f.stream, fmt.Sprintf("%d-1", 10+i), "payload", "x")
	}
	want("0-0", "0-0")
	do(t, f.client, "XGROUP", "CREATE", f.stream, "g", "0")
	want("0-0", "0-0")
	do(t, f.client, "XREADGROUP", "GROUP", "g", "a", "COUNT", 3, "STREAMS", f.stream, ">")
	want("10-1", "12-1")
	do(t, f.client, "XACK", f.stream, "g", "10-1", "12-1")
	want("11-1", "12-1")
	do(t, f.client, "XACK", f.stream, "g", "11-1")
	want("12-2", "12-1")

	do(t, f.client, "SET", f.stream+"-else", "x")
	if _, err := Delivered(t.Context(), f.client, f.stream+"-else", "g"); err == nil {
		t.Error("a key that is no stream was taken for one")
	}
}
