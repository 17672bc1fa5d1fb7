package conformance_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// group is the service's by default.
const group = "postgres-sync"

// settleTimeout is far above the seconds that it takes, for a machine where all packages are tested at once.
const settleTimeout = 3 * time.Minute

// streams are the streams of a recording, under the test's own keys.
type streams struct {
	url    string
	prefix string
	names  []string
	client *redis.Client
	last   map[string]string // the last entry of each stream
}

func newStreams(t *testing.T, entries []recording.Entry) *streams {
	t.Helper()
	s := &streams{last: map[string]string{}}
	s.url, s.prefix = testenv.Redis(t)
	options, err := redis.ParseURL(s.url)
	if err != nil {
		t.Fatal(err)
	}
	s.client = redis.NewClient(options)
	t.Cleanup(func() { s.client.Close() })
	for _, e := range entries {
		s.names = append(s.names, s.rename(e.Stream))
	}
	slices.Sort(s.names)
	s.names = slices.Compact(s.names)
	return s
}

func (s *streams) rename(stream string) string { return s.prefix + stream }

// published is an entry in a stream.
type published struct {
	stream  string
	id      string
	payload string
}

// publish adds the entries and returns them as they stand in Redis.
func (s *streams) publish(t *testing.T, entries []recording.Entry) []published {
	t.Helper()
	if err := recording.Play(t.Context(), s.client, entries, s.rename); err != nil {
		t.Fatal(err)
	}
	var all []published
	for _, name := range s.names {
		after := "-"
		if last, ok := s.last[name]; ok {
			after = "(" + last
		}
		standing, err := s.client.XRange(t.Context(), name, after, "+").Result()
		if err != nil {
			t.Fatalf("read %s: %v", name, err)
		}
		for _, message := range standing {
			all = append(all, published{name, message.ID, message.Values["payload"].(string)})
			s.last[name] = message.ID
		}
	}
	if len(all) != len(entries) {
		t.Fatalf("published %d entries, and %d stand in Redis", len(entries), len(all))
	}
	return all
}

// settle waits until the group has read and acknowledged every entry.
func (s *streams) settle(t *testing.T, v *service) {
	t.Helper()
	testenv.Eventually(t, settleTimeout, func() error {
		if err := v.exited(); err != nil {
			t.Fatal(err)
		}
		for _, name := range s.names {
			if err := s.settled(t, name); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *streams) settled(t *testing.T, stream string) error {
	groups, err := s.client.XInfoGroups(t.Context(), stream).Result()
	if err != nil {
		return fmt.Errorf("ask for groups of %s: %w", stream, err)
	}
	for _, g := range groups {
		if g.Name != group {
			continue
		}
		if g.Pending != 0 || g.Lag != 0 || g.LastDeliveredID != s.last[stream] {
			return fmt.Errorf("group %s of %s has %d pending, lag %d, and read up to %s",
				g.Name, stream, g.Pending, g.Lag, g.LastDeliveredID)
		}
		return nil
	}
	return fmt.Errorf("stream %s has no group %s", stream, group)
}
