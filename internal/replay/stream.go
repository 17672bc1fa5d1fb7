package replay

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
)

// Stretch is a part of a stream, both ends included.
type Stretch struct {
	Stream      string
	First, Last event.EntryID
	// Passable is called when a page is read and before it is decided, and may keep it waiting. Its error ends the reading. It may
	// be nil.
	Passable func(context.Context) error
	// Decided is called after each page, with the last entry that is decided again. Its error ends the reading. It may be nil.
	Decided func(ctx context.Context, last event.EntryID) error
}

// Stream is what became of a stretch.
type Stream struct {
	Entries int
	// Events are those that the entries hold, but for entries that are dead letters as a whole: new rows, rows that
	// stood already, and dead letters. Notices of reorgs are counted by themselves.
	Events, Inserted, Duplicates, Notices int
	// DeadLetters counts by reason, those of whole entries included. Letters that people have replayed or discarded
	// stay so. Written counts those that annotate a row.
	DeadLetters map[event.Reason]int
	Written     int
	// Settled is how many dead letters were open and are replayed now.
	Settled int
	// Gone: entries of the stretch were deleted from Redis and could not be read. Redis tells from version 7 on.
	Gone bool
}

func (s *Stream) add(batch *event.Batch, result event.Result) {
	s.Entries += batch.Messages
	s.Events += len(batch.Items)
	s.Inserted += result.Inserted
	s.Duplicates += result.Duplicates
	s.Notices += len(batch.Reorgs)
	for _, l := range batch.DeadLetters {
		if !l.Written && l.Index != event.WholeMessage {
			s.Events++
		}
	}
	for _, l := range result.DeadLetters {
		if l.Written {
			s.Written++
			continue
		}
		if s.DeadLetters == nil {
			s.DeadLetters = make(map[event.Reason]int)
		}
		s.DeadLetters[l.Reason]++
	}
	s.Settled += settled(batch, result)
}

// Stream decides the entries of a stretch again that are there at its start, page by page. It acknowledges nothing and
// belongs to no consumer group. Dead letters of these entries that are open become replayed where their events are
// rows now. After an error the Stream is what was decided until then.
func (e *Engine) Stream(ctx context.Context, client redis.UniversalClient, s Stretch) (done Stream, err error) {
	there, err := ask(ctx, e, func(ctx context.Context) (extent, error) { return extentOf(ctx, client, s.Stream) })
	if err != nil {
		return done, err
	}
	done.Gone = there.deleted && (s.First.Before(there.first) || !there.deletedUpTo.Before(s.First))
	last := s.Last
	if there.last.Before(last) {
		last = there.last
	}
	first := s.First
	if first.Before(there.first) {
		first = there.first
	}
	reader := newEntries(client, s.Stream, first, last)
	for {
		messages, err := ask(ctx, e, reader.page)
		if err != nil || len(messages) == 0 {
			return done, err
		}
		if s.Passable != nil {
			if err := s.Passable(ctx); err != nil {
				return done, err
			}
		}
		if err := e.again(ctx, messages, &done); err != nil {
			return done, err
		}
		at := event.EntryIDOf(messages[len(messages)-1].ID)
		e.o.Progress(share(first, at, last))
		if s.Decided != nil {
			if err := s.Decided(ctx, at); err != nil {
				return done, err
			}
		}
	}
}

// Find returns an error, ErrNoStream for one, unless Redis has all of these streams.
func (e *Engine) Find(ctx context.Context, client redis.UniversalClient, streams []string) error {
	for _, name := range streams {
		if _, err := ask(ctx, e, func(ctx context.Context) (extent, error) { return extentOf(ctx, client, name) }); err != nil {
			return err
		}
	}
	return nil
}

// share is how far a position is between two others, in milliseconds.
func share(first, at, last event.EntryID) (done, total int) {
	return int(at.MS - first.MS + 1), int(last.MS - first.MS + 1)
}

// again decides messages of one stream in one transaction.
func (e *Engine) again(ctx context.Context, messages []event.Message, done *Stream) error {
	batch := e.messages.Decide(messages)
	ids := make([]string, len(messages))
	for i, m := range messages {
		ids[i] = m.ID
	}
	for {
		open, err := ask(ctx, e, func(ctx context.Context) ([]event.Origin, error) {
			return e.letters.OpenOf(ctx, messages[0].Stream, ids)
		})
		if err != nil {
			return err
		}
		batch.Settles = decidedBy(batch, open)
		result, err := e.write(ctx, batch)
		if errors.Is(err, pg.ErrSettled) {
			continue // by somebody else since we asked
		}
		if err == nil {
			done.add(batch, result)
		}
		return err
	}
}

// decidedBy returns the origins that a batch decides: not those of items whose message it rejects as a whole.
func decidedBy(batch *event.Batch, origins []event.Origin) []event.Origin {
	rejected := make(map[string]bool)
	for _, l := range batch.DeadLetters {
		if l.Index == event.WholeMessage {
			rejected[l.MessageID] = true
		}
	}
	var decided []event.Origin
	for _, o := range origins {
		if o.Index == event.WholeMessage || !rejected[o.MessageID] {
			decided = append(decided, o)
		}
	}
	return decided
}
