package testenv

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Redis returns the URL of a Redis server and a prefix for this test's keys, such as "test:k3x…:". Keys with that prefix
// are deleted at the end of the test. The server is shared: what concerns all of it (FLUSHALL, CLIENT PAUSE, CONFIG SET)
// belongs on one of OwnRedis.
func Redis(tb testing.TB) (url, prefix string) {
	tb.Helper()
	url = sharedRedis.URL(tb)
	options, err := redis.ParseURL(url)
	if err != nil {
		tb.Fatalf("parse TEST_REDIS_URL: %v; hint: write it as redis://user:password@host:port", err)
	}
	prefix = "test:" + randomName() + ":"
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
		defer cancel()
		if err := deleteKeys(ctx, options, prefix); err != nil {
			tb.Errorf("delete keys %s*: %v", prefix, err)
		}
	})
	return url, prefix
}

func deleteKeys(ctx context.Context, options *redis.Options, prefix string) error {
	client := redis.NewClient(options)
	defer client.Close()
	for cursor := uint64(0); ; {
		keys, next, err := client.Scan(ctx, cursor, prefix+"*", 1000).Result()
		if err == nil && len(keys) > 0 {
			err = client.Unlink(ctx, keys...).Err()
		}
		if err != nil || next == 0 {
			return err
		}
		cursor = next
	}
}
