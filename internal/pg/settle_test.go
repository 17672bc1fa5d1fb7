package pg_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
)

// letter is one that says what was wrong at first.
func (f *fixture) letter(o event.Origin) event.DeadLetter {
	return event.DeadLetter{Origin: o, EventName: "Deposited", Network: f.network, Reason: event.ReasonInvalidField,
		Detail: "at first", Payload: []byte("raw")}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	t.Run("a letter becomes replayed together with its row, or says what is wrong now", func(t *testing.T) {
		f := newFixture(t, pool)
		items := f.many(2, 1)
		refused := f.again(items[:1])[0] // conflicts
		refused.Row = f.deposited(1, 0, func(d *events.Deposited) { d.VaultType = 9 }).Row
		origins := []event.Origin{items[0].Origin, items[1].Origin, refused.Origin}
		f.writeBatch(counts{DeadLetters: 3}, &event.Batch{DeadLetters: []event.DeadLetter{
			f.letter(origins[0]), f.letter(origins[1]), f.letter(origins[2]),
		}})
		f.writeBatch(counts{Inserted: 2, DeadLetters: 1}, &event.Batch{
			Items: append(slices.Clone(items), refused), Settles: origins,
		})
		f.want(letters,
			"1700000000000-1 0 invalid_field replayed 2",
			"1700000000000-2 0 invalid_field replayed 2",
			"1700000000000-3 0 key_conflict open 2")
		if detail := f.query("SELECT detail FROM dead_letters WHERE stream = $1 AND state = 'open'")[0]; !strings.Contains(detail, "another event") {
			t.Errorf("the detail is that of before: %s", detail)
		}
	})
	for _, state := range []string{"replayed", "discarded", "written", "gone"} {
		t.Run("nothing is written where a letter is "+state, func(t *testing.T) {
			f := newFixture(t, pool)
			item, other := f.deposited(1, 0), f.deposited(1, 1)
			f.writeBatch(counts{DeadLetters: 2}, &event.Batch{DeadLetters: []event.DeadLetter{
				f.letter(item.Origin), f.letter(other.Origin),
			}})
			if state == "gone" {
				f.exec("DELETE FROM dead_letters WHERE message_id = '1700000000000-1' AND stream = '" + f.network + "'")
			} else {
				f.exec("UPDATE dead_letters SET state = '" + state + "' WHERE message_id = '1700000000000-1' AND stream = '" + f.network + "'")
			}
			before := f.query("SELECT d::text FROM dead_letters AS d WHERE stream = $1")
			batch := &event.Batch{
				Items: []event.Item{item, other}, Settles: []event.Origin{item.Origin, other.Origin},
			}
			if _, err := f.writer.Write(t.Context(), batch); !errors.Is(err, pg.ErrSettled) {
				t.Errorf("got %v", err)
			}
			f.wantRows("deposited_events", 0)
			f.want("SELECT d::text FROM dead_letters AS d WHERE stream = $1", before...)
			f.want(blocks)
		})
	}
	t.Run("a letter whose row differs from the event becomes written", func(t *testing.T) {
		f := newFixture(t, pool)
		item := f.deposited(1, 0)
		f.writeBatch(counts{DeadLetters: 1}, &event.Batch{DeadLetters: []event.DeadLetter{f.letter(item.Origin)}})
		annotation := item.Letter(event.ReasonNUL, "replaced")
		annotation.Written = true
		f.writeBatch(counts{Inserted: 1, DeadLetters: 1}, &event.Batch{
			Items: []event.Item{item}, DeadLetters: []event.DeadLetter{annotation}, Settles: []event.Origin{item.Origin},
		})
		f.want(letters, "1700000000000-1 0 nul_in_text written 2")
	})
}

// TestLetterSeenAgain: what is wrong with an open letter is what was found last, and people's word stands.
func TestLetterSeenAgain(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	for _, c := range []struct {
		state   string
		written bool
		want    string
	}{
		{"open", false, "rejected|now|23514|open"},
		{"open", true, "rejected|now|23514|written"},
		{"replayed", false, "invalid_field|at first|replayed"},
		{"discarded", false, "invalid_field|at first|discarded"},
		{"discarded", true, "invalid_field|at first|discarded"},
		{"written", false, "invalid_field|at first|written"},
	} {
		t.Run(fmt.Sprintf("%s, written %t", c.state, c.written), func(t *testing.T) {
			f := newFixture(t, pool)
			l := f.letter(f.origin())
			f.writeBatch(counts{DeadLetters: 1}, &event.Batch{DeadLetters: []event.DeadLetter{l}})
			f.exec("UPDATE dead_letters SET state = '" + c.state + "' WHERE stream = '" + f.network + "'")
			l.Reason, l.Detail, l.SQLState, l.Written, l.Payload = event.ReasonRejected, "now", "23514", c.written, []byte("other")
			f.writeBatch(counts{DeadLetters: 1}, &event.Batch{DeadLetters: []event.DeadLetter{l}})
			f.want("SELECT concat_ws('|', reason_code, detail, sqlstate, state) FROM dead_letters WHERE stream = $1", c.want)
			f.want("SELECT concat_ws(' ', attempts, convert_from(payload, 'UTF8')) FROM dead_letters WHERE stream = $1", "2 raw")
		})
	}
}

