package pg

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/db"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// Writer writes batches, one after another. Each loop has its own: a Writer is for one goroutine.
type Writer struct {
	pool *pgxpool.Pool
	o    Options

	// merging: the batch before held rows that stood already, so this one is merged from the start. It ends with
	// the first batch of new rows only.
	merging bool
	// heads holds the highest block of each chain in the batch before, and final what was forgotten of it.
	heads map[chain]int64
	final map[chain]forgotten
	// noGenerics is when a topic0 was seen to have no generic rows.
	noGenerics map[common.Hash]time.Time
}

// Options say how a Writer judges.
type Options struct {
	// Finality is the number of blocks below the head of a chain from which on blocks are final.
	Finality func(chainID int64) int64
	// MaxRefusals is how often a refusal of unknown class is taken for a passing one.
	MaxRefusals int
	// Metrics counts for all writers of a process. It may be nil.
	Metrics *Metrics
}

// NewWriter returns a Writer on the pool.
func NewWriter(pool *pgxpool.Pool, o Options) *Writer {
	if o.Metrics == nil {
		o.Metrics = NewMetrics(nil)
	}
	return &Writer{
		pool: pool, o: o, heads: make(map[chain]int64), final: make(map[chain]forgotten), noGenerics: make(map[common.Hash]time.Time),
	}
}

// Reconnect replaces the connections of the pool, as soon as those that have them give them back: for a server that
// has become a standby, or a plan that will not go.
func (w *Writer) Reconnect() {
	w.pool.Reset()
}

// Write decides a batch in one transaction: its rows, dead letters, reorg notices and blocks. Rows that PostgreSQL
// refuses become dead letters. An error means that nothing was written, or that it is not known; the batch is then to
// be written again after a while. It is an *event.EnvironmentError where somebody has to do something first, and
// ErrSettled where a dead letter that the batch settles is not open any more.
func (w *Writer) Write(ctx context.Context, batch *event.Batch) (event.Result, error) {
	result, err := w.write(ctx, batch)
	switch {
	case err == nil:
		w.merging = result.Inserted < len(batch.Items)
	case Classify(err) == Unknown:
		batch.Refusals++
	case Classify(err) == Environment:
		err = &event.EnvironmentError{Err: err}
	}
	return result, err
}

func (w *Writer) write(ctx context.Context, batch *event.Batch) (event.Result, error) {
	tables := byTable(batch.Items)
	if !w.merging {
		result, err := w.transact(ctx, batch, func(tx pgx.Tx) (placed, error) { return copyRows(ctx, tx, tables) })
		if !isUniqueViolation(err) && !w.isData(err, batch) {
			return result, err
		}
		w.merging = true
	}
	result, err := w.transact(ctx, batch, func(tx pgx.Tx) (placed, error) {
		return mergeRows(ctx, tx, stages{}, tables)
	})
	if !w.isData(err, batch) {
		return result, err
	}
	refusal := err
	return w.transact(ctx, batch, func(tx pgx.Tx) (placed, error) {
		p, err := w.isolate(ctx, tx, stages{}, batch, inOrder(tables))
		if n := len(batch.Items); err == nil && n > 1 && len(p.letters) == n && w.blameServer(refusal, batch) {
			return placed{}, refusal
		}
		return p, err
	})
}

// blameServer reports whether a refusal of all items of a batch is the server's fault: it is not known to be theirs,
// and has not lasted for so long that it must be.
func (w *Writer) blameServer(refusal error, batch *event.Batch) bool {
	const patience = 10
	return Classify(refusal) == Unknown && batch.Refusals < patience*w.o.MaxRefusals
}

// isData reports whether an error is to be taken for the fault of an event.
func (w *Writer) isData(err error, batch *event.Batch) bool {
	if err == nil {
		return false
	}
	class := Classify(err)
	return class == Data || class == Unknown && batch.Refusals >= w.o.MaxRefusals
}

// placed is what became of the items of a batch within its transaction: by table, how many became rows and how many
// stood already; and letters for the rest.
type placed struct {
	tables  map[string]tally
	letters []event.DeadLetter
}

type tally struct{ inserted, duplicates int }

