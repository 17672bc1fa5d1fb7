package replay_test

import (
	"context"
	"errors"
	"fmt"
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

// older are events of messages that lack what newer ones have: topic0, the time and the id of the chain.
func older(n int) string {
	item := accrued(n)
	item = strings.Replace(item, `"chain_id":1155,`, "", 1)
	return strings.Replace(item, `"block_timestamp":"0x68b18674",`, "", 1)
}

func nameOnly(name string, items ...string) string {
	return fmt.Sprintf(`{"event_name":%q,"event_data":[%s]}`, name, strings.Join(items, ","))
}

// TestGeneric: events that no ABI described are moved to their tables once their ABI is there, and the tables are those
// that the messages would have made with it.
func TestGeneric(t *testing.T) {
	f, direct := newFixture(t), newFixtureOn(t, testenv.Database(t))
	var messages []event.Message
	for n := 0; n < 200; n += 2 {
		messages = append(messages, f.of("ProtocolFeeAccrued", accrued(n), accrued(n+1)))
	}
	fractional := strings.Replace(accrued(400), "0x68b18674", "1756464756123", 1) // milliseconds
	messages = append(messages,
		f.message(nameOnly("ProtocolFeeAccrued", older(300), older(301))),
		f.of("ProtocolFeeAccrued", fractional),
		f.of("Deposited", fmt.Sprintf(`{"sender":"0x%040x","receiver":"0x%040[1]x","termId":"%064[1]x","curveId":"1",`+
			`"assets":"1%s","assetsAfterFees":12345678901234567890,"shares":"0x10","totalShares":0,"vaultType":2,%s}`,
			5, strings.Repeat("0", 30), at(500))),
		f.of("Paused", paused(600)), // described all the time
		f.message(`{"event_name":"Odd","event_signature_hash":"0x`+strings.Repeat("ab", 32)+`","event_data":[{"a":1,`+at(601)+`}]}`),
		f.message(nameOnly("Odd", `{"a":1,`+at(602)+`}`)),
	)
	before := without(t, "ProtocolFeeAccrued", "Deposited")
	f.ingest(before, messages...)
	f.wantRows("generic_events", 206)
	f.exec("UPDATE generic_events SET created_at = '2025-01-01' WHERE event_data ? 'sender'")
	direct.ingest(events.Catalog, messages...)
	seen := f.query("SELECT concat_ws(' ', b.xmin, b) FROM blocks AS b ORDER BY b::text")

	got, err := f.engine(before).Generic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, replay.Generics{})
	f.wantRows("generic_events", 206)

	got, err = f.engine(events.Catalog).Generic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, replay.Generics{Moved: 204})
	f.wantDigest(direct.digest())
	f.want("SELECT DISTINCT (created_at = '2025-01-01')::text FROM protocol_fee_accrued_events", "true")
	f.want("SELECT event_name FROM generic_events ORDER BY event_signature_hash", "Odd", "Odd")
	f.want("SELECT concat_ws(' ', b.xmin, b) FROM blocks AS b ORDER BY b::text", seen...)
	f.wantRows("dead_letters", 0)

	got, err = f.engine(events.Catalog).Generic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, replay.Generics{})
}

// TestGenericThatStays: what cannot be moved stays as it is, and one of each kind is told of.
func TestGenericThatStays(t *testing.T) {
	f := newFixture(t)
	other := func(item, from, to string) string { return strings.Replace(item, from, to, 1) }
	f.ingest(events.Catalog, f.of("ProtocolFeeAccrued", accrued(10), accrued(20)))
	f.ingest(without(t, "ProtocolFeeAccrued"), // a service of before, beside that one
		f.of("ProtocolFeeAccrued", accrued(10)),                                                          // stands already, as it is
		f.of("ProtocolFeeAccrued", other(accrued(20), fmt.Sprintf("%064x", 2), fmt.Sprintf("%064x", 9))), // with another block
		f.of("ProtocolFeeAccrued", other(accrued(30), `"epoch":30`, `"epoch":"many"`)),
		f.of("ProtocolFeeAccrued", other(accrued(31), `"epoch":31`, `"epoch":-1`)),
		f.of("ProtocolFeeAccrued", other(accrued(40), `"epoch":40,`, ``)),
		f.of("ProtocolFeeAccrued", other(accrued(50), `"epoch"`, `"era"`)),
		f.message(nameOnly("ProtocolFeeAccrued", other(accrued(60), `"epoch"`, `"era"`))),
		f.of("ProtocolFeeAccrued", accrued(70)), // is refused
		f.of("ProtocolFeeAccrued", accrued(80)),
	)
	f.exec("ALTER TABLE protocol_fee_accrued_events ADD CONSTRAINT few CHECK (epoch <> 70)")
	standing := f.physical("protocol_fee_accrued_events")
	got, err := f.engine(events.Catalog).Generic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Moved != 1 || got.Duplicates != 1 {
		t.Errorf("got %+v", got)
	}
	for reason, want := range map[event.Reason]replay.Stayed{
		event.ReasonKeyConflict:  {Events: 1, Key: event.Key{BlockNumber: 2}, Detail: "another event stands"},
		event.ReasonInvalidField: {Events: 2, Key: event.Key{BlockNumber: 3}, Detail: "epoch"},
		event.ReasonMissingField: {Events: 1, Key: event.Key{BlockNumber: 4}, Detail: "epoch"},
		replay.ReasonParameters:  {Events: 2, Key: event.Key{BlockNumber: 5}, Detail: "parameters"},
		event.ReasonRejected:     {Events: 1, Key: event.Key{BlockNumber: 7}, Detail: "few"},
	} {
		s := got.Stayed[reason]
		if s.Events != want.Events || s.Key.BlockNumber != want.Key.BlockNumber || s.Key.Network != "net" ||
			s.Name != "ProtocolFeeAccrued" || !strings.Contains(s.Detail, want.Detail) {
			t.Errorf("%s: got %+v, want %+v", reason, s, want)
		}
	}
	if len(got.Stayed) != 5 {
		t.Errorf("%d reasons", len(got.Stayed))
	}
	f.want("SELECT block_number::text FROM generic_events ORDER BY block_number", "2", "3", "3", "4", "5", "6", "7")
	f.want("SELECT block_number::text FROM protocol_fee_accrued_events ORDER BY block_number", "1", "2", "8")
	after := f.physical("protocol_fee_accrued_events")
	if after[0] != standing[0] || after[1] != standing[1] {
		t.Error("rows that stood were touched")
	}
	f.wantRows("dead_letters", 0)
}

