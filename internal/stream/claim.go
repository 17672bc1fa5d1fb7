package stream

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// sweep is where a Consumer stands in taking over what others left pending.
type sweep struct {
	cursor string
	last   time.Time
	pages  bool // the last page held entries and was not the last of the sweep
	taken  bool // a page was taken, and new entries were not asked for since
}

// due tells whether to look at the next page: when the interval is over, and between any two batches of new entries
// while there is something to take over. Never twice in a row, so that new entries get at least every other turn.
func (s *sweep) due(interval time.Duration) bool {
	return !s.taken && (s.pages || time.Since(s.last) >= interval)
}

func (s *sweep) yielded() {
	s.taken = false
}

func (s *sweep) advance(cursor string, found int) {
	s.cursor, s.last, s.taken = cursor, time.Now(), true
	s.pages = found > 0 && cursor != firstID
}

// claim takes over one page of the group's entries that are pending for too long, whoever owns them: this consumer
// too, for a batch that the caller gave up. The cursor wraps by itself, since Redis returns 0-0 at the end.
func (c *Consumer) claim(ctx context.Context) ([]event.Message, error) {
	var entries []redis.XMessage
	var cursor string
	var trimmed []string
	err := c.inGroup(ctx, func() (err error) {
		entries, cursor, trimmed, err = c.o.Client.XAutoClaimWithDeleted(ctx, &redis.XAutoClaimArgs{
			Stream:   c.o.Stream,
			Group:    c.o.Group,
			Consumer: c.o.Name,
			MinIdle:  c.o.ClaimMinIdle,
			Start:    c.claims.cursor,
			Count:    c.page.count(),
		}).Result()
		return err
	})
	if err != nil {
		return nil, err
	}
	c.claims.advance(cursor, len(entries))
	// Redis has taken these out of the pending list already.
	if trimmed = c.undecided(trimmed); len(trimmed) > 0 {
		c.lose(ctx, trimmed)
	}
	return c.accept(ctx, entries)
}

func (c *Consumer) undecided(ids []string) []string {
	var out []string
	for _, id := range ids {
		if _, decided := c.unacked[id]; !decided {
			out = append(out, id)
		}
	}
	return out
}
