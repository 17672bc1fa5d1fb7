package pg

import (
	"context"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/db"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// generic is the table of events that no ABI describes.
var generic = &event.Definition{
	Table:   "generic_events",
	Params:  []event.Param{{Column: "event_name"}, {Column: "event_signature_hash"}, {Column: "event_data"}},
	Handler: genericHandler{},
}

type genericHandler struct{}

func (genericHandler) NewRow() event.Row { return new(event.Generic) }

func (genericHandler) Merge(ctx context.Context, tx event.DB, staged int) (event.Merged, error) {
	q := db.New(tx)
	return event.MergeStaged(ctx, staged, q.MergeGenericEvents, q.DifferingGenericEvents, q.FillGenericEvents,
		func(row db.DifferingGenericEventsRow) event.Difference { return event.Difference(row) })
}
