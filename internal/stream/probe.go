package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// lastPlace is above every entry that can be pending. The id above it would not do: that is how Redis keeps ">", so it
// would be given a new entry.
const lastPlace = "18446744073709551615-18446744073709551614"

// Probe shows that the group's commands work on one of the streams. A server that is read-only, or that does not let us
// read, answers PING all the same. It reads the pending list of the consumer behind its end, which is a command that
// writes, and changes nothing but the time at which the consumer was seen; so consumer should be one that this process
// uses anyway. A group that is missing is created, as a Consumer does it, and counts as a reset if it was there before.
func (w *Watcher) Probe(ctx context.Context, stream, consumer string) error {
	g := group{client: w.client, stream: stream, name: w.group, counters: w.counters[stream], log: w.logOf(stream)}
	err := g.run(ctx, func() error {
		err := w.client.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group: w.group, Consumer: consumer, Streams: []string{stream, lastPlace}, Count: 1, Block: neverBlock,
		}).Err()
		if errors.Is(err, redis.Nil) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("stream %s: probe group %s: %w", stream, w.group, err)
	}
	return nil
}
