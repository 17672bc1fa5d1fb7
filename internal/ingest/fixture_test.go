package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv/tables"
)

func TestMain(m *testing.M) {
	stream.LogTo(slog.New(slog.DiscardHandler))
	testenv.Main(m)
}

const (
	group      = "g"
	maxPayload = 9 << 20
	patience   = 30 * time.Second
)

// newDatabase returns a pool on a database with all tables. Tests that share one keep to networks of their own.
func newDatabase(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	return prepared(tb, testenv.Database(tb))
}

func prepared(tb testing.TB, url string) *pgxpool.Pool {
	tb.Helper()
	pool := tables.Pool(tb, url)
	if _, err := pool.Exec(tb.Context(), smallTables); err != nil {
		tb.Fatal(err)
	}
	return pool
}

// fixture is a stream and a network of its own, and the whole way from the one to the tables.
type fixture struct {
	*testing.T
	pool    *pgxpool.Pool
	client  redis.UniversalClient
	stream  string
	network string
	lastID  string // of the entries that were added
}

// newFixture marks the test as parallel.
func newFixture(t *testing.T, pool *pgxpool.Pool) *fixture {
	t.Parallel()
	url, prefix := testenv.Redis(t)
	return newFixtureOn(t, pool, url, prefix+"events")
}

func newFixtureOn(t *testing.T, pool *pgxpool.Pool, redisURL, name string) *fixture {
	t.Helper()
	client, err := stream.Connect(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return &fixture{T: t, pool: pool, client: client, stream: name, network: strings.ReplaceAll(t.Name(), " ", "_")}
}

func (f *fixture) add(fields map[string]string) (id string) {
	f.Helper()
	id, err := f.client.XAdd(f.Context(), &redis.XAddArgs{Stream: f.stream, Values: fields}).Result()
	if err != nil {
		f.Fatal(err)
	}
	f.lastID = id
	return id
}

func (f *fixture) addPayload(payload string) (id string) {
	f.Helper()
	return f.add(map[string]string{"payload": payload})
}

func (f *fixture) consumer(name string) *stream.Consumer {
	return stream.New(stream.Options{
		Client: f.client, Stream: f.stream, Group: group, Name: name,
		Count: 50, Block: 20 * time.Millisecond, ClaimInterval: time.Hour, ClaimMinIdle: time.Hour,
	})
}

func (f *fixture) loop(name string) *ingest.Loop {
	log := slog.New(slog.DiscardHandler)
	pauses := ingest.NewPauses(nil, []string{f.stream}, log)
	return &ingest.Loop{
		Stream:          f.stream,
		Source:          f.consumer(name),
		Sink:            pg.NewWriter(f.pool, pg.Options{Finality: func(int64) int64 { return 1000 }, MaxRefusals: 3}),
		Decider:         ingest.NewDecider(catalog, maxPayload),
		Log:             log,
		WriteTimeout:    patience,
		MaxRetries:      3,
		HoldInterval:    time.Hour,
		ShutdownTimeout: patience,
		Storm:           ingest.NewStorm(f.stream, pauses),
		Breaker:         ingest.NewBreaker(5, 100*time.Millisecond, log),
		Pauses:          pauses,
		Metrics:         ingest.NewMetrics(nil),
	}
}

// start runs a loop. The function that it returns ends it and waits for it; so does the end of the test.
func (f *fixture) start(loop *ingest.Loop) (stop func()) {
	ctx, cancel := context.WithCancel(f.Context())
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(ctx) }()
	stopped := false
	stop = func() {
		f.Helper()
		cancel()
		if stopped {
			return
		}
		stopped = true
		select {
		case err := <-ended:
			if err != nil {
				f.Errorf("run: %v", err)
			}
		case <-time.After(patience):
			f.Error("the loop goes on after its context has ended")
		}
	}
	f.Cleanup(stop)
	return stop
}

// drain runs a loop until every entry is acknowledged.
func (f *fixture) drain() {
	f.Helper()
	stop := f.start(f.loop("c"))
	testenv.Eventually(f, patience, f.drained)
	stop()
}

