package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
)

// TestReplayFrom: rows that were deleted come back while the service runs, and the others stay as they are.
func TestReplayFrom(t *testing.T) {
	s := newSite(t)
	const n = 500
	s.deposit(s.key, 0, n)
	service := startService(t, s.settings()...)
	awaitRows(t, s.db, n)
	ids, err := s.client.XRange(t.Context(), s.key, "-", "+").Result()
	if err != nil || len(ids) != n {
		t.Fatalf("%d entries, %v", len(ids), err)
	}
	s.exec("UPDATE deposited_events SET created_at = '2025-01-01'")
	s.exec("DELETE FROM deposited_events WHERE log_index % 2 = 0")
	standing := s.number("SELECT count(*) FROM deposited_events")

	s.wantRun(exitDone, []string{"STREAM", "ENTRIES", "REPLAYED LETTERS", s.key}, "replay", "--from", ids[n-10].ID)
	if got := s.number("SELECT count(*) FROM deposited_events"); got != standing+5 {
		t.Errorf("%d rows after the last 10 entries, %d before", got, standing)
	}
	s.deposit(s.key, n, n+10) // while it runs
	var report struct {
		Streams []struct {
			Stream                                string
			Entries, Events, Inserted, Duplicates int
			Replayed                              int  `json:"replayed_dead_letters"`
			Deleted                               bool `json:"entries_deleted"`
		}
	}
	from := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	s.asJSON(exitDone, &report, "replay", "--from", from, "--to", ids[n-1].ID)
	if len(report.Streams) != 1 {
		t.Fatalf("got %+v", report)
	}
	if got := report.Streams[0]; got.Stream != s.key || got.Entries != n || got.Events != n || got.Inserted != n-standing-5 ||
		got.Duplicates != standing+5 || got.Deleted {
		t.Errorf("got %+v, %d stood", got, standing)
	}
	awaitRows(t, s.db, n+10)
	service.signal(syscall.SIGTERM)
	expect(t, exitDone, service.wait(), service.output())
	compareLedger(t, s.db, n+10)
	if got := s.number("SELECT count(*) FROM deposited_events WHERE created_at = '2025-01-01'"); got != standing {
		t.Errorf("%d rows of %d are as they were", got, standing)
	}

	if err := s.client.XTrimMaxLen(t.Context(), s.key, 10).Err(); err != nil {
		t.Fatal(err)
	}
	var gone []string
	if s.client.XInfoStream(t.Context(), s.key).Val().EntriesAdded > 0 { // from Redis 7 on
		gone = []string{"were deleted from Redis"}
	}
	s.wantRun(exitDone, gone, "replay", "--from", "0")
	if err := s.client.Del(t.Context(), s.key+"2").Err(); err != nil {
		t.Fatal(err)
	}
	code, output := command(t, s.settings("REDIS_STREAMS="+s.key+","+s.key+"2"), "replay", "--from", "0")
	expect(t, exitFailed, code, output, s.key+"2", "no such stream", "; hint: ")
	s.wantRun(exitFailed, []string{"no such stream"}, "replay", "--from", "0", "--stream", s.key+"2")
	s.wantRun(exitDone, nil, "replay", "--from", "0", "--stream", s.key, "--stream", s.key)
}

// TestReplayFromSettlesLetters: reading entries again replays the dead letters that they were.
func TestReplayFromSettlesLetters(t *testing.T) {
	s := newSite(t)
	s.exec(refuseSome)
	s.deposit(s.key, 0, 30)
	s.serve(20, 10)
	s.exec("ALTER TABLE deposited_events DROP CONSTRAINT few")
	s.wantRun(exitDone, []string{s.key}, "replay", "--from", "0")
	if n := s.number("SELECT count(*) FROM dead_letters WHERE state = 'replayed' AND attempts = 2"); n != 10 {
		t.Errorf("%d letters replayed, want 10", n)
	}
	s.exec("DELETE FROM dead_letters")
	compareLedger(t, s.db, 30)
}

// TestReplayGeneric: events that a service wrote before it knew their ABI are moved to their table.
func TestReplayGeneric(t *testing.T) {
	s := newSite(t)
	s.wantRun(exitDone, []string{"there are no generic events that an ABI describes"}, "replay", "--generic")
	pool, err := pg.Connect(t.Context(), s.database, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	const n = 200
	var messages []event.Message
	for i := range n {
		messages = append(messages, event.Message{
			Stream: s.key, ID: fmt.Sprintf("1700000000000-%d", i), HasPayload: true, Payload: depositedMessage(deposit{i}.json()),
		})
	}
	strange := strings.Replace(deposit{n}.json(), `"shares":"5"`, `"shares":"many"`, 1)
	messages = append(messages, event.Message{
		Stream: s.key, ID: "1700000000001-0", HasPayload: true, Payload: depositedMessage(strange),
	})
	var before []*event.Definition
	for _, d := range events.Catalog.All() {
		if d.Name != "Deposited" {
			before = append(before, d)
		}
	}
	writer := pg.NewWriter(pool, pg.Options{Finality: func(int64) int64 { return 1000 }, MaxRefusals: 1})
	batch := ingest.NewDecider(event.NewCatalog(before...), 1<<20).Decide(messages)
	if _, err := writer.Write(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if got := s.number("SELECT count(*) FROM generic_events"); got != n+1 {
		t.Fatalf("%d generic events, want %d", got, n+1)
	}
	var done struct {
		Moved, Duplicates int
		Stayed            map[string]struct {
			Events      int
			Detail      string
			BlockNumber int `json:"block_number"`
		}
	}
	s.asJSON(exitDone, &done, "replay", "--generic")
	if stayed := done.Stayed["invalid_field"]; done.Moved != n || done.Duplicates != 0 || len(done.Stayed) != 1 || stayed.Events != 1 ||
		stayed.BlockNumber != (deposit{n}).block() || !strings.Contains(stayed.Detail, "shares") {
		t.Errorf("got %+v", done)
	}
	compareLedger(t, s.db, n)
	s.wantRun(exitDone, []string{"moved", "stay in generic_events", "invalid_field", "for example Deposited of network intuition"},
		"replay", "--generic")
	if got := s.number("SELECT count(*) FROM generic_events"); got != 1 {
		t.Errorf("%d generic events are left, want 1", got)
	}
}

func TestReplayWrongUse(t *testing.T) {
	s := newSite(t)
	later := time.Now().Add(time.Hour).Format(time.RFC3339)
	for _, args := range [][]string{
		nil, {"--from", "yesterday"}, {"--from", later}, {"--from", "0", "--to", "x"}, {"--from", "5-0", "--to", "4-9"},
		{"--to", "1-0"}, {"--stream", s.key}, {"--generic", "--from", "0"}, {"--generic", "--stream", s.key}, {"--generic", "--to", "1-0"},
	} {
		code, output := command(t, s.settings(), append([]string{"replay"}, args...)...)
		expect(t, exitUsage, code, output, "; hint: ")
	}
	code, output := command(t, s.settings(), "replay", "--from", "postgres://u:"+canary+"@h/db")
	expect(t, exitUsage, code, output, "; hint: ")
	noPassword(t, output)
	code, output = command(t, s.settings("REDIS_URL=redis://127.0.0.1:1"), "replay", "--from", "0")
	expect(t, exitFailed, code, output, "; hint: ")
}
