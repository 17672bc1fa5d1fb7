package replay

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
)

// Letters is what became of dead letters.
type Letters struct {
	// Replayed is how many are no dead letters any more.
	Replayed int
	// Written is how many have rows now that differ from the event, as the letter goes on to say.
	Written int
	// Open counts those that are still open by what is wrong with them now, and the new ones: those of the items of a
	// message that was one letter until now.
	Open map[event.Reason]int
	// Inserted and Duplicates count the rows: new ones, and those that stood already.
	Inserted, Duplicates int
}

func (l *Letters) add(batch *event.Batch, result event.Result) {
	l.Inserted += result.Inserted
	l.Duplicates += result.Duplicates
	l.Replayed += settled(batch, result)
	for _, letter := range result.DeadLetters {
		if letter.Written {
			l.Written++
			continue
		}
		if l.Open == nil {
			l.Open = make(map[event.Reason]int)
		}
		l.Open[letter.Reason]++
	}
}

// settled counts the dead letters that a batch has made replayed.
func settled(batch *event.Batch, result event.Result) (n int) {
	again := event.Origins(result.DeadLetters)
	for _, o := range batch.Settles {
		if !again[o] {
			n++
		}
	}
	return n
}

// Letters decides all open dead letters of a choice again that were there at its start, page by page in the order of
// stream and message id. Each becomes rows, or stays open and says what is wrong now. After an error the Letters are
// those decided until then.
func (e *Engine) Letters(ctx context.Context, c pg.Choice) (done Letters, err error) {
	start, err := ask(ctx, e, e.letters.Now)
	if err != nil {
		return done, err
	}
	total, err := e.count(ctx, c)
	if err != nil {
		return done, err
	}
	var after event.Origin
	for passed := 0; ; {
		page, err := ask(ctx, e, func(ctx context.Context) ([]pg.Letter, error) {
			return e.letters.Open(ctx, c, start, after)
		})
		if err != nil || len(page) == 0 {
			return done, err
		}
		err = e.replay(ctx, page, &done)
		if errors.Is(err, pg.ErrSettled) {
			continue // the page is another one now
		}
		if err != nil {
			return done, err
		}
		passed += len(page)
		after = page[len(page)-1].Origin
		e.o.Progress(min(passed, total), total)
	}
}

func (e *Engine) count(ctx context.Context, c pg.Choice) (total int, err error) {
	c.State = pg.StateOpen
	counts, err := ask(ctx, e, func(ctx context.Context) ([]pg.ByReason, error) { return e.letters.Count(ctx, c) })
	for _, c := range counts {
		total += c.Letters
	}
	return total, err
}

// Named decides these dead letters again, one after another, and passes over those that are not open. After an error
// the Letters are those decided until then.
func (e *Engine) Named(ctx context.Context, origins []event.Origin) (done Letters, err error) {
	for i, o := range origins {
		if err := e.named(ctx, o, &done); err != nil {
			return done, err
		}
		e.o.Progress(i+1, len(origins))
	}
	return done, nil
}

func (e *Engine) named(ctx context.Context, o event.Origin, done *Letters) error {
	for {
		letter, err := ask(ctx, e, func(ctx context.Context) (pg.Letter, error) { return e.letters.Find(ctx, o) })
		if err != nil {
			return err
		}
		if letter.State != pg.StateOpen {
			return nil
		}
		if err := e.replay(ctx, []pg.Letter{letter}, done); !errors.Is(err, pg.ErrSettled) {
			return err
		}
	}
}

// replay decides letters again in one transaction.
func (e *Engine) replay(ctx context.Context, letters []pg.Letter, done *Letters) error {
	batch := &event.Batch{Messages: len(letters)}
	for _, l := range letters {
		one := e.decide(l)
		batch.Items = append(batch.Items, one.Items...)
		batch.DeadLetters = append(batch.DeadLetters, one.DeadLetters...)
		batch.Reorgs = append(batch.Reorgs, one.Reorgs...)
		batch.Settles = append(batch.Settles, l.Origin)
	}
	result, err := e.write(ctx, batch)
	if err != nil {
		return err
	}
	done.add(batch, result)
	return nil
}

// decide decides a letter again: all items of a message, or the one item.
func (e *Engine) decide(l pg.Letter) *event.Batch {
	if l.Index == event.WholeMessage {
		return e.messages.Decide([]event.Message{messageOf(l)})
	}
	if !json.Valid(l.Payload) {
		// Only somebody's hand can have made it so, and it must not break out of its envelope.
		again := l.DeadLetter
		again.Reason, again.Detail, again.SQLState = event.ReasonNotJSON, "the item is not JSON any more", ""
		return &event.Batch{DeadLetters: []event.DeadLetter{again}}
	}
	batch := e.items.Decide([]event.Message{{
		Stream: l.Stream, ID: l.MessageID, HasPayload: true,
		Payload: envelope(l.EventName, l.SignatureHash, l.Network, l.Payload),
	}})
	for i := range batch.Items {
		batch.Items[i].Origin = l.Origin
	}
	for i := range batch.DeadLetters {
		batch.DeadLetters[i].Origin = l.Origin
	}
	for i := range batch.Reorgs {
		batch.Reorgs[i].Origin = l.Origin
	}
	return batch
}

// messageOf returns the message of which a letter holds the payload, or the fields where it had none.
func messageOf(l pg.Letter) event.Message {
	m := event.Message{Stream: l.Stream, ID: l.MessageID}
	if l.Reason == event.ReasonPayloadMissing {
		// It is a letter again whatever the fields are, and keeps those that it has.
		_ = json.Unmarshal(l.Payload, &m.Fields)
		return m
	}
	m.Payload, m.HasPayload = string(l.Payload), true
	return m
}