func TestLetters(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	ctx, all := t.Context(), pg.NewLetters(f.pool)
	for i, reason := range []event.Reason{event.ReasonRejected, event.ReasonInvalidField, event.ReasonInvalidField, event.ReasonNotJSON} {
		l := f.letter(f.origin())
		l.Reason = reason
		if reason == event.ReasonNotJSON {
			l.Index, l.EventName, l.Network, l.SQLState = event.WholeMessage, "", "", "22000"
		} else {
			l.SignatureHash = number(int64(i + 1))
		}
		f.writeBatch(counts{DeadLetters: 1}, &event.Batch{DeadLetters: []event.DeadLetter{l}})
	}
	f.exec("UPDATE dead_letters SET state = 'discarded' WHERE message_id = '1700000000000-3'")

	t.Run("are listed, the last ones first, without their payloads", func(t *testing.T) {
		listed, err := all.List(ctx, pg.Choice{State: pg.StateOpen}, 2)
		if err != nil || len(listed) != 2 {
			t.Fatalf("%d letters, %v", len(listed), err)
		}
		l := listed[0]
		if l.MessageID != "1700000000000-4" || l.Index != -1 || l.SQLState != "22000" || l.PayloadBytes != 3 || l.Payload != nil ||
			l.State != pg.StateOpen || l.Attempts != 1 || time.Since(l.LastSeen).Abs() > time.Hour || l.Detail != "at first" {
			t.Errorf("got %+v", l)
		}
		if listed[1].MessageID != "1700000000000-2" || listed[1].SignatureHash != number(2) {
			t.Errorf("got %+v", listed[1])
		}
	})
	t.Run("are counted by reason", func(t *testing.T) {
		for c, want := range map[pg.Choice]string{
			{}:                               "[{invalid_field 2} {not_json 1} {rejected 1}]",
			{State: pg.StateOpen}:            "[{invalid_field 1} {not_json 1} {rejected 1}]",
			{Reason: event.ReasonRejected}:   "[{rejected 1}]",
			{Event: "Deposited"}:             "[{invalid_field 2} {rejected 1}]",
			{Stream: "nobody's"}:             "[]",
			{State: pg.StateWritten}:         "[]",
			{Stream: f.network, Event: "No"}: "[]",
		} {
			if got, err := all.Count(ctx, c); err != nil || fmt.Sprint(got) != want {
				t.Errorf("%+v: got %v, %v, want %s", c, got, err, want)
			}
		}
	})
	t.Run("are found by their place", func(t *testing.T) {
		o := event.Origin{Stream: f.network, MessageID: "1700000000000-3"}
		l, err := all.Find(ctx, o)
		if err != nil || string(l.Payload) != "raw" || l.State != pg.StateDiscarded || l.Origin != o {
			t.Errorf("got %+v, %v", l, err)
		}
		if state, err := all.State(ctx, o); err != nil || state != pg.StateDiscarded {
			t.Errorf("got %s, %v", state, err)
		}
		o.Index = 7
		if _, err := all.Find(ctx, o); !errors.Is(err, pg.ErrNoLetter) {
			t.Error(err)
		}
		if _, err := all.State(ctx, o); !errors.Is(err, pg.ErrNoLetter) {
			t.Error(err)
		}
	})
	t.Run("are discarded while they are open", func(t *testing.T) {
		o := event.Origin{Stream: f.network, MessageID: "1700000000000-2"}
		for _, want := range []bool{true, false} {
			if was, err := all.Discard(ctx, o); err != nil || was != want {
				t.Errorf("got %t, %v", was, err)
			}
		}
		start, err := all.Now(ctx)
		if err != nil {
			t.Fatal(err)
		}
		f.exec("UPDATE dead_letters SET first_seen = now() + interval '1 hour' WHERE message_id = '1700000000000-4'")
		for _, want := range []int{1, 0} { // the other one is from after the start
			if n, err := all.DiscardSome(ctx, pg.Choice{}, start); err != nil || n != want {
				t.Errorf("got %d, %v", n, err)
			}
		}
		f.want(letters, "1700000000000-1 0 rejected discarded 1", "1700000000000-2 0 invalid_field discarded 1",
			"1700000000000-3 0 invalid_field discarded 1", "1700000000000-4 -1 not_json 22000 open 1")
	})
}
