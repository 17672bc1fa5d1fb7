package replay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/replay"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// cause is one way in which messages become dead letters, and how it is mended.
type cause struct {
	reason  event.Reason
	message event.Message
	// payload is what the message should have been, where it is at fault itself; a hand puts it into the letter.
	payload string
	// letters is how many there are, of the items or of the message.
	letters int
}

// causes returns one of each reason. What is wrong with the events that are not at fault: account is read as another
// type, version must not be 13, another row stands in place 60, messages may have 1 MiB.
func causes(f *fixture) []cause {
	big := envelope(f, "Paused", paused(70), fmt.Sprintf(`{"account":"0x%040x",%s,"padding":%q}`, 71, at(71),
		strings.Repeat("x", maxPayload)))
	notice := `{"event_name":"__rindexer_reorg","network":"net","event_data":[{"network":"net","fork_block":%s,"depth":2}]}`
	good := func(n int) string { return envelope(f, "ProtocolFeeAccrued", accrued(n), accrued(n+1)) }
	return []cause{
		{event.ReasonMissingField, f.of("Paused", paused(10), paused(11), paused(12)), "", 3},
		{event.ReasonInvalidField, f.of("Unpaused", paused(20), paused(21)), "", 2},
		{event.ReasonRejected, f.of("Initialized", initialized(30, 1), initialized(31, 13), initialized(32, 2)), "", 1},
		{event.ReasonKeyConflict, f.of("ProtocolFeeAccrued", accrued(60)), "", 1},
		{event.ReasonPayloadTooLarge, f.message(big), "", 1},
		{event.ReasonNotJSON, f.message("{"), good(100), 1},
		{event.ReasonNotObject, f.message("7"), good(110), 1},
		{event.ReasonEnvelope, f.message(`{"event_name":"Paused","event_data":1}`), good(120), 1},
		{event.ReasonNameless, f.message(`{"event_data":[{}]}`), good(130), 1},
		{event.ReasonItemNotObject, f.of("Paused", paused(40), "7"), paused(41), 2},
		{event.ReasonNoMetadata, f.of("ProtocolFeeAccrued", accrued(50), "{}"), accrued(51), 1},
		{event.ReasonInvalidField, f.message(fmt.Sprintf(notice, `"x"`)),
			`{"network":"net","fork_block":7,"depth":2}`, 1},
	}
}

// mended is what a producer without fault would have sent.
func (c cause) mended() event.Message {
	m := c.message
	switch {
	case c.payload == "":
	case c.reason == event.ReasonItemNotObject:
		m.Payload = strings.Replace(m.Payload, ",7]", ","+c.payload+"]", 1)
	case c.reason == event.ReasonNoMetadata:
		m.Payload = strings.Replace(m.Payload, ",{}]", ","+c.payload+"]", 1)
	case c.reason == event.ReasonInvalidField:
		m.Payload = strings.Replace(m.Payload, `"x"`, "7", 1)
	default:
		m.Payload = c.payload
	}
	return m
}

// atFault is the catalog that makes letters of what causes returns.
var atFault = mistaken(map[string]func(event.Decoder){"Paused": lacking, "Unpaused": another})

const unlucky = "ALTER TABLE initialized_events ADD CONSTRAINT lucky CHECK (version <> 13)"

