package stream

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Extent is what of a stream a group was given: nothing above LastID, and what is below LowID is acknowledged. Where there
// is no group, or it was given nothing, both are 0-0.
type Extent struct{ LowID, LastID string }

// Delivered returns how far the group has been given the stream.
func Delivered(ctx context.Context, client redis.UniversalClient, stream, group string) (Extent, error) {
	s, err := Inspect(ctx, client, stream, group)
	switch {
	case err != nil:
		return Extent{}, err
	case s.WrongType:
		return Extent{}, fmt.Errorf("stream %s: the key is no stream", stream)
	case !s.GroupExists:
		return Extent{ZeroID, ZeroID}, nil
	// Redis was asked for the last entry before it was asked for pending ones: what was given out in between is pending.
	case s.OldestPendingID != "":
		return Extent{s.OldestPendingID, s.LastDeliveredID}, nil
	case s.LastDeliveredID == ZeroID:
		return Extent{ZeroID, ZeroID}, nil
	}
	return Extent{parseID(s.LastDeliveredID).next().String(), s.LastDeliveredID}, nil
}
