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
	params := make([]db.CopyGenericEventsParams, len(rows))
	for i, row := range rows {
		params[i] = genericColumns(row.(*event.Generic))
	}
	_, err := db.New(tx).CopyGenericEvents(ctx, params)
	return err
}

func (genericHandler) Merge(ctx context.Context, tx event.DB, rows []event.Row) (event.Merged, error) {
	queries := db.New(tx)
	staged := make([]db.StageGenericEventsParams, len(rows))
	for i, row := range rows {
		staged[i] = db.StageGenericEventsParams(genericColumns(row.(*event.Generic)))
	}
	if _, err := queries.StageGenericEvents(ctx, staged); err != nil {
		return event.Merged{}, err
	}
	inserted, err := queries.MergeGenericEvents(ctx)
	if err != nil || inserted == int64(len(rows)) {
		return event.Merged{Inserted: inserted}, err
	}
	if err := queries.FillGenericEvents(ctx); err != nil {
		return event.Merged{}, err
	}
	conflicts, err := queries.ConflictingGenericEvents(ctx)
	return event.Merged{
		Inserted: inserted,
		Conflicts: event.Map(conflicts, func(row db.ConflictingGenericEventsRow) event.Key {
			return event.Key{
				Network:         row.Network,
				BlockNumber:     row.BlockNumber,
				LogIndex:        row.LogIndex,
				TransactionHash: row.TransactionHash,
			}
		}),
	}, err
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
