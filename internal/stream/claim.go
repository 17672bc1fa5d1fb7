package stream

import (
	"context"
	"fmt"
	"time"

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
	s.pages = found > 0 && cursor != zeroID
}

// claim takes over one page of the group's entries that are pending for too long, whoever owns them: this consumer
// too, for a batch that the caller gave up. The cursor wraps by itself, since Redis returns 0-0 at the end.
//
// Only ids are asked for. They stand in the consumer's own pending list then, from which the entries are read: 6.2 has
// nothing, not even an id, for an entry that was trimmed meanwhile, and a reply that is lost costs nothing.
func (c *Consumer) claim(ctx context.Context) ([]event.Message, error) {
	page, err := c.claimPage(ctx)
	if err != nil {
		return nil, err
	}
	// Redis 7 has taken these out of the pending list already.
	if trimmed := c.undecided(page.trimmed); len(trimmed) > 0 {
		c.lose(ctx, trimmed)
	}
	if len(page.ids) == 0 {
		return nil, nil
	}
	c.group.counters.claimed.Add(float64(len(page.ids)))
	c.Rewind()
	return c.readOwn(ctx)
}

// emptyPages bounds how many pages without anything to take over are passed at once: XAUTOCLAIM looks at ten times
// COUNT entries and then returns, even if all of them are being worked on.
const emptyPages = 64

// claimPage returns the next page that holds anything, or the last one that was looked at.
func (c *Consumer) claimPage(ctx context.Context) (page claimed, err error) {
	for range emptyPages {
		err := c.group.run(ctx, func() (err error) {
			page, err = c.claimIDs(ctx)
			return err
		})
		if err != nil {
			return claimed{}, err
		}
		found := len(page.ids) + len(page.trimmed)
		c.claims.advance(page.cursor, found)
		if found > 0 || page.cursor == zeroID {
			break
		}
	}
	return page, nil
}

// claimed is the reply to XAUTOCLAIM JUSTID. https://redis.io/docs/latest/commands/xautoclaim/
type claimed struct {
	cursor  string
	ids     []string
	trimmed []string // from Redis 7 on
}

// claimIDs sends the command as it is, because go-redis drops the third part of the reply.
func (c *Consumer) claimIDs(ctx context.Context) (claimed, error) {
	reply, err := c.group.client.Do(ctx, "XAUTOCLAIM", c.group.stream, c.group.name, c.o.Name,
		c.o.ClaimMinIdle.Milliseconds(), c.claims.cursor, "COUNT", c.page.count(), "JUSTID").Slice()
	if err != nil {
		return claimed{}, err
	}
	if len(reply) < 2 {
		return claimed{}, fmt.Errorf("read reply to XAUTOCLAIM: %d parts, want 2 or 3", len(reply))
	}
	page := claimed{ids: texts(reply[1])}
	page.cursor, _ = reply[0].(string)
	if len(reply) > 2 {
		page.trimmed = texts(reply[2])
	}
	return page, nil
}

// texts are the strings of an array in a reply.
func texts(reply any) []string {
	var out []string
	array, _ := reply.([]any)
	for _, element := range array {
		if text, ok := element.(string); ok {
			out = append(out, text)
		}
	}
	return out
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
