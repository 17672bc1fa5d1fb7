package main

import (
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// redisPrivileges finds the rules for a user of Redis in docs/operations.md.
var redisPrivileges = regexp.MustCompile(`(?m)^\+ping .*$`)

// TestRedisPrivileges: what docs/operations.md lets a user of Redis do is enough, and nothing of it is for show.
func TestRedisPrivileges(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := strings.Fields(redisPrivileges.FindString(string(page)))
	t.Run("without TRIM", func(t *testing.T) {
		t.Parallel()
		runAsUser(t, rules, "TRIM=off", "cmdstat_xack:")
	})
	t.Run("with TRIM", func(t *testing.T) {
		t.Parallel()
		runAsUser(t, append(rules[:len(rules):len(rules)], "+xtrim"), "TRIM=on", "cmdstat_xtrim:")
	})
}

// runAsUser runs the service as a user of Redis with some rights, until Redis has counted a command.
func runAsUser(t *testing.T, rules []string, setting, counted string) {
	t.Helper()
	server := testenv.OwnRedis(t)
	root, err := stream.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	user := []any{"ACL", "SETUSER", "service", "on", ">secret", "~stream", "~postgres-sync:consumer:*"}
	for _, rule := range rules {
		user = append(user, rule)
	}
	if err := root.Do(t.Context(), user...).Err(); err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword("service", "secret")
	load := startProducer(t, root, "stream")
	database := testenv.Database(t)
	p := startService(t, "DATABASE_URL="+database, "REDIS_URL="+address.String()+"/0", "REDIS_STREAMS=stream", setting)
	p.awaitStatus(t, "/readyz", 200)
	testenv.Eventually(t, watermarkTimeout, func() error { return contains(root.Info(t.Context(), "commandstats").Val(), counted) })
	total := load.finish()
	db := connect(t, database)
	awaitRows(t, db, total)
	awaitNonePending(t, root, "stream")
	compareLedger(t, db, total)
	for _, entry := range root.Do(t.Context(), "ACL", "LOG").Val().([]any) {
		t.Errorf("refused: %v", entry)
	}
}