func (p *placed) count(table string, inserted, duplicates int) {
	if p.tables == nil {
		p.tables = make(map[string]tally)
	}
	t := p.tables[table]
	p.tables[table] = tally{t.inserted + inserted, t.duplicates + duplicates}
}

// add joins what became of other items.
func (p *placed) add(other placed) {
	for table, t := range other.tables {
		p.count(table, t.inserted, t.duplicates)
	}
	p.letters = append(p.letters, other.letters...)
}

func (p *placed) total() (all tally) {
	for _, t := range p.tables {
		all.inserted += t.inserted
		all.duplicates += t.duplicates
	}
	return all
}

// transact runs one transaction: the rows by way of insert, then all that belongs to them.
func (w *Writer) transact(ctx context.Context, batch *event.Batch, insert func(pgx.Tx) (placed, error)) (event.Result, error) {
	var rows placed
	var letters []event.DeadLetter
	seen := blocksOf(batch.Items)
	heads := headsOf(seen)
	final := w.nowFinal(seen, heads)
	err := pgx.BeginTxFunc(ctx, w.pool, pgx.TxOptions{BeginQuery: beginFor(ctx)}, func(tx pgx.Tx) error {
		replaced, err := w.lockReplaced(ctx, tx, batch.Items)
		if err != nil {
			return err
		}
		if err := lockNetworks(ctx, tx, seen); err != nil {
			return err
		}
		if rows, err = insert(tx); err != nil {
			return err
		}
		if err := deleteReplaced(ctx, db.New(tx), replaced, rows.letters); err != nil {
			return err
		}
		notices, err := w.putReorgs(ctx, tx, batch)
		if err != nil {
			return err
		}
		letters = mergeLetters(batch.DeadLetters, append(rows.letters, notices...))
		queries := db.New(tx)
		if err := putBlocks(ctx, queries, seen, final); err != nil {
			return err
		}
		if len(batch.Settles) > 0 {
			return settle(ctx, queries, batch.Settles, letters)
		}
		return putLetters(ctx, queries, letters)
	})
	if err != nil {
		return event.Result{}, err
	}
	for c, r := range final {
		w.final[c] = forgotten{r.below, w.final[c].times + 1}
	}
	maps.Copy(w.heads, heads)
	w.o.Metrics.written(batch, rows, letters)
	all := rows.total()
	return event.Result{Inserted: all.inserted, Duplicates: all.duplicates, DeadLetters: letters}, nil
}

// beginFor begins a transaction whose statements the server ends some time after ctx does: those of a process that is
// frozen while they wait for a lock, which cannot cancel them, and whose own locks others wait for. It does not end a COPY that waits
// for rows of such a process: PostgreSQL looks at no timeout then.
func beginFor(ctx context.Context) string {
	const grace = 5 * time.Second
	deadline, ok := ctx.Deadline()
	if !ok {
		return "BEGIN"
	}
	return fmt.Sprintf("BEGIN; SET LOCAL statement_timeout = %d", (time.Until(deadline) + grace).Milliseconds())
}

// networkLocks is how many advisory locks the networks share. The server has room for some 64 a connection, for all of its
// databases, and a message may name as many networks as it has items.
const networkLocks = 16

// lockNetworks takes the networks' advisory locks, shared. The exclusive one is for whoever moves rows of a network
// because of a reorg, which nobody does yet: it is here so that a version that does can run beside this one.
func lockNetworks(ctx context.Context, tx pgx.Tx, seen []block) error {
	var keys []int64
	for _, b := range seen {
		keys = append(keys, networkLock(b.network))
	}
	slices.Sort(keys)
	_, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock_shared(k) FROM unnest($1::bigint[]) AS k", slices.Compact(keys))
	if err != nil {
		return fmt.Errorf("lock networks: %w", err)
	}
	return nil
}

// networkLock is the key of a network's lock: a number that others in the database will hardly use, and the network's share.
func networkLock(network string) int64 {
	hash := fnv.New64a()
	hash.Write([]byte("redis-postgres-sync network"))
	base := hash.Sum64()
	hash.Write([]byte(network))
	return int64(base + hash.Sum64()%networkLocks)
}
