package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
)

// ReasonParameters is why a generic event stays where it is although an ABI describes an event of its topic0 or name:
// the parameters of that one have other names. It is no reason of dead letters.
const ReasonParameters event.Reason = "other_parameters"

// Generics is what became of generic events.
type Generics struct {
	// Moved is how many are rows of their own table now; Duplicates how many were so already, and are so only once now.
	Moved, Duplicates int
	// Stayed are those that cannot be rows of the table of their event.
	Stayed map[event.Reason]Stayed
}

// Stayed counts generic events that stay, and tells of the first.
type Stayed struct {
	Events int
	Key    event.Key
	Name   string
	Detail string
}

func (g *Generics) stay(row *event.Generic, reason event.Reason, detail string) {
	if g.Stayed == nil {
		g.Stayed = make(map[event.Reason]Stayed)
	}
	s, known := g.Stayed[reason]
	if !known {
		s = Stayed{Key: row.Key(), Name: row.EventName, Detail: detail}
	}
	s.Events++
	g.Stayed[reason] = s
}

// Generic moves the generic events that the catalog describes into their tables, page by page in the order of the key.
// After an error the Generics are those decided until then.
func (e *Engine) Generic(ctx context.Context) (done Generics, err error) {
	described, err := e.described(ctx)
	if err != nil || len(described.Topics) == 0 {
		return done, err
	}
	total, err := ask(ctx, e, func(ctx context.Context) (int, error) { return e.generics.Count(ctx, described) })
	if err != nil {
		return done, err
	}
	var after *event.Generic
	for passed := 0; ; {
		page, err := ask(ctx, e, func(ctx context.Context) ([]event.Generic, error) {
			return e.generics.Page(ctx, described, after)
		})
		if err != nil || len(page) == 0 {
			return done, err
		}
		if err := e.move(ctx, page, &done); err != nil {
			return done, err
		}
		passed += len(page)
		after = &page[len(page)-1]
		e.o.Progress(min(passed, total), total)
	}
}

// described returns those topics of the catalog that generic events have, and all of its names.
func (e *Engine) described(ctx context.Context) (d pg.Described, err error) {
	topics := []common.Hash{{}} // messages of rindexer before 0.13 did not tell
	for _, definition := range e.o.Catalog.All() {
		d.Names = append(d.Names, definition.Name)
		if !definition.Anonymous {
			topics = append(topics, definition.Topic0)
		}
	}
	d.Topics, err = ask(ctx, e, func(ctx context.Context) ([]common.Hash, error) {
		return e.generics.Standing(ctx, topics)
	})
	return d, err
}

// move moves a page of generic events in one transaction.
func (e *Engine) move(ctx context.Context, page []event.Generic, done *Generics) error {
	messages := make([]event.Message, len(page))
	for i := range page {
		item, err := itemOf(&page[i])
		if err != nil {
			return err
		}
		messages[i] = event.Message{
			ID: fmt.Sprintf("%d-0", i), HasPayload: true, // which place reads
			Payload: envelope(page[i].EventName, page[i].SignatureHash, page[i].Network, item),
		}
	}
	decided := e.items.Decide(messages)
	batch := &event.Batch{}
	stays := decided.DeadLetters
	for _, item := range decided.Items {
		if item.Definition == nil {
			stays = append(stays, item.Letter(ReasonParameters, "no ABI has an event of these parameters"))
			continue
		}
		*item.Row.Metadata() = page[place(item.Origin)].Meta
		batch.Items = append(batch.Items, item)
	}
	result, err := ask(ctx, e, func(ctx context.Context) (event.Result, error) { return e.writer.Move(ctx, batch) })
	if err != nil {
		return err
	}
	done.Moved += result.Inserted
	done.Duplicates += result.Duplicates
	for _, letter := range append(stays, result.DeadLetters...) {
		done.stay(&page[place(letter.Origin)], letter.Reason, letter.Detail)
	}
	return nil
}

// place is where on its page an event stood.
func place(o event.Origin) uint64 {
	return event.EntryIDOf(o.MessageID).MS // the id is ours
}

// itemOf returns a generic event as an item that can be decided. Of its metadata the item holds what it must; the row
// that comes of it is given all of it.
func itemOf(g *event.Generic) ([]byte, error) {
	information, err := json.Marshal(map[string]any{
		"network": g.Network, "address": g.Address, "block_number": g.BlockNumber, "block_hash": g.BlockHash,
		"transaction_hash": g.TransactionHash, "transaction_index": g.TransactionIndex, "log_index": g.LogIndex,
	})
	if err != nil {
		return nil, fmt.Errorf("write metadata of transaction %s: %w", g.TransactionHash, err)
	}
	item := bytes.TrimSuffix(slices.Clone([]byte(g.Parameters)), []byte{'}'})
	if len(item) > len("{") {
		item = append(item, ',')
	}
	item = append(item, `"transaction_information":`...)
	item = append(item, information...)
	return append(item, '}'), nil
}
