package pg

import (
	"context"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/db"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

const genericTable = "generic_events"

// genericHandler writes events that no ABI describes.
type genericHandler struct{}

func (genericHandler) NewRow() event.Row { return new(event.Generic) }

func (genericHandler) Copy(ctx context.Context, tx event.DB, rows []event.Row) error {
	_, err := db.New(tx).CopyGenericEvents(ctx, event.Columns(rows, genericColumns))
	return err
}

func (genericHandler) Merge(ctx context.Context, tx event.DB, rows []event.Row) (event.Merged, error) {
	if _, err := db.New(event.Staged(tx)).CopyGenericEvents(ctx, event.Columns(rows, genericColumns)); err != nil {
		return event.Merged{}, err
	}
	q := db.New(tx)
	return event.MergeStaged(ctx, len(rows), q.MergeGenericEvents, q.FillGenericEvents, q.ConflictingGenericEvents,
		func(row db.ConflictingGenericEventsRow) event.Key {
			return event.Key{
				Network:         row.Network,
				BlockNumber:     row.BlockNumber,
				LogIndex:        row.LogIndex,
				TransactionHash: row.TransactionHash,
			}
		})
}

func genericColumns(g *event.Generic) db.CopyGenericEventsParams {
	return db.CopyGenericEventsParams{
		TransactionHash:    g.TransactionHash[:],
		LogIndex:           g.LogIndex,
		Network:            g.Network,
		ChainID:            g.ChainID,
		Address:            g.Address[:],
		BlockNumber:        g.BlockNumber,
		BlockHash:          g.BlockHash[:],
		BlockTimestamp:     g.BlockTimestamp,
		TransactionIndex:   g.TransactionIndex,
		EventName:          g.EventName,
		EventSignatureHash: g.SignatureHash[:],
		EventData:          g.Parameters,
	}
}
