package preflight

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// streamCheck looks at single streams.
type streamCheck struct {
	client redis.UniversalClient
	group  string
	// knowLag: Redis counts the lag of a group since 7.0; older ones leave the field out, which reads as 0.
	knowLag bool
}

func (c streamCheck) finding(ctx context.Context, name string) Finding {
	subject := "stream " + name
	f, err := c.look(ctx, subject, name)
	if err != nil {
		return redisArea.fail(subject, redisHint(err), "%s", oneLine(err))
	}
	return f
}

// look needs no more of an ACL than the service itself: what is beyond that is left out where it is forbidden.
func (c streamCheck) look(ctx context.Context, subject, name string) (Finding, error) {
	groups, err := c.client.XInfoGroups(ctx, name).Result()
	switch {
	case redis.HasErrorPrefix(err, "no such key"):
		return redisArea.ok(subject, "not there yet; the first entry makes it, or the service with group %s at start",
			c.group), nil
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		return redisArea.fail(subject, "rename the key or choose another stream, here and in rindexer.yaml",
			"the key holds no stream: whatever reads or writes it gets WRONGTYPE, and rindexer drops what it cannot write"), nil
	case err != nil:
		return Finding{}, fmt.Errorf("list its consumer groups: %w", err)
	}
	ttl, err := c.client.PTTL(ctx, name).Result()
	if err != nil && !isAnswer(err) {
		return Finding{}, fmt.Errorf("ask for its time to live: %w", err)
	}
	if ttl > 0 {
		return redisArea.fail(subject, "PERSIST "+name+", and find out who set it",
			"it expires in %s, with every entry and the consumer group", ttl), nil
	}
	length, err := c.client.XLen(ctx, name).Result()
	if err != nil && !isAnswer(err) {
		return Finding{}, fmt.Errorf("count its entries: %w", err)
	}
	entries := count(int(length), "entry")
	if err != nil {
		entries = "it is there"
	}
	return redisArea.ok(subject, "%s; %s", entries, c.describe(groups)), nil
}

func (c streamCheck) describe(groups []redis.XInfoGroup) string {
	for _, g := range groups {
		if g.Name == c.group {
			return fmt.Sprintf("group %s: lag %s, %d pending", g.Name, c.lag(g), g.Pending)
		}
	}
	return fmt.Sprintf("group %s will be made at start, and reads from the first entry", c.group)
}

// lag is -1 where entries were deleted between the group's position and the end.
func (c streamCheck) lag(g redis.XInfoGroup) string {
	if !c.knowLag || g.Lag < 0 {
		return "unknown"
	}
	return strconv.FormatInt(g.Lag, 10)
}
