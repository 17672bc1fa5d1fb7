package main

import (
	"net/url"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// TestRefusedByRedis: a Redis that takes no password of ours is named as such, and not as one that has no stream.
func TestRefusedByRedis(t *testing.T) {
	t.Parallel()
	redisURL, prefix := testenv.Redis(t)
	u, err := url.Parse(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("nobody", canary)
	settings := []string{"DATABASE_URL=" + testenv.Database(t), "REDIS_URL=" + u.String(), "REDIS_STREAMS=" + prefix + "stream"}
	p := startService(t, settings...)
	testenv.Eventually(t, patience, func() error {
		_, body := p.get(t, "/readyz")
		return contains(body, "WRONGPASS")
	})
	code, output := command(t, settings, "status")
	expect(t, exitFailed, code, output, "WRONGPASS")
	noPassword(t, p.output()+output)
}
