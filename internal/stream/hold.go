package stream

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// Hold tells Redis that this consumer still works on these entries, so that no other one takes them over: they count as
// delivered just now. It is for a batch that takes long: the ids of one Read, or a run of them, in their order. It may
// be called while other methods run.
//
// What others have taken over meanwhile is left to them. To take it back would have both write it, again and again; as
// it is, they both do once, and whoever is first acknowledges it.
func (c *Consumer) Hold(ctx context.Context, ids []string) error {
	for chunk := range slices.Chunk(ids, ackMost) {
		if err := c.hold(ctx, chunk); err != nil && !noGroup(err) {
			return fmt.Errorf("stream %s: hold %d entries: %w", c.o.Stream, len(ids), err)
		}
	}
	return nil
}

func (c *Consumer) hold(ctx context.Context, ids []string) error {
	// What a Read returns is a run of the consumer's own list.
	pending, err := c.o.Client.XPendingExt(ctx, &redis.XPendingExtArgs{
		Stream: c.o.Stream, Group: c.o.Group, Consumer: c.o.Name,
		Start: ids[0], End: ids[len(ids)-1], Count: int64(len(ids)),
	}).Result()
	if err != nil || len(pending) == 0 {
		return err
	}
	own := make([]string, len(pending))
	for i, entry := range pending {
		own[i] = entry.ID
	}
	// JUSTID leaves the count of deliveries as it is. https://redis.io/docs/latest/commands/xclaim/
	return c.o.Client.XClaimJustID(ctx, &redis.XClaimArgs{
		Stream: c.o.Stream, Group: c.o.Group, Consumer: c.o.Name, Messages: own,
	}).Err()
}
