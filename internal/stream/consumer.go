// Package stream is the Redis side of the service: it reads the entries of a stream as a member of a consumer group
// and acknowledges them. It knows nothing of what an entry says, nor of PostgreSQL; the one who calls it decides what
// becomes of an entry, and how long to wait after an error.
//
// The invariant: an entry that Redis delivered to the group is handed out again until somebody acknowledges it, whoever
// died, whatever reply was lost; and an entry that the caller acknowledged is never handed out again by the same
// Consumer, even while Redis does not take the acknowledgement. Entries may be handed out twice, so deciding one twice
// must be the same as deciding it once.
//
// Beside the Consumer there is what an operator asks of a stream and a group: how far they are and whether the commands
// work (Inspect, Watcher), and who reads (Lease, RemoveIdle). All of it works from Redis 6.2 on.
package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

const (
	// zeroID is below all entries. It asks XREADGROUP for a consumer's pending list from its beginning, and XAUTOCLAIM for the
	// group's.
	zeroID = "0-0"
	newID  = ">"

	// neverBlock leaves BLOCK out of the command; zero would mean to wait for ever.
	neverBlock time.Duration = -1
)

// Options say what a Consumer reads and as whom.
type Options struct {
	// Client should come from Connect, which turns off the silent retries that would lose replies.
	Client redis.UniversalClient

	Stream string
	Group  string
	// Name is the consumer's name in the group. It must be stable over restarts, or entries that were being worked on
	// wait for ClaimMinIdle, and used by one Consumer at a time.
	Name string

	// Count is the most entries that one Read returns; fewer when entries are large.
	Count int64
	// Block is how long a Read waits for a new entry, and so how late it may notice that its context ended. One second
	// if below a millisecond.
	Block time.Duration

	// StaleAfter is the time without a Read after which the next ones return few entries at first, as much of another size may
	// have come: while PostgreSQL was away, say. It should be longer than what a batch may take. A minute if zero.
	StaleAfter time.Duration

	// ClaimInterval is the time between two looks at the pending entries of the whole group.
	ClaimInterval time.Duration
	// ClaimMinIdle is how long an entry must have been with its owner, without a Hold, before it is taken over.
	ClaimMinIdle time.Duration

	// Counters are shared by all consumers of the stream. They may be nil.
	Counters *Counters
	// Log may be nil.
	Log *slog.Logger
}

// Consumer reads one stream for one loop: what a Read returned is decided and acknowledged before the next Read. Its
// methods must not be called at the same time, but for Hold.
type Consumer struct {
	o     Options
	group group
	page  pager

	replaying bool   // the consumer's own pending list is being read
	position  string // the last id read from that list

	claims  sweep
	unacked map[string]struct{} // decided entries that Redis does not know to be acknowledged
}

