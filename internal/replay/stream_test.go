package replay_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/replay"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// stretch is the part of a stream that two positions name.
func stretch(tb testing.TB, name, from, to string) replay.Stretch {
	tb.Helper()
	first, _, err := replay.ParsePosition(from)
	if err != nil {
		tb.Fatal(err)
	}
	_, last, err := replay.ParsePosition(to)
	if err != nil {
		tb.Fatal(err)
	}
	return replay.Stretch{Stream: name, First: first, Last: last}
}

var end = fmt.Sprint(uint64(math.MaxUint64))

// TestStream: rows that were deleted come back, and those that stand are not touched.
func TestStream(t *testing.T) {
	f, r := newFixture(t), newRedisStream(t)
	const n = 300 // entries, of two events each
	var messages []event.Message
	for i := range n {
		messages = append(messages, r.add(f.of("ProtocolFeeAccrued", accrued(2*i), accrued(2*i+1))))
	}
	f.ingest(events.Catalog, messages...)
	before := f.digest()
	// The events of the entries from 100 on, each second one.
	f.exec("DELETE FROM protocol_fee_accrued_events WHERE epoch >= 200 AND epoch % 2 = 0")
	standing := f.physical("protocol_fee_accrued_events")

	for _, c := range []struct {
		from, to string
		want     replay.Stream
	}{
		{messages[290].ID, end, replay.Stream{Entries: 10, Events: 20, Inserted: 10, Duplicates: 10}},
		{messages[280].ID, messages[284].ID, replay.Stream{Entries: 5, Events: 10, Inserted: 5, Duplicates: 5}},
		{time.UnixMilli(1_700_000_000_000 + 25).UTC().Format(time.RFC3339Nano), "1700000000026",
			replay.Stream{Entries: 20, Events: 40, Inserted: 20, Duplicates: 20}},
		{"1700000000031", end, replay.Stream{}},
		{"0", "1699999999999", replay.Stream{}},
		{"0", end, replay.Stream{Entries: n, Events: 2 * n, Inserted: 200 - 35, Duplicates: 2*n - 200 + 35}},
		{"0", end, replay.Stream{Entries: n, Events: 2 * n, Duplicates: 2 * n}},
	} {
		got, err := f.engine(events.Catalog).Stream(t.Context(), r.client, stretch(t, r.name, c.from, c.to))
		if err != nil {
			t.Fatalf("from %s to %s: %v", c.from, c.to, err)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("from %s to %s: got %+v, want %+v", c.from, c.to, got, c.want)
		}
	}
	f.wantDigest(before)
	after := f.physical("protocol_fee_accrued_events")
	for _, row := range standing {
		if !slices.Contains(after, row) {
			t.Fatalf("a row that stood was touched: %s", row)
		}
	}
}

// TestStreamAcknowledgesNothing: a group does not notice that somebody reads.
func TestStreamAcknowledgesNothing(t *testing.T) {
	f, r := newFixture(t), newRedisStream(t)
	r.add(f.of("Paused", paused(1)))
	r.add(f.of("Paused", paused(2)))
	ctx := t.Context()
	if err := r.client.XGroupCreate(ctx, r.name, "g", "0").Err(); err != nil {
		t.Fatal(err)
	}
	args := redis.XReadGroupArgs{Group: "g", Consumer: "c", Streams: []string{r.name, ">"}, Count: 1}
	if err := r.client.XReadGroup(ctx, &args).Err(); err != nil {
		t.Fatal(err)
	}
	groups := func() string {
		info, err := r.client.XInfoGroups(ctx, r.name).Result()
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%+v", info)
	}
	before := groups()
	if _, err := f.engine(events.Catalog).Stream(ctx, r.client, stretch(t, r.name, "0", end)); err != nil {
		t.Fatal(err)
	}
	if after := groups(); after != before {
		t.Errorf("groups were %s, are %s", before, after)
	}
	f.wantRows("paused_events", 2)
}

