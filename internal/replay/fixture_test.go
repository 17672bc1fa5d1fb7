package replay_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/replay"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv/tables"
)

func TestMain(m *testing.M) {
	stream.LogTo(slog.New(slog.DiscardHandler))
	testenv.Main(m)
}

const (
	maxPayload = 1 << 20
	streamName = "events"
)

// fixture is a database of its own, and what a service would do with it.
type fixture struct {
	*testing.T
	pool    *pgxpool.Pool
	writer  *pg.Writer
	entries int // so many were made
}

// newFixture marks the test as parallel.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	t.Parallel()
	return newFixtureOn(t, testenv.Database(t))
}

func newFixtureOn(t *testing.T, url string) *fixture {
	t.Helper()
	pool := tables.Pool(t, url)
	return &fixture{T: t, pool: pool, writer: pg.NewWriter(pool, writerOptions)}
}

var writerOptions = pg.Options{Finality: func(int64) int64 { return 1000 }, MaxRefusals: 1}

// engine returns an Engine for a catalog.
func (f *fixture) engine(catalog *event.Catalog, change ...func(*replay.Options)) *replay.Engine {
	o := replay.Options{Catalog: catalog, MaxPayload: maxPayload, Timeout: 30 * time.Second, Writer: writerOptions}
	for _, c := range change {
		c(&o)
	}
	return replay.New(f.pool, o)
}

// ingest decides and writes messages as the service does.
func (f *fixture) ingest(catalog *event.Catalog, messages ...event.Message) {
	f.Helper()
	f.ingestUpTo(maxPayload, catalog, messages...)
}

// ingestUpTo takes messages of up to so many bytes.
func (f *fixture) ingestUpTo(most int, catalog *event.Catalog, messages ...event.Message) {
	f.Helper()
	for page := range slices.Chunk(messages, 100) {
		batch := ingest.NewDecider(catalog, most).Decide(page)
		if _, err := f.writer.Write(f.Context(), batch); err != nil {
			f.Fatal(err)
		}
	}
}

// message is the next entry of the stream.
func (f *fixture) message(payload string) event.Message {
	f.entries++
	return event.Message{
		Stream: streamName, ID: fmt.Sprintf("%d-%d", 1_700_000_000_000+f.entries/10, f.entries%10), Payload: payload, HasPayload: true,
	}
}

// of returns a message of items of one event.
func (f *fixture) of(name string, items ...string) event.Message {
	f.Helper()
	return f.message(envelope(f, name, items...))
}

func envelope(tb testing.TB, name string, items ...string) string {
	tb.Helper()
	return fmt.Sprintf(`{"event_name":%q,"event_signature_hash":"%s","network":"net","event_data":[%s]}`,
		name, definition(tb, name).Topic0, strings.Join(items, ","))
}

func definition(tb testing.TB, name string) *event.Definition {
	tb.Helper()
	all := events.Catalog.ByName(name)
	if len(all) != 1 {
		tb.Fatalf("%d events have the name %s", len(all), name)
	}
	return all[0]
}

// at is the metadata of the log in place n: it follows from n.
func at(n int) string {
	return fmt.Sprintf(`"transaction_information":{"chain_id":1155,"network":"net","address":"0x%040x","block_hash":"0x%064x",`+
		`"block_number":%d,"block_timestamp":"0x68b18674","transaction_hash":"0x%064x","log_index":"0x%x","transaction_index":1}`,
		1, n/10, n/10, 7000+n, n%10)
}

func paused(n int) string {
	return fmt.Sprintf(`{"account":"0x%040x",%s}`, n, at(n))
}

func initialized(n, version int) string {
	return fmt.Sprintf(`{"version":%d,%s}`, version, at(n))
}

// accrued has numbers in the two forms that rindexer has, of all lengths.
func accrued(n int) string {
	return fmt.Sprintf(`{"epoch":%d,"sender":"0x%040x","amount":"%d%s",%s}`, n, n, n+1, strings.Repeat("9", n%70), at(n))
}

// without returns the catalog without some events.
func without(tb testing.TB, names ...string) *event.Catalog {
	tb.Helper()
	return event.NewCatalog(slices.DeleteFunc(slices.Clone(events.Catalog.All()), func(d *event.Definition) bool {
		return slices.Contains(names, d.Name)
	})...)
}