// New returns a Consumer that starts with its own pending entries. It does not talk to Redis yet.
func New(o Options) *Consumer {
	if o.Block < time.Millisecond {
		o.Block = time.Second
	}
	if o.StaleAfter == 0 {
		o.StaleAfter = time.Minute
	}
	if o.Count < 1 {
		o.Count = 1
	}
	if o.Counters == nil {
		o.Counters = NewCounters(o.Stream)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Log = o.Log.With("stream", o.Stream, "group", o.Group, "consumer", o.Name)
	c := &Consumer{
		o:       o,
		group:   group{client: o.Client, stream: o.Stream, name: o.Group, counters: o.Counters, log: o.Log},
		page:    newPager(o.Count, replyTimeout(o.Client), o.StaleAfter),
		unacked: map[string]struct{}{},
	}
	c.claims.cursor = zeroID
	c.Rewind()
	return c
}

// Rewind makes the next Read start over with the consumer's own pending entries. Read does so by itself after an
// error; a caller needs it when it gives up a batch without acknowledging it.
func (c *Consumer) Rewind() {
	c.replaying, c.position = true, zeroID
}

// Read returns the next entries, at most Options.Count and all from one of three sources, in this order: the entries
// delivered to this consumer and never acknowledged (at start and after an error), entries that others left pending for
// too long (looked for each ClaimInterval, at most every other batch), and new ones, for which it waits. No entry and
// no error mean that the wait was in vain.
//
// When ctx ends, Read returns ctx.Err(), at the latest after the time it waits for new entries: nothing interrupts a
// blocked read earlier. Entries that arrive at that moment are still returned. Any other error names the stream and is
// worth trying again after a pause.
func (c *Consumer) Read(ctx context.Context) ([]event.Message, error) {
	msgs, err := c.read(ctx)
	if err == nil && len(msgs) == 0 {
		err = ctx.Err()
	}
	if err == nil {
		return msgs, nil
	}
	// The reply may have been lost behind Redis' back: then its entries stand in our pending list.
	c.Rewind()
	c.page.failed(err)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, fmt.Errorf("stream %s: %w", c.o.Stream, err)
}

func (c *Consumer) read(ctx context.Context) ([]event.Message, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := c.settle(ctx); err != nil {
		return nil, err
	}
	if c.replaying {
		if msgs, err := c.readOwn(ctx); err != nil || len(msgs) > 0 {
			return msgs, err
		}
	}
	if c.claims.due(c.o.ClaimInterval) {
		if msgs, err := c.claim(ctx); err != nil || len(msgs) > 0 {
			return msgs, err
		}
	}
	return c.readNew(ctx)
}

// readOwn returns the next page of the consumer's own pending list, or nothing when its end is reached. It goes on from
// the last id it saw, because entries whose acknowledgement is owed stay in the list.
func (c *Consumer) readOwn(ctx context.Context) ([]event.Message, error) {
	for {
		entries, err := c.ownPage(ctx)
		if err != nil {
			return nil, err
		}
		if len(entries) == 0 {
			c.replaying = false
			c.page.caughtUp()
			return nil, nil
		}
		c.position = entries[len(entries)-1].ID
		if msgs, err := c.accept(ctx, entries); err != nil || len(msgs) > 0 {
			return msgs, err
		}
	}
}

// ownPage reads over a connection of its own where a reply took too long before. That connection's handshake shows that
// the server is there, so that the long wait is for a large entry and not for a server that is away; and unlike a
// shared one it can be closed when ctx ends.
func (c *Consumer) ownPage(ctx context.Context) ([]redis.XMessage, error) {
	patience := c.page.patience
	if patience == c.page.usual {
		return c.readGroup(ctx, c.o.Client, c.position, neverBlock, patience)
	}
	client, done := separate(ctx, c.o.Client)
	defer done()
	// Redis ignores BLOCK for pending entries; go-redis waits longer for its sake.
	return c.readGroup(ctx, client, c.position, patience, patience)
}

func (c *Consumer) readNew(ctx context.Context) ([]event.Message, error) {
	block := c.o.Block
	if c.claims.pages {
		block = neverBlock // the sweep has more to do meanwhile
	}
	entries, err := c.readGroup(ctx, c.o.Client, newID, block, max(block, 0)+c.page.usual)
	if err != nil {
		return nil, err
	}
	c.claims.yielded()
	return c.accept(ctx, entries)
}

// readGroup gives up after timeout: go-redis would give a blocked read ten seconds more than BLOCK, longer than a
// shutdown takes.
func (c *Consumer) readGroup(
	ctx context.Context, client redis.UniversalClient, from string, block, timeout time.Duration,
) ([]redis.XMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	var entries []redis.XMessage
	err := c.group.run(ctx, func() error {
		streams, err := client.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group:    c.o.Group,
			Consumer: c.o.Name,
			Streams:  []string{c.o.Stream, from},
			Count:    c.page.count(),
			Block:    block,
		}).Result()
		if errors.Is(err, redis.Nil) {
			return nil
		}
		for _, s := range streams {
			entries = append(entries, s.Messages...)
		}
		return err
	})
	return entries, err
}

// accept turns entries into messages. It leaves out those that are decided already, and acknowledges those of which
// nothing but the id is left.
func (c *Consumer) accept(ctx context.Context, entries []redis.XMessage) ([]event.Message, error) {
	msgs := make([]event.Message, 0, len(entries))
	var gone []string
	for _, e := range entries {
		switch _, decided := c.unacked[e.ID]; {
		case decided:
		case e.Values == nil:
			gone = append(gone, e.ID)
		default:
			msgs = append(msgs, Message(c.o.Stream, e))
		}
	}
	c.page.seen(msgs)
	if len(gone) == 0 {
		return msgs, nil
	}
	c.lose(ctx, gone)
	rest, err := c.ack(ctx, gone, 1)
	c.owe(rest)
	return msgs, err
}

func (c *Consumer) lose(ctx context.Context, ids []string) {
	c.o.Counters.lost.Add(float64(len(ids)))
	c.o.Log.WarnContext(ctx, "entries trimmed while pending", "count", len(ids), "first", ids[0], "last", ids[len(ids)-1])
}