// TestLettersOfEveryReason: once the cause is mended, every dead letter is moved to its table exactly once, and the
// tables are those that the messages would have made without it.
func TestLettersOfEveryReason(t *testing.T) {
	f := newFixture(t)
	f.exec(unlucky)
	standing := strings.Replace(accrued(60), fmt.Sprintf("%064x", 6), fmt.Sprintf("%064x", 999), 1) // another block hash
	f.ingest(atFault, f.of("ProtocolFeeAccrued", standing))
	all := causes(f)
	total := 0
	for _, c := range all {
		f.ingest(atFault, c.message)
		total += c.letters
	}
	f.wantStates(fmt.Sprintf("open %d", total))
	missing := event.Message{Stream: streamName, ID: "1800000000000-0", Fields: map[string]string{"a": "1"}}
	f.ingest(atFault, missing)
	// Of those that are not here one annotates rows, and one is for mistakes of ours that no message is known to show.
	f.want("SELECT DISTINCT reason_code FROM dead_letters ORDER BY 1", slices.DeleteFunc(slices.Sorted(slices.Values(
		event.Map(event.Reasons(), func(r event.Reason) string { return string(r) }))),
		func(r string) bool { return r == string(event.ReasonNUL) || r == string(event.ReasonPanic) })...)

	// Nothing is mended: all stay, and tell so.
	got, err := f.engine(atFault).Letters(t.Context(), pg.Choice{})
	if err != nil || got.Replayed != 0 || got.Inserted != 0 {
		t.Fatalf("got %+v, %v", got, err)
	}
	f.wantStates(fmt.Sprintf("open %d", total+1))
	f.want("SELECT DISTINCT attempts::text FROM dead_letters", "2")

	f.exec("ALTER TABLE initialized_events DROP CONSTRAINT lucky")
	f.exec("DELETE FROM protocol_fee_accrued_events WHERE block_number = 6")
	direct := newFixtureOn(t, testenv.Database(t))
	for _, c := range all {
		direct.ingestUpTo(8*maxPayload, events.Catalog, c.mended())
		if c.payload != "" {
			f.exec("UPDATE dead_letters SET payload = $1 WHERE message_id = $2 AND reason_code = $3",
				[]byte(c.payload), c.message.ID, string(c.reason))
		}
	}
	mended := f.engine(events.Catalog, func(o *replay.Options) { o.MaxPayload = 8 * maxPayload })
	got, err = mended.Letters(t.Context(), pg.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	want := replay.Letters{Replayed: total, Open: map[event.Reason]int{event.ReasonPayloadMissing: 1}, Inserted: 20}
	wantSame(t, got, want)
	f.wantStates("open 1", fmt.Sprintf("replayed %d", total))
	f.wantDigest(direct.digest())

	before := f.digest()
	got, err = mended.Letters(t.Context(), pg.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, replay.Letters{Open: map[event.Reason]int{event.ReasonPayloadMissing: 1}})
	f.wantDigest(before)
}

func TestLetters(t *testing.T) {
	t.Parallel()
	t.Run("of which half are still at fault say what is wrong now", func(t *testing.T) {
		f := newFixture(t)
		f.ingest(atFault, f.of("Paused", paused(1), paused(2)), f.of("Unpaused", paused(3), paused(4)))
		f.exec("ALTER TABLE unpaused_events ADD CONSTRAINT few CHECK (log_index <> 4)")
		got, err := f.engine(mistaken(map[string]func(event.Decoder){"Paused": another})).Letters(t.Context(), pg.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, replay.Letters{
			Replayed: 1, Inserted: 1, Open: map[event.Reason]int{event.ReasonInvalidField: 2, event.ReasonRejected: 1},
		})
		f.want(letters,
			"1700000000000-1 0 invalid_field open 2", "1700000000000-1 1 invalid_field open 2",
			"1700000000000-2 0 invalid_field replayed 2", "1700000000000-2 1 rejected open 2")
		f.want("SELECT sqlstate FROM dead_letters WHERE reason_code = 'rejected'", "23514")
		if detail := f.query("SELECT detail FROM dead_letters WHERE reason_code = 'rejected'")[0]; !strings.Contains(detail, "few") {
			t.Errorf("the detail is that of before: %s", detail)
		}
	})
	t.Run("that are discarded are left alone", func(t *testing.T) {
		f := newFixture(t)
		f.ingest(atFault, f.of("Paused", paused(1), paused(2)))
		f.exec("UPDATE dead_letters SET state = 'discarded' WHERE event_index = 0")
		const discarded = "SELECT concat_ws(' ', d.xmin, d) FROM dead_letters AS d WHERE event_index = 0"
		before := f.query(discarded)
		if got, err := f.engine(events.Catalog).Letters(t.Context(), pg.Choice{}); err != nil || got.Replayed != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
		got, err := f.engine(events.Catalog).Named(t.Context(), []event.Origin{{Stream: streamName, MessageID: "1700000000000-1"}})
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, replay.Letters{})
		f.want(discarded, before...)
		f.want("SELECT log_index::text FROM paused_events", "2")
	})
	t.Run("are chosen by stream, reason and event", func(t *testing.T) {
		for name, c := range map[string]pg.Choice{
			"stream": {Stream: "other"}, "reason": {Reason: event.ReasonInvalidField}, "event": {Event: "Initialized"},
		} {
			t.Run(name, func(t *testing.T) {
				f := newFixture(t)
				f.exec(unlucky)
				other := f.of("Paused", paused(4))
				other.Stream = "other"
				f.ingest(atFault, f.of("Paused", paused(1)), f.of("Unpaused", paused(2)), f.of("Initialized", initialized(3, 13)), other)
				f.exec("ALTER TABLE initialized_events DROP CONSTRAINT lucky")
				got, err := f.engine(events.Catalog).Letters(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				wantSame(t, got, replay.Letters{Replayed: 1, Inserted: 1})
				f.want(`SELECT DISTINCT concat_ws(' ', stream = 'other', reason_code = 'invalid_field', event_name = 'Initialized')
					FROM dead_letters WHERE state = 'replayed'`,
					map[string]string{"stream": "t f f", "reason": "f t f", "event": "f f t"}[name])
			})
		}
	})
	t.Run("whose rows stand already are replayed", func(t *testing.T) {
		f := newFixture(t)
		m := f.of("Paused", paused(1), paused(2))
		f.ingest(atFault, m)
		f.ingest(events.Catalog, m)
		before := f.physical("paused_events")
		got, err := f.engine(events.Catalog).Letters(t.Context(), pg.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, replay.Letters{Replayed: 2, Duplicates: 2})
		if !slices.Equal(f.physical("paused_events"), before) {
			t.Error("rows were touched")
		}
	})
	t.Run("of an event that no ABI describes any more go to generic_events", func(t *testing.T) {
		f := newFixture(t)
		f.ingest(atFault, f.of("Paused", paused(1)))
		got, err := f.engine(without(t, "Paused")).Letters(t.Context(), pg.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, replay.Letters{Replayed: 1, Inserted: 1})
		f.want("SELECT event_name || event_data FROM generic_events", `Paused{"account": "0x0000000000000000000000000000000000000001"}`)
	})
	t.Run("whose row differs from the event are written", func(t *testing.T) {
		f := newFixture(t)
		m := f.message(`{"event_name":"Odd","event_signature_hash":"0x` + strings.Repeat("ab", 32) +
			`","event_data":[{"text":"a\u0000b",` + at(1) + `},{"text":"c",` + at(2) + `}]}`)
		f.exec("ALTER TABLE generic_events ADD CONSTRAINT even CHECK (event_name <> 'Odd')")
		f.ingest(events.Catalog, m)
		f.wantStates("open 2")
		f.exec("ALTER TABLE generic_events DROP CONSTRAINT even")
		got, err := f.engine(events.Catalog).Letters(t.Context(), pg.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, replay.Letters{Replayed: 1, Written: 1, Inserted: 2})
		f.want(letters, "1700000000000-1 0 nul_in_text written 2", "1700000000000-1 1 rejected replayed 2")
		direct := newFixtureOn(t, testenv.Database(t))
		direct.ingest(events.Catalog, m)
		f.wantDigest(direct.digest())
	})
	t.Run("of messages without topic0", func(t *testing.T) {
		f := newFixture(t)
		m := f.message(`{"event_name":"Paused","event_data":[` + paused(1) + `]}`)
		f.ingest(atFault, m)
		f.want("SELECT (event_signature_hash IS NULL)::text FROM dead_letters", "true")
		if got, err := f.engine(events.Catalog).Letters(t.Context(), pg.Choice{}); err != nil || got.Replayed != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
		f.wantRows("paused_events", 1)
	})
	t.Run("of a whole message leave letters of the items that are at fault", func(t *testing.T) {
		f := newFixture(t)
		m := f.of("Paused", paused(1), `{"account":"0x12",`+at(2)+`}`, paused(3))
		small := ingest.NewDecider(events.Catalog, 100).Decide([]event.Message{m})
		if _, err := f.writer.Write(t.Context(), small); err != nil {
			t.Fatal(err)
		}
		f.want(letters, "1700000000000-1 -1 payload_too_large open 1")
		got, err := f.engine(events.Catalog).Letters(t.Context(), pg.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, replay.Letters{Replayed: 1, Inserted: 2, Open: map[event.Reason]int{event.ReasonInvalidField: 1}})
		f.want(letters, "1700000000000-1 -1 payload_too_large replayed 2", "1700000000000-1 1 invalid_field open 1")
	})
	t.Run("that a hand has made something else than JSON do not break out", func(t *testing.T) {
		f := newFixture(t)
		f.ingest(atFault, f.of("Paused", paused(1)))
		f.exec("UPDATE dead_letters SET payload = $1", []byte(paused(1)+`,`+paused(2)))
		got, err := f.engine(events.Catalog).Letters(t.Context(), pg.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, replay.Letters{Open: map[event.Reason]int{event.ReasonNotJSON: 1}})
		f.wantRows("paused_events", 0)
	})
	t.Run("keep the place in the stream at which the block was seen", func(t *testing.T) {
		f := newFixture(t)
		f.ingest(atFault, f.of("Paused", paused(1)))
		const seen = "SELECT concat_ws(' ', stream, number, first_position, last_position) FROM blocks"
		if _, err := f.engine(events.Catalog).Letters(t.Context(), pg.Choice{}); err != nil {
			t.Fatal(err)
		}
		f.want(seen, "events 0 170000000000000000000000000000001 170000000000000000000000000000001")
	})
}

func TestNamedLetters(t *testing.T) {
	f := newFixture(t)
	f.ingest(atFault, f.of("Paused", paused(1), paused(2), paused(3)))
	name := func(i int) event.Origin {
		return event.Origin{Stream: streamName, MessageID: "1700000000000-1", Index: i}
	}
	got, err := f.engine(events.Catalog).Named(t.Context(), []event.Origin{name(2), name(0), name(2)})
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, replay.Letters{Replayed: 2, Inserted: 2})
	f.want("SELECT log_index::text FROM paused_events ORDER BY 1", "1", "3")
	if _, err := f.engine(events.Catalog).Named(t.Context(), []event.Origin{name(9)}); !errors.Is(err, pg.ErrNoLetter) {
		t.Errorf("a letter that does not exist: %v", err)
	}
}

