package main

import (
	"errors"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// The statements of docs/operations.md: for a role that creates the tables, and for one that only writes to them.
var (
	migratorPrivileges = regexp.MustCompile("`(GRANT [^`]*)`")
	writerPrivileges   = regexp.MustCompile("(?s)```sql\n(GRANT .*?)```")
)

// TestPostgresPrivileges: what docs/operations.md grants is enough to migrate with and to run with, also for tables that come later,
// and the role that runs may not change the schema.
func TestPostgresPrivileges(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Least privilege")
	server := testenv.OwnPostgres(t)
	change(t, server.URL(), "CREATE DATABASE events", `REVOKE ALL ON DATABASE events FROM PUBLIC;
		CREATE ROLE migrator LOGIN PASSWORD 'migrator'; CREATE ROLE writer LOGIN PASSWORD 'writer';
		GRANT CONNECT ON DATABASE events TO migrator, writer`)
	as := func(user *url.Userinfo) string {
		u, err := url.Parse(server.URL())
		if err != nil {
			t.Fatal(err)
		}
		u.Path = "/events"
		if user != nil {
			u.User = user
		}
		return u.String()
	}
	root, migrator, writer := as(nil), as(url.UserPassword("migrator", "migrator")), as(url.UserPassword("writer", "writer"))
	change(t, root, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
	grants := migratorPrivileges.FindAllStringSubmatch(section, -1)
	if len(grants) != 2 {
		t.Fatalf("%d statements for who creates the tables, want 2", len(grants))
	}
	for _, grant := range grants {
		change(t, root, regexp.MustCompile(`\brole$`).ReplaceAllString(strings.Join(strings.Fields(grant[1]), " "), "migrator"))
	}
	settings, add := source(t, migrator)
	p := startService(t, append(settings, "AUTO_MIGRATE=on")...)
	add(deposit{0})
	awaitRows(t, connect(t, root), 1)
	p.end()
	code, output := command(t, settings, "migrate", "apply")
	expect(t, exitDone, code, output, "nothing to do")

	change(t, root, writerPrivileges.FindStringSubmatch(section)[1])
	change(t, migrator, "CREATE TABLE later (n integer)")
	p = startService(t, append(settings, "AUTO_MIGRATE=off", "DATABASE_URL="+writer)...)
	p.awaitStatus(t, "/readyz", 200)
	add(deposit{0}) // which is merged
	add(deposit{1})
	awaitRows(t, connect(t, root), 2)
	db := connect(t, writer)
	for _, sql := range []string{"SELECT n FROM later", "INSERT INTO later VALUES (1)", "UPDATE later SET n = 2", "DELETE FROM later"} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Errorf("a table that came later: %s: %v", sql, err)
		}
	}
	for _, sql := range []string{
		"CREATE TABLE mine ()", "CREATE SCHEMA mine", "DROP TABLE deposited_events", "TRUNCATE deposited_events",
		"ALTER TABLE deposited_events DROP COLUMN shares", "DROP INDEX deposited_events_transaction_hash_idx",
	} {
		if _, err := db.Exec(t.Context(), sql); sqlState(err) != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func sqlState(err error) string {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return refused.Code
	}
	return ""
}

// The rules for a user of Redis in docs/operations.md: with the same commands for all of its keys, and with a selector.
var (
	redisPrivileges         = regexp.MustCompile(`(?m)^\+ping .*$`)
	redisSelectorPrivileges = regexp.MustCompile(`(?m)^~<CONSUMER_GROUP>.*$`)
)

// TestRedisPrivileges: what docs/operations.md lets a user of Redis do is enough, and what it does not name is refused.
func TestRedisPrivileges(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	alike := "~stream ~postgres-sync:consumer:* " + redisPrivileges.FindString(string(page))
	selector := strings.NewReplacer("<CONSUMER_GROUP>", "postgres-sync", "<STREAM>", "stream").
		Replace(redisSelectorPrivileges.FindString(string(page)))
	forbidden := []string{"XADD stream * payload x", "XTRIM stream MAXLEN 0", "GET other", "SET other x", "FLUSHALL", "CONFIG GET *", "KEYS *", "ACL LIST"}
	forbiddenBySelector := append(slices.Clone(forbidden), "DEL stream", "SET stream x", "XRANGE postgres-sync:consumer:x - +")
	trimming := func(commands []string) []string {
		return slices.DeleteFunc(slices.Clone(commands), func(c string) bool { return strings.HasPrefix(c, "XTRIM") })
	}
	for name, c := range map[string]struct {
		rules, setting string
		counted        string // a command by which the service has come to what it needs rights for last
		forbidden      []string
	}{
		"alike":               {alike, "TRIM=off", "cmdstat_xack:", forbidden},
		"alike, with TRIM":    {alike + " +xtrim", "TRIM=on", "cmdstat_xtrim:", trimming(forbidden)},
		"selector":            {selector, "TRIM=off", "cmdstat_xack:", forbiddenBySelector},
		"selector, with TRIM": {strings.TrimSuffix(selector, ")") + " +xtrim)", "TRIM=on", "cmdstat_xtrim:", trimming(forbiddenBySelector)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runAsUser(t, c.rules, c.setting, c.counted, c.forbidden)
		})
	}
}

// runAsUser runs the service as a user of Redis with some rights, until Redis has counted a command, and tries what is forbidden.
func runAsUser(t *testing.T, rules, setting, counted string, forbidden []string) {
	t.Helper()
	server := testenv.OwnRedis(t)
	root, err := stream.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	user := []any{"ACL", "SETUSER", "service", "on", ">secret"}
	for _, rule := range strings.Fields(rules) {
		user = append(user, rule)
	}
	if err := root.Do(t.Context(), user...).Err(); err != nil {
		if strings.Contains(rules, "(") && strings.Contains(root.Info(t.Context(), "server").Val(), "redis_version:6.") {
			t.Skip("selectors need Redis 7")
		}
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
	p.end()
	for _, entry := range root.Do(t.Context(), "ACL", "LOG").Val().([]any) {
		t.Errorf("refused: %v", entry)
	}

	client, err := stream.Connect(address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, command := range forbidden {
		var args []any
		for _, word := range strings.Fields(command) {
			args = append(args, word)
		}
		if err := client.Do(t.Context(), args...).Err(); !redis.HasErrorPrefix(err, "NOPERM") {
			t.Errorf("%s: %v, want NOPERM", command, err)
		}
	}
}
