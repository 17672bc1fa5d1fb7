package stream

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// Extent is what of a stream a group was given: nothing above Last, and what is below Low is acknowledged. Where there is no
// group, or it was given nothing, both are zero.
type Extent struct{ Low, Last event.EntryID }

// Delivered returns how far the group has been given the stream.
func Delivered(ctx context.Context, client redis.UniversalClient, stream, group string) (Extent, error) {
	s, err := Inspect(ctx, client, stream, group)
	switch {
	case err != nil:
		return Extent{}, err
	case s.WrongType:
		return Extent{}, fmt.Errorf("stream %s: the key is no stream", stream)
	case !s.GroupExists:
		return Extent{}, nil
	}
	last := event.EntryIDOf(s.LastDeliveredID)
	switch {
	// Redis was asked for the last entry before it was asked for pending ones: what was given out in between is pending.
	case s.OldestPendingID != "":
		return Extent{event.EntryIDOf(s.OldestPendingID), last}, nil
	case last == event.EntryID{}:
		return Extent{}, nil
	}
	return Extent{last.Next(), last}, nil
}