// many writes so many dead letters, a few a message, and returns the messages.
func (f *fixture) many(n int) []event.Message {
	f.Helper()
	var messages []event.Message
	for i := 0; i < n; i += 10 {
		items := make([]string, 10)
		for k := range items {
			items[k] = paused(i + k)
		}
		messages = append(messages, f.of("Paused", items...))
	}
	f.ingest(atFault, messages...)
	f.wantStates(fmt.Sprintf("open %d", n))
	return messages
}

// TestLettersCutOff: a replay that is cut off has moved some letters, and another one moves the rest.
func TestLettersCutOff(t *testing.T) {
	f := newFixture(t)
	const n = 2000
	f.many(n)
	ctx, cancel := context.WithCancel(t.Context())
	first := f.engine(events.Catalog, func(o *replay.Options) {
		o.Progress = func(done, total int) {
			if done > n/3 {
				cancel()
			}
		}
	})
	some, err := first.Letters(ctx, pg.Choice{})
	if !errors.Is(err, context.Canceled) || some.Replayed == 0 || some.Replayed == n {
		t.Fatalf("cut off: %+v, %v", some, err)
	}
	f.wantRows("paused_events", some.Replayed)
	f.wantStates(fmt.Sprintf("open %d", n-some.Replayed), fmt.Sprintf("replayed %d", some.Replayed))
	rest, err := f.engine(events.Catalog).Letters(t.Context(), pg.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, rest, replay.Letters{Replayed: n - some.Replayed, Inserted: n - some.Replayed})
	f.wantRows("paused_events", n)
	f.wantStates(fmt.Sprintf("replayed %d", n))
}

