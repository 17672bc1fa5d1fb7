package ingest_test

import (
	"context"

	"github.com/ethereum/go-ethereum/common"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// Two events that abi/ has none like: one with a string, and one without parameters.

const (
	notedTopic = "0x0000000000000000000000000000000000000000000000000000000000000a07"
	rangTopic  = "0x0000000000000000000000000000000000000000000000000000000000000a08"
)

var catalog = event.NewCatalog(append(events.Catalog.All()[:len(events.Catalog.All()):len(events.Catalog.All())],
	&event.Definition{
		Table: "noted_events", Name: "Noted", Signature: "Noted(string)", Topic0: common.HexToHash(notedTopic),
		Params:  []event.Param{{Name: "note", Column: "note", Type: event.String()}},
		Handler: smallHandler{"noted_events", func() event.Row { return new(noted) }},
	},
	&event.Definition{
		Table: "rang_events", Name: "Rang", Signature: "Rang()", Topic0: common.HexToHash(rangTopic),
		Handler: smallHandler{"rang_events", func() event.Row { return new(rang) }},
	},
)...)

const smallTables = `
	CREATE TABLE noted_events (LIKE paused_events INCLUDING ALL);
	ALTER TABLE noted_events DROP COLUMN account, ADD COLUMN note text NOT NULL;
	CREATE TABLE rang_events (LIKE noted_events INCLUDING ALL);
	ALTER TABLE rang_events ALTER COLUMN note DROP NOT NULL`

type noted struct {
	event.Meta
	note string
}

func (n *noted) Decode(d event.Decoder) { n.note = d.Param("note").String() }

func (n *noted) Encode(to *event.Encoder) {
	n.Meta.Encode(to)
	to.Text(n.note)
}

type rang struct{ event.Meta }

func (*rang) Decode(event.Decoder) {}

type smallHandler struct {
	table string
	row   func() event.Row
}

func (h smallHandler) NewRow() event.Row { return h.row() }

func (h smallHandler) Merge(ctx context.Context, tx event.DB, _ int) (event.Merged, error) {
	tag, err := tx.Exec(ctx, "INSERT INTO "+h.table+" SELECT * FROM "+h.table+"_stage ON CONFLICT DO NOTHING")
	return event.Merged{Inserted: tag.RowsAffected()}, err
}
