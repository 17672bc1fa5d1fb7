package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/redis/go-redis/v9"
)

// group is one consumer group of one stream.
type group struct {
	client   redis.UniversalClient
	stream   string
	name     string
	counters *Counters
	log      *slog.Logger
}

// run runs a command of the group, and if there is no such group, creates it and runs the command again: the first
// start, FLUSHALL, DEL, eviction and a failover to an empty replica all look like this.
func (g group) run(ctx context.Context, command func() error) error {
	err := command()
	if noGroup(err) {
		if err := g.create(ctx); err != nil {
			return err
		}
		err = command()
	}
	if err == nil {
		g.counters.joined.Store(true)
	}
	return err
}

// create starts at the first entry there is: a group that starts at $ skips what is already in the stream.
func (g group) create(ctx context.Context) error {
	again := g.counters.joined.Load() // before others can join what is created here
	err := g.client.XGroupCreateMkStream(ctx, g.stream, g.name, "0").Err()
	if redis.HasErrorPrefix(err, "BUSYGROUP") {
		return nil // another consumer was quicker
	}
	if err != nil {
		return fmt.Errorf("create group %s: %w", g.name, err)
	}
	if !again {
		g.log.InfoContext(ctx, "consumer group created")
		return nil
	}
	g.counters.resets.Inc()
	g.log.WarnContext(ctx, "consumer group had vanished and was created again at the start of the stream")
	return nil
}

// noGroup also knows the answer to a read that was blocked when the key was deleted.
func noGroup(err error) bool {
	return redis.HasErrorPrefix(err, "NOGROUP") || redis.HasErrorPrefix(err, "UNBLOCKED")
}

// forbidden tells whether the user of the connection may not do what it asked for. What is refused to a command within
// a script has no code of its own: the words are those of Redis up to 7.0 and of later ones.
// https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
func forbidden(err error) bool {
	refusal, ok := errors.AsType[redis.Error](err)
	if !ok {
		return false
	}
	text := refusal.Error()
	return strings.HasPrefix(text, "NOPERM") ||
		strings.Contains(text, "The user executing the script can't") || strings.Contains(text, "ACL failure in script")
}

// full tells whether Redis refuses to write because it has no memory left. Reading and acknowledging work all the same.
func full(err error) bool {
	refusal, ok := errors.AsType[redis.Error](err)
	return ok && strings.Contains(refusal.Error(), "OOM command not allowed")
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