// mistaken returns a catalog in which events ask for what their logs do not hold.
func mistaken(asks map[string]func(event.Decoder)) *event.Catalog {
	var all []*event.Definition
	for _, d := range events.Catalog.All() {
		changed := *d
		if ask, ok := asks[d.Name]; ok {
			changed.Handler = mistakenHandler{d.Handler, ask}
		}
		all = append(all, &changed)
	}
	return event.NewCatalog(all...)
}

type mistakenHandler struct {
	event.Handler
	ask func(event.Decoder)
}

func (h mistakenHandler) NewRow() event.Row { return mistakenRow{h.Handler.NewRow(), h.ask} }

type mistakenRow struct {
	event.Row
	ask func(event.Decoder)
}

func (r mistakenRow) Decode(d event.Decoder) { r.ask(d) }

func lacking(d event.Decoder) { d.Param("bonus").Bool() }
func another(d event.Decoder) { d.Param("account").Bool() }

// exec runs statements.
func (f *fixture) exec(sql string, args ...any) {
	f.Helper()
	if _, err := f.pool.Exec(f.Context(), sql, args...); err != nil {
		f.Fatal(err)
	}
}

// query returns the rows of a query that gives one text a row.
func (f *fixture) query(sql string, args ...any) []string {
	f.Helper()
	rows, err := f.pool.Query(f.Context(), sql, args...)
	if err != nil {
		f.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		f.Fatal(err)
	}
	return texts
}

func (f *fixture) want(sql string, want ...string) {
	f.Helper()
	if got := f.query(sql); !slices.Equal(got, want) {
		f.Errorf("%s:\ngot  %q\nwant %q", sql, got, want)
	}
}

func (f *fixture) wantRows(table string, want int) {
	f.Helper()
	f.want("SELECT count(*)::text FROM "+table, fmt.Sprint(want))
}

// wantStates compares how many letters are in which state.
func (f *fixture) wantStates(want ...string) {
	f.Helper()
	f.want("SELECT state || ' ' || count(*) FROM dead_letters GROUP BY state ORDER BY state", want...)
}

const letters = `SELECT concat_ws(' ', message_id, event_index, reason_code, state, attempts) FROM dead_letters
	ORDER BY message_id COLLATE "C", event_index`

// digest is a hash of every row of every table, but for the times of creation.
func (f *fixture) digest() map[string]string {
	f.Helper()
	digests := map[string]string{}
	tables := []string{"generic_events", "reorgs"}
	for _, d := range events.Catalog.All() {
		tables = append(tables, d.Table)
	}
	for _, table := range tables {
		digests[table] = f.query(`SELECT count(*) || ' rows ' || COALESCE(md5(string_agg(r, ',' ORDER BY r)), 'none')
			FROM (SELECT (to_jsonb(t) - 'created_at')::text AS r FROM ` + table + ` AS t) AS rows`)[0]
	}
	return digests
}

// wantDigest compares the tables with those of another database.
func (f *fixture) wantDigest(want map[string]string) {
	f.Helper()
	for table, got := range f.digest() {
		if got != want[table] {
			f.Errorf("%s: %s, want %s", table, got, want[table])
		}
	}
}

// physical is a table's rows as they lie on disk: any update shows.
func (f *fixture) physical(table string) []string {
	f.Helper()
	return f.query("SELECT concat_ws(' ', t.xmin, t.ctid, t) FROM " + table + " AS t ORDER BY ctid")
}

// wantSame compares two values by their JSON.
func wantSame(tb testing.TB, got, want any) {
	tb.Helper()
	g, err := json.Marshal(got)
	if err != nil {
		tb.Fatal(err)
	}
	w, err := json.Marshal(want)
	if err != nil {
		tb.Fatal(err)
	}
	if string(g) != string(w) {
		tb.Errorf("got  %s\nwant %s", g, w)
	}
}

// redisStream is a stream of its own, on a real server.
type redisStream struct {
	testing.TB
	client redis.UniversalClient
	name   string
}

func newRedisStream(t *testing.T) *redisStream {
	t.Helper()
	url, prefix := testenv.Redis(t)
	client, err := stream.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return &redisStream{t, client, prefix + "events"}
}

// add adds a message under its own id, and returns it as the stream has it.
func (s *redisStream) add(m event.Message) event.Message {
	s.Helper()
	m.Stream = s.name
	values := []string{"payload", m.Payload}
	if !m.HasPayload {
		values = values[:0]
		for name, value := range m.Fields {
			values = append(values, name, value)
		}
	}
	if err := s.client.XAdd(context.Background(), &redis.XAddArgs{Stream: s.name, ID: m.ID, Values: values}).Err(); err != nil {
		s.Fatal(err)
	}
	return m
}
