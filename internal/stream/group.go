package stream

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// inGroup runs a command of the group, and if there is no such group, creates it and runs the command again: the first
// start, FLUSHALL, DEL, eviction and a failover to an empty replica all look like this.
func (c *Consumer) inGroup(ctx context.Context, command func() error) error {
	err := command()
	if noGroup(err) {
		if err := c.createGroup(ctx); err != nil {
			return err
		}
		err = command()
	}
	if err == nil {
		c.joined = true
	}
	return err
}

// createGroup starts at the first entry there is: a group that starts at $ skips what is already in the stream.
func (c *Consumer) createGroup(ctx context.Context) error {
	err := c.o.Client.XGroupCreateMkStream(ctx, c.o.Stream, c.o.Group, "0").Err()
	if redis.HasErrorPrefix(err, "BUSYGROUP") {
		return nil // another consumer was quicker
	}
	if err != nil {
		return fmt.Errorf("create group %s: %w", c.o.Group, err)
	}
	if !c.joined {
		c.o.Log.InfoContext(ctx, "consumer group created")
		return nil
	}
	c.Resets.Add(1)
	c.claims.cursor = firstID
	c.o.Log.WarnContext(ctx, "consumer group had vanished and was created again at the start of the stream")
	return nil
}

// noGroup also knows the answer to a read that was blocked when the key was deleted.
func noGroup(err error) bool {
	return redis.HasErrorPrefix(err, "NOGROUP") || redis.HasErrorPrefix(err, "UNBLOCKED")
}

// Pending returns how many entries of the group are delivered and not acknowledged; none if there is no such group.
func Pending(ctx context.Context, client redis.UniversalClient, stream, group string) (int64, error) {
	pending, err := client.XPending(ctx, stream, group).Result()
	if noGroup(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("stream %s: count pending entries of group %s: %w", stream, group, err)
	}
	return pending.Count, nil
}