// TestGenericTwice: one event that came with and without topic0 is one row.
func TestGenericTwice(t *testing.T) {
	f := newFixture(t)
	f.ingest(without(t, "ProtocolFeeAccrued"),
		f.message(nameOnly("ProtocolFeeAccrued", older(1))), f.of("ProtocolFeeAccrued", accrued(1)))
	f.wantRows("generic_events", 2)
	got, err := f.engine(events.Catalog).Generic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, replay.Generics{Moved: 1, Duplicates: 1})
	f.wantRows("generic_events", 0)
	f.want("SELECT chain_id::text FROM protocol_fee_accrued_events", "1155")
}

// manyGenerics writes so many generic events.
func (f *fixture) manyGenerics(n int) (messages []event.Message) {
	f.Helper()
	for i := 0; i < n; i += 10 {
		items := make([]string, 10)
		for k := range items {
			items[k] = accrued(i + k)
		}
		messages = append(messages, f.of("ProtocolFeeAccrued", items...))
	}
	f.ingest(without(f, "ProtocolFeeAccrued"), messages...)
	f.wantRows("generic_events", n)
	return messages
}

func TestGenericCutOff(t *testing.T) {
	f := newFixture(t)
	const n = 3000
	f.manyGenerics(n)
	ctx, cancel := context.WithCancel(t.Context())
	first := f.engine(events.Catalog, func(o *replay.Options) { o.Progress = func(int, int) { cancel() } })
	some, err := first.Generic(ctx)
	if !errors.Is(err, context.Canceled) || some.Moved == 0 || some.Moved == n {
		t.Fatalf("cut off: %+v, %v", some, err)
	}
	f.wantRows("protocol_fee_accrued_events", some.Moved)
	f.wantRows("generic_events", n-some.Moved)
	rest, err := f.engine(events.Catalog).Generic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, rest, replay.Generics{Moved: n - some.Moved})
	f.wantRows("protocol_fee_accrued_events", n)
	f.wantRows("generic_events", 0)
}

// TestGenericAtOnce: several that move the same events, a service that is given them again, and one of an older version.
func TestGenericAtOnce(t *testing.T) {
	f := newFixture(t)
	const n = 3000
	messages := f.manyGenerics(n)
	var moved, duplicates, inserted atomic.Int64
	var group errgroup.Group
	for range 2 {
		group.Go(func() error {
			got, err := f.engine(events.Catalog).Generic(t.Context())
			moved.Add(int64(got.Moved))
			duplicates.Add(int64(got.Duplicates))
			return err
		})
	}
	group.Go(func() error {
		writer, decider := pg.NewWriter(f.pool, writerOptions), ingest.NewDecider(events.Catalog, maxPayload)
		for i := range messages {
			result, err := writer.Write(t.Context(), decider.Decide(messages[len(messages)-1-i:][:1]))
			if err != nil {
				return err
			}
			inserted.Add(int64(result.Inserted))
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d moved, %d stood already", moved.Load(), duplicates.Load())
	if moved.Load()+duplicates.Load() > n || moved.Load()+inserted.Load() != n {
		t.Errorf("%d moved, %d stood already, %d inserted, of %d", moved.Load(), duplicates.Load(), inserted.Load(), n)
	}
	f.wantRows("protocol_fee_accrued_events", n)
	f.wantRows("generic_events", 0)

	f.ingest(without(t, "ProtocolFeeAccrued"), messages...) // by a service of before
	got, err := f.engine(events.Catalog).Generic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, replay.Generics{Duplicates: n})
	f.wantRows("protocol_fee_accrued_events", n)
	f.wantRows("generic_events", 0)
}

// TestGenericPages: pages are bounded by their bytes.
func TestGenericPages(t *testing.T) {
	f := newFixture(t)
	const size = 3 << 20
	for n := range 5 {
		item := fmt.Sprintf(`{"account":"0x%040x",%s,"padding":%q}`, n, at(n), strings.Repeat("x", size))
		f.ingestUpTo(2*size, without(t, "Paused"), f.of("Paused", item))
	}
	var pages []int
	engine := f.engine(events.Catalog, func(o *replay.Options) {
		o.Progress = func(done, _ int) { pages = append(pages, done) }
	})
	got, err := engine.Generic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, replay.Generics{Moved: 5})
	if fmt.Sprint(pages) != "[2 4 5]" {
		t.Errorf("pages end at %v", pages)
	}
}

func TestGenericWithoutTable(t *testing.T) {
	f := newFixture(t)
	f.manyGenerics(10)
	f.exec("ALTER TABLE protocol_fee_accrued_events RENAME TO elsewhere")
	got, err := f.engine(events.Catalog).Generic(t.Context())
	if _, environment := errors.AsType[*event.EnvironmentError](err); !environment {
		t.Fatalf("got %+v, %v", got, err)
	}
	f.wantRows("generic_events", 10)
}
