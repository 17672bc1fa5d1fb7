package pg

import (
	"context"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/db"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// Generics are the rows of generic_events, for those who look for the ones that an ABI describes by now. Any goroutine
// may use them.
type Generics struct {
	pool    *pgxpool.Pool
	queries *db.Queries
}

// NewGenerics returns the generic events of the pool's database.
func NewGenerics(pool *pgxpool.Pool) *Generics { return &Generics{pool, db.New(pool)} }

// Described chooses the events of which an ABI tells: those of a topic0, and of a name where the message did not tell
// topic0, for which the zero hash must be among the topics.
type Described struct {
	Topics []common.Hash
	Names  []string
}

// Standing returns those of the topics that have rows.
func (g *Generics) Standing(ctx context.Context, topics []common.Hash) ([]common.Hash, error) {
	rows, err := g.queries.GenericTopics(ctx, db.GenericTopicsParams{Topics: event.Map(topics, event.HashBytes)})
	if err != nil {
		return nil, fmt.Errorf("look for generic events: %w", err)
	}
	return event.Map(rows, common.BytesToHash), nil
}

// Count returns how many rows there are.
func (g *Generics) Count(ctx context.Context, d Described) (int, error) {
	n, err := g.queries.CountGenericEvents(ctx, db.CountGenericEventsParams{
		Topics: event.Map(d.Topics, event.HashBytes), Names: d.Names,
	})
	if err != nil {
		return 0, fmt.Errorf("count generic events: %w", err)
	}
	return int(n), nil
}

// A page of generic events has at most this many, and no more text of parameters than this unless it is one alone.
const (
	pageGenerics     = 1000
	pageGenericBytes = 8 << 20
)

// Page returns the rows behind one of them in the order of the key, or the first ones where it is nil. No rows mean
// that there are no more.
func (g *Generics) Page(ctx context.Context, d Described, after *event.Generic) ([]event.Generic, error) {
	if after == nil {
		after = &event.Generic{Meta: event.Meta{BlockNumber: -1}}
	}
	var rows []db.GenericEventsRow
	err := alongKey(ctx, g.pool, func(queries *db.Queries) (err error) {
		rows, err = queries.GenericEvents(ctx, db.GenericEventsParams{
			Topics: event.Map(d.Topics, event.HashBytes), Names: d.Names,
			AfterNetwork: after.Network, AfterBlockNumber: after.BlockNumber, AfterLogIndex: after.LogIndex,
			AfterTransactionHash: after.TransactionHash[:], AfterEventSignatureHash: after.SignatureHash[:],
			Most: pageGenerics, MostBytes: pageGenericBytes,
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read generic events: %w", err)
	}
	return event.Map(rows, genericOf), nil
}

func genericOf(row db.GenericEventsRow) event.Generic {
	return event.Generic{
		Meta: event.Meta{
			Network:          row.Network,
			BlockNumber:      row.BlockNumber,
			LogIndex:         row.LogIndex,
			TransactionHash:  common.BytesToHash(row.TransactionHash),
			TransactionIndex: row.TransactionIndex,
			BlockHash:        common.BytesToHash(row.BlockHash),
			BlockTimestamp:   row.BlockTimestamp,
			ChainID:          row.ChainID,
			Address:          common.BytesToAddress(row.Address),
		},
		EventName:     row.EventName,
		SignatureHash: common.BytesToHash(row.EventSignatureHash),
		Parameters:    row.EventData,
	}
}

// Move writes the items of a batch, which are rows of generic_events, into the tables that their definitions name, and
// deletes them where they stood, in one transaction. A new row keeps the time at which the old one was made. What
// cannot be written stays where it is: the result has a letter for each of these, which stands in no table. Items whose
// generic row somebody else has moved meanwhile are passed over. Errors are those of Write.
func (w *Writer) Move(ctx context.Context, batch *event.Batch) (event.Result, error) {
	var p placed
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) (err error) {
		p, err = w.move(ctx, tx, batch)
		return err
	})
	switch {
	case err == nil:
		all := p.total()
		return event.Result{Inserted: all.inserted, Duplicates: all.duplicates, DeadLetters: p.letters}, nil
	case Classify(err) == Unknown:
		batch.Refusals++
	case Classify(err) == Environment:
		err = &event.EnvironmentError{Err: err}
	}
	return event.Result{}, err
}

func (w *Writer) move(ctx context.Context, tx pgx.Tx, batch *event.Batch) (placed, error) {
	queries := db.New(tx)
	items, err := lockStanding(ctx, queries, batch.Items)
	if err != nil || len(items) == 0 {
		return placed{}, err
	}
	if err := lockNetworks(ctx, tx, blocksOf(items)); err != nil {
		return placed{}, err
	}
	p, err := w.isolate(ctx, tx, stages{}, batch, inOrder(byTable(items)))
	if err != nil {
		return placed{}, err
	}
	stays := event.Origins(p.letters)
	moved := slices.DeleteFunc(items, func(item event.Item) bool { return stays[item.Origin] })
	for _, t := range byTable(moved) {
		if p.tables[t.Table].inserted == 0 {
			continue
		}
		if err := keepCreation(ctx, tx, t); err != nil {
			return placed{}, err
		}
	}
	if err := queries.DeleteGenericEvents(ctx, db.DeleteGenericEventsParams(genericKeys(pointers(moved)))); err != nil {
		return placed{}, fmt.Errorf("delete generic events: %w", err)
	}
	return p, nil
}

// lockStanding returns the items whose rows stand in generic_events, and keeps others from moving them.
func lockStanding(ctx context.Context, queries *db.Queries, items []event.Item) ([]event.Item, error) {
	rows, err := lockGenerics(ctx, queries, pointers(items))
	if err != nil {
		return nil, err
	}
	var standing []event.Item
	for i := range items {
		if _, ok := rows[genericKeyOf(&items[i])]; ok {
			standing = append(standing, items[i])
		}
	}
	return standing, nil
}

func lockGenerics(ctx context.Context, queries *db.Queries, items []*event.Item) (map[genericKey]db.LockGenericEventsRow, error) {
	found, err := queries.LockGenericEvents(ctx, genericKeys(items))
	if err != nil {
		return nil, fmt.Errorf("lock generic events: %w", err)
	}
	rows := make(map[genericKey]db.LockGenericEventsRow, len(found))
	for _, row := range found {
		rows[genericKey{
			row.Network, row.BlockNumber, row.LogIndex, common.BytesToHash(row.TransactionHash),
			common.BytesToHash(row.EventSignatureHash),
		}] = row
	}
	return rows, nil
}

// keepCreation gives the rows that this transaction has made the times of the generic rows that they were. It knows
// them by the time of the transaction, which is what the table put there.
func keepCreation(ctx context.Context, tx pgx.Tx, t table) error {
	keys := genericKeys(t.items)
	sql := fmt.Sprintf(`UPDATE %s AS t
		SET created_at = g.created_at
		FROM generic_events AS g
		WHERE (t.network, t.block_number, t.log_index, t.transaction_hash)
			= (g.network, g.block_number, g.log_index, g.transaction_hash)
			AND (g.network, g.block_number, g.log_index, g.transaction_hash, g.event_signature_hash) IN (
				SELECT unnest($1::text[]), unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::bytea[]), unnest($5::bytea[])
			)
			AND t.created_at = now()`, t.Table)
	_, err := tx.Exec(ctx, sql, keys.Networks, keys.BlockNumbers, keys.LogIndexes, keys.TransactionHashes, keys.EventSignatureHashes)
	if err != nil {
		return fmt.Errorf("keep times of creation in %s: %w", t.Table, err)
	}
	return nil
}

// genericKey is the primary key of generic_events.
type genericKey struct {
	network         string
	block, logIndex int64
	transaction     common.Hash
	signature       common.Hash
}

func genericKeyOf(item *event.Item) genericKey {
	m := item.Row.Metadata()
	return genericKey{m.Network, m.BlockNumber, m.LogIndex, m.TransactionHash, item.SignatureHash}
}

func genericKeys(items []*event.Item) (keys db.LockGenericEventsParams) {
	for _, item := range items {
		k := genericKeyOf(item)
		keys.Networks = append(keys.Networks, k.network)
		keys.BlockNumbers = append(keys.BlockNumbers, k.block)
		keys.LogIndexes = append(keys.LogIndexes, k.logIndex)
		keys.TransactionHashes = append(keys.TransactionHashes, k.transaction[:])
		keys.EventSignatureHashes = append(keys.EventSignatureHashes, k.signature[:])
	}
	return keys
}