func TestStreamAndLetters(t *testing.T) {
	t.Parallel()
	t.Run("settles those whose events are rows now, and no others", func(t *testing.T) {
		f, r := newFixture(t), newRedisStream(t)
		f.exec(unlucky)
		f.ingest(atFault,
			r.add(f.of("Paused", paused(1), paused(2))),
			r.add(f.of("Initialized", initialized(3, 13), initialized(4, 1))),
			r.add(f.of("Paused", paused(5))), // discarded
			r.add(f.message("{")))
		f.exec("UPDATE dead_letters SET state = 'discarded' WHERE message_id = '1700000000000-3'")
		other := f.of("Paused", paused(6)) // of another stream
		f.ingest(atFault, other)
		got, err := f.engine(events.Catalog).Stream(t.Context(), r.client, stretch(t, r.name, "0", end))
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, replay.Stream{
			Entries: 4, Events: 5, Inserted: 3, Duplicates: 1, Settled: 2,
			DeadLetters: map[event.Reason]int{event.ReasonRejected: 1, event.ReasonNotJSON: 1},
		})
		f.want(letters,
			"1700000000000-1 0 missing_field replayed 2", "1700000000000-1 1 missing_field replayed 2",
			"1700000000000-2 0 rejected open 2", "1700000000000-3 0 missing_field discarded 1",
			"1700000000000-4 -1 not_json open 2", "1700000000000-5 0 missing_field open 1")
	})
	t.Run("settles no item of an entry that it rejects as a whole", func(t *testing.T) {
		f, r := newFixture(t), newRedisStream(t)
		f.ingest(atFault, r.add(f.of("Paused", paused(1), paused(2))))
		small := f.engine(events.Catalog, func(o *replay.Options) { o.MaxPayload = 10 })
		got, err := small.Stream(t.Context(), r.client, stretch(t, r.name, "0", end))
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, replay.Stream{Entries: 1, DeadLetters: map[event.Reason]int{event.ReasonPayloadTooLarge: 1}})
		f.wantStates("open 3")
		got, err = f.engine(events.Catalog).Stream(t.Context(), r.client, stretch(t, r.name, "0", end))
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, replay.Stream{Entries: 1, Events: 2, Inserted: 2, Settled: 3})
		f.wantStates("replayed 3")
	})
	t.Run("ends behind the highest id that there can be", func(t *testing.T) {
		f, r := newFixture(t), newRedisStream(t)
		last := f.of("Paused", paused(1))
		last.ID = "18446744073709551615-18446744073709551615"
		r.add(last)
		got, err := f.engine(events.Catalog).Stream(t.Context(), r.client, stretch(t, r.name, "0", end))
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, replay.Stream{Entries: 1, Events: 1, Inserted: 1})
	})
	t.Run("counts notices, entries without payload and rows that differ", func(t *testing.T) {
		f, r := newFixture(t), newRedisStream(t)
		r.add(f.message(`{"event_name":"__rindexer_reorg","event_data":{"network":"net","fork_block":7,"depth":2}}`))
		r.add(event.Message{ID: "1750000000000-0", Fields: map[string]string{"other": "1"}})
		r.add(event.Message{ID: "1750000000000-1", HasPayload: true, Payload: `{"event_name":"Odd","event_signature_hash":"0x` +
			strings.Repeat("ab", 32) + `","event_data":[{"text":"a\u0000b",` + at(1) + `}]}`})
		want := replay.Stream{
			Entries: 3, Events: 1, Inserted: 1, Notices: 1, Written: 1,
			DeadLetters: map[event.Reason]int{event.ReasonPayloadMissing: 1},
		}
		for range 2 {
			got, err := f.engine(events.Catalog).Stream(t.Context(), r.client, stretch(t, r.name, "0", end))
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, got, want)
			want.Inserted, want.Duplicates = 0, 1
		}
		f.want(letters, "1750000000000-0 -1 payload_missing open 2", "1750000000000-1 0 nul_in_text written 2")
		f.want("SELECT convert_from(payload, 'UTF8') FROM dead_letters WHERE event_index = -1", `{"other":"1"}`)
		f.wantRows("reorgs", 1)
	})
}

