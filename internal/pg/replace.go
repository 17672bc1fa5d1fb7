package pg

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/db"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// genericsEvery is how long it holds that a topic0 has no generic rows, so that batches are not asked about one by one. What an
// older version writes meanwhile, and comes here meanwhile too, stands in both tables until Move.
const genericsEvery = time.Second

// lockReplaced returns the items of which a version without their ABI has written generic rows, and keeps others from moving
// these: items that are decided again, as after a crash or when rindexer sends them again. A generic row of another block is
// another event's. The rows are locked before any other is written, as Move does.
func (w *Writer) lockReplaced(ctx context.Context, tx pgx.Tx, items []event.Item) ([]*event.Item, error) {
	now := time.Now()
	var ask []common.Hash
	var before *event.Item
	for i := range items {
		item := &items[i]
		if item.Definition == nil || before != nil && item.SignatureHash == before.SignatureHash {
			continue // as most are
		}
		before = item
		if !slices.Contains(ask, item.SignatureHash) && now.Sub(w.noGenerics[item.SignatureHash]) > genericsEvery {
			ask = append(ask, item.SignatureHash)
		}
	}
	if len(ask) == 0 {
		return nil, nil
	}
	queries := db.New(tx)
	found, err := queries.GenericTopics(ctx, db.GenericTopicsParams{Topics: event.Map(ask, event.HashBytes)})
	if err != nil {
		return nil, fmt.Errorf("look for generic events: %w", err)
	}
	standing := event.Map(found, common.BytesToHash)
	for _, topic := range ask {
		if !slices.Contains(standing, topic) {
			w.noGenerics[topic] = now
		}
	}
	candidates := slices.DeleteFunc(pointers(items), func(item *event.Item) bool {
		return item.Definition == nil || !slices.Contains(standing, item.SignatureHash)
	})
	if len(candidates) == 0 {
		return nil, nil
	}
	rows, err := lockGenerics(ctx, queries, candidates)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(candidates, func(item *event.Item) bool {
		row, ok := rows[genericKeyOf(item)]
		m := item.Row.Metadata()
		return !ok || common.BytesToHash(row.BlockHash) != m.BlockHash || common.BytesToAddress(row.Address) != m.Address
	}), nil
}

// deleteReplaced deletes the generic rows of items, but for those that did not become rows of their own.
func deleteReplaced(ctx context.Context, queries *db.Queries, replaced []*event.Item, refused []event.DeadLetter) error {
	stays := event.Origins(refused)
	replaced = slices.DeleteFunc(replaced, func(item *event.Item) bool { return stays[item.Origin] })
	if len(replaced) == 0 {
		return nil
	}
	if err := queries.DeleteGenericEvents(ctx, db.DeleteGenericEventsParams(genericKeys(replaced))); err != nil {
		return fmt.Errorf("delete generic events: %w", err)
	}
	return nil
}