// drained returns nil when the group has been given every entry and has acknowledged all of them.
func (f *fixture) drained() error {
	groups, err := f.client.XInfoGroups(f.Context(), f.stream).Result()
	if err != nil || len(groups) != 1 {
		return fmt.Errorf("%d groups, %w", len(groups), errors.Join(err))
	}
	if groups[0].Pending > 0 || groups[0].LastDeliveredID != f.lastID {
		return fmt.Errorf("%d entries pending, delivered up to %s of %s",
			groups[0].Pending, groups[0].LastDeliveredID, f.lastID)
	}
	return nil
}

func (f *fixture) wantPending(want int64) {
	f.Helper()
	got, err := stream.Pending(f.Context(), f.client, f.stream, group)
	if err != nil || got != want {
		f.Errorf("%d entries pending, %v, want %d", got, err, want)
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

// want compares a query that has the network as $1.
func (f *fixture) want(sql string, want ...string) {
	f.Helper()
	if got := f.query(sql, f.network); !slices.Equal(got, want) {
		f.Errorf("%s:\ngot  %q\nwant %q", sql, got, want)
	}
}

func (f *fixture) wantRows(table string, want int) {
	f.Helper()
	f.want("SELECT count(*)::text FROM "+table+" WHERE network = $1", fmt.Sprint(want))
}

// wantLetters compares all dead letters of the stream: index, reason and state of each.
func (f *fixture) wantLetters(want ...string) {
	f.Helper()
	got := f.query(`SELECT concat_ws(' ', event_index, reason_code, state) FROM dead_letters
		WHERE stream = $1 ORDER BY message_id, event_index`, f.stream)
	if !slices.Equal(got, want) {
		f.Errorf("dead letters: got %q, want %q", got, want)
	}
}

// object is a JSON object. Its text has the keys in alphabetical order, as one of rindexer's builds does.
type object map[string]any

// with returns a copy with a member changed, or removed where the value is nil.
func (o object) with(key string, value any) object {
	changed := object{}
	for k, v := range o {
		changed[k] = v
	}
	if changed[key] = value; value == nil {
		delete(changed, key)
	}
	return changed
}

// informed returns a copy of an item with a member of its transaction_information changed.
func (o object) informed(key string, value any) object {
	return o.with("transaction_information", o["transaction_information"].(object).with(key, value))
}

func (o object) String() string {
	encoded, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

func word(n int64) string { return fmt.Sprintf("%064x", n) }

func address(n int64) string { return fmt.Sprintf("0x%040x", n) }

// item returns an event of the fixture's network with these parameters.
func (f *fixture) item(block, logIndex int64, parameters object) object {
	return parameters.with("transaction_information", object{
		"chain_id": 1155, "network": f.network, "address": address(1), "block_hash": "0x" + word(block),
		"block_number": block, "block_timestamp": "0x68b18674", "transaction_hash": "0x" + word(1000*block+logIndex),
		"log_index": fmt.Sprintf("0x%x", logIndex), "transaction_index": 1,
	})
}

func (f *fixture) deposited(block, logIndex int64) object {
	return f.item(block, logIndex, object{
		"sender": address(2), "receiver": address(3), "termId": word(block), "curveId": "1", "assets": "1000000000000000000",
		"assetsAfterFees": "5", "shares": "5", "totalShares": "7", "vaultType": 2,
	})
}

const (
	depositedTopic = "0xf717428d3271f4ca44ee92a96ecda708463de1c200f30db4e295def5e8db6b4a"
	transferTopic  = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
	unknownTopic   = "0x00000000000000000000000000000000000000000000000000000000000000aa"
)

// message returns a message of rindexer 0.41.
func (f *fixture) message(name, topic string, items ...any) object {
	return object{
		"event_name": name, "event_signature_hash": topic, "network": f.network, "event_data": append([]any{}, items...),
		"block_number": 1, "message_id": "rindexer_stream__-x-chunk-0",
	}
}

// good returns a message of so many deposits in a block.
func (f *fixture) good(block int64, n int) string {
	items := make([]any, n)
	for i := range items {
		items[i] = f.deposited(block, int64(i))
	}
	return f.message("Deposited", depositedTopic, items...).String()
}