// TestStreamLost: what was deleted from Redis is not passed over in silence.
func TestStreamLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		remove func(context.Context, *redisStream) error
		from   string
		want   bool
	}{
		"trimmed":                     {trim, "0", true},
		"trimmed before the stretch":  {trim, "1700000000000-4", false},
		"deleted from within":         {remove, "1700000000000-2", true},
		"deleted before the stretch":  {remove, "1700000000000-4", false},
		"nothing":                     {func(context.Context, *redisStream) error { return nil }, "0", false},
		"everything, and added later": {trimAll, "0", true},
	} {
		t.Run(name, func(t *testing.T) {
			f, r := newFixture(t), newRedisStream(t)
			for i := range 5 {
				r.add(f.of("Paused", paused(i)))
			}
			if r.client.XInfoStream(t.Context(), r.name).Val().EntriesAdded == 0 {
				c.want = false // before Redis 7 it is not known
			}
			if err := c.remove(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			got, err := f.engine(events.Catalog).Stream(t.Context(), r.client, stretch(t, r.name, c.from, end))
			if err != nil || got.Gone != c.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func trim(ctx context.Context, r *redisStream) error {
	return r.client.XTrimMaxLen(ctx, r.name, 2).Err()
}

func trimAll(ctx context.Context, r *redisStream) error {
	return r.client.XTrimMaxLen(ctx, r.name, 0).Err()
}

func remove(ctx context.Context, r *redisStream) error {
	return r.client.XDel(ctx, r.name, "1700000000000-3").Err()
}

func TestStreamThatIsNone(t *testing.T) {
	f, r := newFixture(t), newRedisStream(t)
	if _, err := f.engine(events.Catalog).Stream(t.Context(), r.client, stretch(t, r.name, "0", end)); !errors.Is(err, replay.ErrNoStream) {
		t.Errorf("a key that is not there: %v", err)
	}
	if err := r.client.Set(t.Context(), r.name, "text", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.engine(events.Catalog).Stream(t.Context(), r.client, stretch(t, r.name, "0", end)); !errors.Is(err, replay.ErrNoStream) {
		t.Errorf("a key of another type: %v", err)
	}
}

// TestStreamEndsWhereItEndedAtStart: what comes while it reads is the service's.
func TestStreamEndsWhereItEndedAtStart(t *testing.T) {
	f, r := newFixture(t), newRedisStream(t)
	for i := range 40 {
		r.add(f.of("Paused", paused(i)))
	}
	engine := f.engine(events.Catalog, func(o *replay.Options) {
		o.Progress = func(int, int) { r.add(f.of("Paused", paused(100+f.entries))) }
	})
	got, err := engine.Stream(t.Context(), r.client, stretch(t, r.name, "0", end))
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, replay.Stream{Entries: 40, Events: 40, Inserted: 40})
}

// TestStreamThroughFaults: connections to both servers are cut again and again.
func TestStreamThroughFaults(t *testing.T) {
	f := newFixture(t)
	client, err := stream.Connect(testenv.OwnRedis(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	r := &redisStream{t, client, "events"}
	const n = 1000
	for i := range n {
		r.add(f.of("Paused", paused(i)))
	}
	cuts := 0
	engine := f.engine(events.Catalog, func(o *replay.Options) {
		o.Progress = func(int, int) {
			cuts++
			f.query("SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity " +
				"WHERE datname = current_database() AND pid <> pg_backend_pid()")
			if err := client.Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no").Err(); err != nil {
				t.Log(err)
			}
		}
	})
	got, err := engine.Stream(t.Context(), client, stretch(t, r.name, "0", end))
	if err != nil || cuts < 5 {
		t.Fatalf("%d cuts: %v", cuts, err)
	}
	wantSame(t, got, replay.Stream{Entries: n, Events: n, Inserted: n})
}

// TestServerThatIsAway: after a few attempts it is an error, and what was done stays.
func TestServerThatIsAway(t *testing.T) {
	t.Parallel()
	server := testenv.OwnPostgres(t)
	f := newFixtureOn(t, server.URL()+"&synchronous_commit=on")
	const n = 1000
	f.many(n)
	down := f.engine(events.Catalog, func(o *replay.Options) {
		o.Progress = func(int, int) {
			if err := server.Signal(os.Kill); err != nil {
				t.Error(err)
			}
			f.pool.Reset() // a session outlives its server by a moment, and nobody gets another one
		}
	})
	some, err := down.Letters(t.Context(), pg.Choice{})
	if err == nil || some.Replayed == 0 || some.Replayed == n {
		t.Fatalf("got %+v, %v", some, err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.pool.Reset()
	rest, err := f.engine(events.Catalog).Letters(t.Context(), pg.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, rest, replay.Letters{Replayed: n - some.Replayed, Inserted: n - some.Replayed})
	f.wantRows("paused_events", n)
}

func TestParsePosition(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"0":                           {"0-0", "0-18446744073709551615"},
		"0-0":                         {"0-0", "0-0"},
		"1735689600000":               {"1735689600000-0", "1735689600000-18446744073709551615"},
		"1735689600000-7":             {"1735689600000-7", "1735689600000-7"},
		"2025-01-01T00:00:00Z":        {"1735689600000-0", "1735689600000-18446744073709551615"},
		"2025-01-01T01:00:00.5+01:00": {"1735689600500-0", "1735689600500-18446744073709551615"},
		end + "-" + end:               {end + "-" + end, end + "-" + end},
	} {
		first, last, err := replay.ParsePosition(text)
		if err != nil || first.String() != want[0] || last.String() != want[1] {
			t.Errorf("%s: got %s, %s, %v, want %v", text, first, last, err, want)
		}
	}
	for _, text := range []string{
		"", "-", "+", "$", "yesterday", "2025-01-01", "2025-01-01 00:00:00", "1-", "-1", "1-2-3", "0x10", "1e3", "18446744073709551616",
		"1969-12-31T23:59:59Z", time.Now().Add(time.Hour).Format(time.RFC3339),
	} {
		if _, _, err := replay.ParsePosition(text); err == nil || !strings.Contains(err.Error(), "; hint: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
