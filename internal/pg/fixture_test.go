package pg_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv/tables"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// newDatabase returns a pool on a database with all tables. Tests that share one keep to networks of their own.
func newDatabase(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	return tables.Pool(tb, testenv.Database(tb))
}

// fixture is a network of its own, which one stream tells of, and a writer.
type fixture struct {
	*testing.T
	pool    *pgxpool.Pool
	network string
	writer  *pg.Writer
	entries int // so many were made
}

const finality = 10

// newFixture marks the test as parallel.
func newFixture(t *testing.T, pool *pgxpool.Pool) *fixture {
	t.Parallel()
	name := strings.ReplaceAll(t.Name(), " ", "_")
	return &fixture{T: t, pool: pool, network: name, writer: newWriter(pool)}
}

func newWriter(pool *pgxpool.Pool) *pg.Writer {
	return pg.NewWriter(pool, pg.Options{Finality: func(int64) int64 { return finality }, MaxRefusals: 3})
}

// origin is that of item 0 of the next entry.
func (f *fixture) origin() event.Origin {
	f.entries++
	return event.Origin{Stream: f.network, MessageID: fmt.Sprintf("1700000000000-%d", f.entries)}
}

func number(n int64) (h common.Hash) {
	binary.BigEndian.PutUint64(h[24:], uint64(n))
	return h
}

// meta is that of a log in a transaction of its own. The block's hash is its number.
func (f *fixture) meta(block, logIndex int64) event.Meta {
	chainID, at := int64(1155), time.Unix(1_700_000_000+block, 0).UTC()
	return event.Meta{
		Network: f.network, BlockNumber: block, LogIndex: logIndex,
		TransactionHash: number(1000*block + logIndex), TransactionIndex: logIndex, BlockHash: number(block),
		BlockTimestamp: &at, ChainID: &chainID, Address: common.Address{1},
	}
}

func definition(tb testing.TB, table string) *event.Definition {
	tb.Helper()
	all := events.Catalog.All()
	i := slices.IndexFunc(all, func(d *event.Definition) bool { return d.Table == table })
	if i < 0 {
		tb.Fatalf("no event has the table %s", table)
	}
	return all[i]
}

func (f *fixture) item(table string, row event.Row) event.Item {
	f.Helper()
	d := definition(f, table)
	return event.Item{
		Origin: f.origin(), Definition: d, Row: row, EventName: d.Name, SignatureHash: d.Topic0,
		Raw: fmt.Sprintf(`{"of":%q}`, table),
	}
}

func (f *fixture) deposited(block, logIndex int64, change ...func(*events.Deposited)) event.Item {
	f.Helper()
	row := &events.Deposited{
		Meta: f.meta(block, logIndex), Sender: common.Address{2}, Receiver: common.Address{3}, TermID: number(block),
		CurveID: *uint256.NewInt(1), Assets: *uint256.NewInt(uint64(block)), VaultType: 1,
	}
	row.TotalShares.SetAllOne()
	for _, c := range change {
		c(row)
	}
	return f.item("deposited_events", row)
}

// many returns so many items, ten a block, from a block on.
func (f *fixture) many(n int, from int64, change ...func(*events.Deposited)) []event.Item {
	f.Helper()
	items := make([]event.Item, n)
	for i := range items {
		items[i] = f.deposited(from+int64(i/10), int64(i%10), change...)
	}
	return items
}

func (f *fixture) generic(block, logIndex int64, signature common.Hash, parameters string) event.Item {
	row := &event.Generic{
		Meta: f.meta(block, logIndex), EventName: "Odd", SignatureHash: signature, Parameters: event.JSON(parameters),
	}
	return event.Item{Origin: f.origin(), Row: row, EventName: "Odd", SignatureHash: signature, Raw: parameters}
}

// again returns the items as other entries of the stream bring them.
func (f *fixture) again(items []event.Item) []event.Item {
	items = slices.Clone(items)
	for i := range items {
		items[i].Origin = f.origin()
	}
	return items
}

// counts is a result in numbers.
type counts struct{ Inserted, Duplicates, DeadLetters int }

// write writes a batch of items and compares the counts.
func (f *fixture) write(want counts, items ...event.Item) {
	f.Helper()
	f.writeBatch(want, &event.Batch{Items: items})
}

func (f *fixture) writeBatch(want counts, batch *event.Batch) {
	f.Helper()
	result, err := f.writer.Write(f.Context(), batch)
	got := counts{result.Inserted, result.Duplicates, len(result.DeadLetters)}
	if err != nil || got != want {
		f.Fatalf("write: got %+v, %v, want %+v", got, err, want)
	}
}

// query returns the rows of a query that has the network as $1 and gives one text a row.
func (f *fixture) query(sql string) []string {
	f.Helper()
	rows, err := f.pool.Query(f.Context(), sql, f.network)
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

// exec runs a statement that changes the database for all who use it.
func (f *fixture) exec(sql string) {
	f.Helper()
	if _, err := f.pool.Exec(f.Context(), sql); err != nil {
		f.Fatal(err)
	}
}

// physical is a table's rows of the network as they lie on disk: any update shows.
func (f *fixture) physical(table string) []string {
	f.Helper()
	return f.query("SELECT concat_ws(' ', t.xmin, t.ctid, t) FROM " + table + " AS t WHERE network = $1 ORDER BY ctid")
}

func (f *fixture) wantRows(table string, want int) {
	f.Helper()
	f.want("SELECT count(*)::text FROM "+table+" WHERE network = $1", fmt.Sprint(want))
}

const letters = `SELECT concat_ws(' ', message_id, event_index, reason_code, sqlstate, state, attempts)
	FROM dead_letters WHERE stream = $1 ORDER BY message_id COLLATE "C", event_index`

// countEncodings counts how often its row is sent to PostgreSQL.
type countEncodings struct {
	event.Row
	n *int
}

func (c countEncodings) Encode(to *event.Encoder) {
	*c.n++
	c.Row.Encode(to)
}

// countLocks notes the most subtransactions that are open when its handler merges: each has an id of its own locked.
type countLocks struct {
	event.Handler
	most *int
}

func (c countLocks) Merge(ctx context.Context, tx event.DB, staged int) (event.Merged, error) {
	var n int
	const sql = "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'transactionid'"
	if err := tx.QueryRow(ctx, sql).Scan(&n); err != nil {
		return event.Merged{}, err
	}
	*c.most = max(*c.most, n)
	return c.Handler.Merge(ctx, tx, staged)
}
