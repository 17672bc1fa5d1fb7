package replay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

// ErrNoStream is the error of a key of Redis that does not exist, or is no stream.
var ErrNoStream = errors.New("there is no such stream in Redis; hint: REDIS_STREAMS and --stream take the names that rindexer's manifest gives")

const (
	// entriesMost and entriesBytes bound a page of entries. Redis bounds a reply by entries only, so how many to ask
	// for is learnt from those that came before; firstEntries is asked for when none have.
	entriesMost  = 100
	entriesBytes = 16 << 20
	firstEntries = 16
	// replyTimeout is what a reply may take: an entry holds up to 512 MB.
	replyTimeout = 2 * time.Minute
)

// lastID is the highest that an entry can have.
const lastID = "18446744073709551615-18446744073709551615"

// entries reads a stretch of a stream outside any consumer group: nobody else notices.
type entries struct {
	client redis.UniversalClient
	stream string
	next   string // where the next page begins
	last   event.EntryID
	count  int64
}

func newEntries(client redis.UniversalClient, name string, first, last event.EntryID) *entries {
	if single, ok := client.(*redis.Client); ok {
		client = single.WithTimeout(replyTimeout)
	}
	return &entries{client: client, stream: name, next: first.String(), last: last, count: firstEntries}
}

// page returns the next entries, none at the end. After an error it can be asked again.
func (r *entries) page(ctx context.Context) ([]event.Message, error) {
	if r.next == "" {
		return nil, nil
	}
	found, err := r.client.XRangeN(ctx, r.stream, r.next, r.last.String(), r.count).Result()
	if err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			r.count = max(1, r.count/2)
		}
		return nil, fmt.Errorf("read stream %s: %w", r.stream, err)
	}
	messages := make([]event.Message, len(found))
	size := 0
	for i, entry := range found {
		messages[i] = stream.Message(r.stream, entry)
		size += len(messages[i].Payload)
	}
	if n := len(found); n > 0 {
		r.next = "(" + found[n-1].ID
		if found[n-1].ID == lastID {
			r.next = "" // Redis knows no interval behind it
		}
		r.count = min(entriesMost, 2*r.count, int64(max(1, entriesBytes/max(1, size/n))))
	}
	return messages, nil
}

// extent is what Redis tells of a stream.
type extent struct {
	first, last event.EntryID // of its entries; last may be one that was deleted
	// deleted: entries are missing that were there.
	deleted bool
	// deletedUpTo is the last entry that was deleted from within.
	deletedUpTo event.EntryID
}

func extentOf(ctx context.Context, client redis.UniversalClient, stream string) (extent, error) {
	info, err := client.XInfoStream(ctx, stream).Result()
	switch {
	case redis.HasErrorPrefix(err, "WRONGTYPE"), redis.HasErrorPrefix(err, "no such key"):
		return extent{}, fmt.Errorf("read stream %s: %w", stream, ErrNoStream)
	case err != nil:
		return extent{}, fmt.Errorf("read stream %s: %w", stream, err)
	}
	return extent{
		first:       event.EntryIDOf(info.FirstEntry.ID),
		last:        event.EntryIDOf(info.LastGeneratedID),
		deleted:     info.EntriesAdded > info.Length,
		deletedUpTo: event.EntryIDOf(info.MaxDeletedEntryID),
	}, nil
}