// TestLettersAtOnce: several replays, a service that is given the same entries again, and somebody who discards: each
// letter has one outcome, and each event one row at most.
func TestLettersAtOnce(t *testing.T) {
	f := newFixture(t)
	const n = 2000
	messages := f.many(n)
	var replayed, inserted atomic.Int64
	var group errgroup.Group
	for range 3 {
		group.Go(func() error {
			got, err := f.engine(events.Catalog).Letters(t.Context(), pg.Choice{})
			replayed.Add(int64(got.Replayed))
			inserted.Add(int64(got.Inserted))
			return err
		})
	}
	group.Go(func() error {
		writer, decider := pg.NewWriter(f.pool, writerOptions), ingest.NewDecider(events.Catalog, maxPayload)
		for page := range slices.Chunk(messages, 20) {
			for {
				result, err := writer.Write(t.Context(), decider.Decide(page))
				if pg.Classify(err) == pg.Transient && err != nil && t.Context().Err() == nil {
					continue // as the loop does
				}
				if err != nil {
					return err
				}
				inserted.Add(int64(result.Inserted))
				break
			}
		}
		return nil
	})
	discarded := 0
	group.Go(func() error {
		for i := range messages {
			if i%7 != 0 {
				continue
			}
			o := event.Origin{Stream: streamName, MessageID: messages[len(messages)-1-i].ID, Index: 3}
			was, err := pg.NewLetters(f.pool).Discard(t.Context(), o)
			if err != nil {
				return err
			}
			if was {
				discarded++
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d replayed, %d discarded", replayed.Load(), discarded)
	if int(replayed.Load())+discarded != n || inserted.Load() != n {
		t.Errorf("%d replayed, %d discarded, %d inserted, of %d", replayed.Load(), discarded, inserted.Load(), n)
	}
	f.wantRows("paused_events", n)
	want := []string{fmt.Sprintf("replayed %d", n-discarded)}
	if discarded > 0 {
		want = slices.Insert(want, 0, fmt.Sprintf("discarded %d", discarded))
	}
	f.wantStates(want...)
}

// TestLargeLetters: pages are bounded by their bytes, and a letter above that comes alone.
func TestLargeLetters(t *testing.T) {
	f := newFixture(t)
	const most = 40 << 20
	padded := func(n, size int) event.Message {
		return f.message(envelope(f, "Paused", paused(n), fmt.Sprintf(`{"account":"0x%040x",%s,"padding":%q}`, n, at(n+1),
			strings.Repeat("x", size))))
	}
	for n, size := range []int{9 << 20, 9 << 20, 20 << 20, 1 << 20, 2 << 20, 9 << 20} {
		f.ingest(events.Catalog, padded(10*n, size))
	}
	var pages []int
	engine := f.engine(events.Catalog, func(o *replay.Options) {
		o.MaxPayload = most
		o.Progress = func(done, _ int) { pages = append(pages, done) }
	})
	got, err := engine.Letters(t.Context(), pg.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, replay.Letters{Replayed: 6, Inserted: 12})
	if want := []int{1, 2, 3, 6}; !slices.Equal(pages, want) {
		t.Errorf("pages end at %v, want %v", pages, want)
	}
}

// TestLettersOfAnUnknownRefusal: all of a page is refused for a reason that could be the server's, and is not.
func TestLettersOfAnUnknownRefusal(t *testing.T) {
	f := newFixture(t)
	f.many(20)
	f.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = 'XY123'; END $$`)
	f.exec("CREATE TRIGGER refuse BEFORE INSERT ON paused_events FOR EACH ROW EXECUTE FUNCTION refuse()")
	got, err := f.engine(events.Catalog).Letters(t.Context(), pg.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, replay.Letters{Open: map[event.Reason]int{event.ReasonRejected: 20}})
	f.want("SELECT DISTINCT concat_ws(' ', reason_code, sqlstate, attempts) FROM dead_letters", "rejected XY123 2")
}

// TestLettersWithoutTable: what somebody has to mend first changes nothing, and is not tried for long.
func TestLettersWithoutTable(t *testing.T) {
	f := newFixture(t)
	f.many(20)
	f.exec("ALTER TABLE paused_events RENAME TO elsewhere")
	got, err := f.engine(events.Catalog).Letters(t.Context(), pg.Choice{})
	if _, environment := errors.AsType[*event.EnvironmentError](err); !environment {
		t.Fatalf("got %+v, %v", got, err)
	}
	f.want("SELECT DISTINCT concat_ws(' ', state, reason_code, attempts) FROM dead_letters", "open missing_field 1")
}
