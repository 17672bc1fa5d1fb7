package main

import (
	"net/url"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// TestRefusedByRedis: a Redis that takes no password of ours, or refuses a command, is named as such, and not as one that has no
// stream. What came meanwhile is written once it is mended, and nothing of it becomes a dead letter.
func TestRefusedByRedis(t *testing.T) {
	t.Parallel()
	server := testenv.OwnRedis(t)
	root, err := stream.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	user := func(rules ...any) {
		t.Helper()
		if err := root.Do(t.Context(), append([]any{"ACL", "SETUSER", "service"}, rules...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	user("on", ">another", "~*", "+@all")
	u, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("service", canary)
	database := testenv.Database(t)
	settings := []string{"DATABASE_URL=" + database, "REDIS_URL=" + u.String(), "REDIS_STREAMS=stream"}
	load := startProducer(t, root, "stream")
	p := startService(t, settings...)
	refused := func(want string) {
		t.Helper()
		testenv.Eventually(t, patience, func() error {
			_, body := p.get(t, "/readyz")
			noPassword(t, body)
			return contains(body, want)
		})
	}
	refused("WRONGPASS")
	code, output := command(t, settings, "status")
	expect(t, exitFailed, code, output, "WRONGPASS")
	noPassword(t, output)

	user(">" + canary)
	p.awaitStatus(t, "/readyz", 200)
	user("-xreadgroup")
	refused("NOPERM")
	user("+xreadgroup")
	p.awaitStatus(t, "/readyz", 200)
	total := load.finish()
	db := connect(t, database)
	awaitRows(t, db, total)
	awaitNonePending(t, root, "stream")
	compareLedger(t, db, total)
	var letters int
	if err := db.QueryRow(t.Context(), "SELECT count(*) FROM dead_letters").Scan(&letters); err != nil || letters > 0 {
		t.Errorf("%d dead letters, %v", letters, err)
	}
	noPassword(t, p.output())
}
