package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// site is a migrated database and a stream of its own.
type site struct {
	*testing.T
	database string
	redisURL string
	client   redis.UniversalClient
	key      string
	group    string
	db       *pgx.Conn
}

// newSite marks the test as parallel.
func newSite(t *testing.T) *site {
	t.Parallel()
	redisURL, prefix := testenv.Redis(t)
	client, err := stream.Connect(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	s := &site{
		T: t, database: testenv.Database(t), redisURL: redisURL, client: client, key: prefix + "stream", group: prefix + "group",
	}
	code, output := command(t, s.settings(), "migrate", "apply")
	expect(t, exitDone, code, output)
	s.db = connect(t, s.database)
	return s
}

// settings are those of the site, followed by others, which count where they repeat one.
func (s *site) settings(others ...string) []string {
	return append([]string{
		"DATABASE_URL=" + s.database, "REDIS_URL=" + s.redisURL, "REDIS_STREAMS=" + s.key, "CONSUMER_GROUP=" + s.group,
	}, others...)
}

// deposit adds events of the ledger to a stream, one an entry.
func (s *site) deposit(key string, from, to int) {
	s.Helper()
	s.add(key, from, to, func(int) string { return "*" })
}

// depositAt adds them as if that had been at another time.
func (s *site) depositAt(key string, at time.Time, from, to int) {
	s.Helper()
	s.add(key, from, to, func(n int) string { return fmt.Sprintf("%d-%d", at.UnixMilli(), n+1) })
}

func (s *site) add(key string, from, to int, id func(n int) string) {
	s.Helper()
	_, err := s.client.Pipelined(s.Context(), func(p redis.Pipeliner) error {
		for n := from; n < to; n++ {
			payload := `{"event_name":"Deposited","event_signature_hash":"` + depositedTopic0 +
				`","network":"intuition","event_data":[` + deposit{n}.json() + `]}`
			p.XAdd(s.Context(), &redis.XAddArgs{Stream: key, ID: id(n), Values: []string{"payload", payload}})
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
}

func (s *site) exec(sql string) {
	s.Helper()
	if _, err := s.db.Exec(s.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		s.Fatal(err)
	}
}

func (s *site) number(sql string) (n int) {
	s.Helper()
	if err := s.db.QueryRow(s.Context(), sql).Scan(&n); err != nil {
		s.Fatal(err)
	}
	return n
}

// consumers are the names in the group, in order.
func (s *site) consumers(key, group string) (names []string) {
	s.Helper()
	found, err := s.client.XInfoConsumers(s.Context(), key, group).Result()
	if err != nil {
		s.Fatal(err)
	}
	for _, c := range found {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

// TestVariables: each variable of the Rust service does what its README says.
func TestVariables(t *testing.T) {
	t.Parallel()
	t.Run("REDIS_URL, DATABASE_URL", func(t *testing.T) {
		s := newSite(t)
		s.deposit(s.key, 0, 1)
		startService(t, s.settings()...)
		awaitRows(t, s.db, 1)
	})
	t.Run("REDIS_STREAMS", func(t *testing.T) {
		s := newSite(t)
		other := s.key + "2"
		s.deposit(s.key, 0, 10)
		s.deposit(other, 10, 20)
		startService(t, s.settings("REDIS_STREAMS="+s.key+", "+other)...)
		awaitRows(t, s.db, 20)
	})
	t.Run("CONSUMER_GROUP, CONSUMER_NAME, WORKERS", func(t *testing.T) {
		s := newSite(t)
		group := s.group + "-mine"
		startService(t, s.settings("CONSUMER_GROUP="+group, "CONSUMER_NAME=me", "WORKERS=3")...)
		testenv.Eventually(t, patience, func() error {
			if err := s.client.XInfoConsumers(t.Context(), s.key, group).Err(); err != nil {
				return err
			}
			if got, want := s.consumers(s.key, group), []string{"me-0", "me-1", "me-2"}; !slices.Equal(got, want) {
				return fmt.Errorf("consumers %q, want %q", got, want)
			}
			return nil
		})
	})
	t.Run("CONSUMER_NAME left away, two on one host", func(t *testing.T) {
		s := newSite(t)
		host, err := os.Hostname()
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			startService(t, s.settings("WORKERS=1")...)
		}
		testenv.Eventually(t, patience, func() error {
			if err := s.client.XInfoConsumers(t.Context(), s.key, s.group).Err(); err != nil {
				return err
			}
			if got, want := s.consumers(s.key, s.group), []string{host + "-0-0", host + "-1-0"}; !slices.Equal(got, want) {
				return fmt.Errorf("consumers %q, want %q", got, want)
			}
			return nil
		})
	})
	t.Run("BATCH_SIZE", func(t *testing.T) {
		s := newSite(t)
		s.deposit(s.key, 0, 500)
		startService(t, s.settings("BATCH_SIZE=7", "WORKERS=2")...)
		awaitRows(t, s.db, 500)
		// created_at is the time of the transaction, and two loops may begin theirs in the same microsecond.
		if n := s.number("SELECT max(n) FROM (SELECT count(*) AS n FROM deposited_events GROUP BY created_at, xmin::text) AS t"); n != 7 {
			t.Errorf("%d events in one transaction, want 7", n)
		}
	})
	t.Run("BATCH_TIMEOUT_MS makes nothing wait", func(t *testing.T) {
		s := newSite(t)
		startService(t, s.settings("BATCH_TIMEOUT_MS=3600000")...)
		s.deposit(s.key, 0, 1)
		awaitRows(t, s.db, 1)
	})
	t.Run("PROCESSING_TIMEOUT_MS", func(t *testing.T) {
		s := newSite(t)
		lock, err := connect(t, s.database).Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := lock.Exec(t.Context(), "LOCK TABLE deposited_events IN EXCLUSIVE MODE"); err != nil {
			t.Fatal(err)
		}
		s.deposit(s.key, 0, 20)
		p := startService(t, s.settings("PROCESSING_TIMEOUT_MS=200", "WORKERS=1")...)
		testenv.Eventually(t, patience, func() error { return contains(p.output(), `"deadline":"200ms"`) })
		if err := lock.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		awaitRows(t, s.db, 20)
		awaitNonePendingIn(t, s.client, s.key, s.group)
		compareLedger(t, s.db, 20)
	})
	t.Run("HTTP_PORT", func(t *testing.T) {
		s := newSite(t)
		p := startService(t, s.settings()...)
		port := strings.TrimPrefix(p.url(t), "http://127.0.0.1:")
		code, output := command(t, s.settings("HTTP_PORT="+port), "run")
		expect(t, exitFailed, code, output, "HTTP_PORT", port)
		testenv.Eventually(t, patience, func() error {
			if code, output = command(t, s.settings("HTTP_PORT="+port), "healthcheck"); code != exitDone {
				return fmt.Errorf("exit code %d, %s", code, output)
			}
			return contains(output, `"healthy": true`)
		})
		p.signal(syscall.SIGTERM)
		p.wait()
		code, output = command(t, s.settings("HTTP_PORT="+port), "healthcheck")
		expect(t, exitFailed, code, output, "hint:")
	})
}

// failing makes PostgreSQL refuse all deposits with an error that passes, and count the attempts.
const failing = `
	CREATE SEQUENCE attempts;
	CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM nextval('attempts');
		RAISE EXCEPTION 'not now' USING ERRCODE = 'serialization_failure';
	END $$;
	CREATE TRIGGER refuse BEFORE INSERT ON deposited_events FOR EACH STATEMENT EXECUTE FUNCTION refuse()`

// TestCircuitBreaker: MAX_RETRIES, CIRCUIT_BREAKER_THRESHOLD and CIRCUIT_BREAKER_TIMEOUT_MS do what they say, and the
// breaker closes by itself.
func TestCircuitBreaker(t *testing.T) {
	t.Parallel()
	t.Run("opens after MAX_RETRIES times CIRCUIT_BREAKER_THRESHOLD attempts, and closes", func(t *testing.T) {
		s := newSite(t)
		s.exec(failing)
		s.deposit(s.key, 0, 10)
		p := startService(t, s.settings("WORKERS=1", "MAX_RETRIES=2", "CIRCUIT_BREAKER_THRESHOLD=3")...)
		testenv.Eventually(t, patience, func() error { return contains(p.output(), `"msg":"circuit breaker opened","failures":3`) })
		if n := s.number("SELECT last_value FROM attempts"); n < 6 {
			t.Errorf("it opened after %d attempts, want 6", n)
		}
		for _, path := range []string{"/health", "/readyz"} {
			_, body := p.awaitStatus(t, path, 503)
			if err := contains(body, "circuit_breaker"); err != nil {
				t.Error(err)
			}
		}
		if err := contains(second(p.get(t, "/health")), `"circuit_breaker_closed": false`); err != nil {
			t.Error(err)
		}
		s.exec("DROP TRIGGER refuse ON deposited_events")
		awaitRows(t, s.db, 10)
		p.awaitStatus(t, "/health", 200)
		awaitNonePendingIn(t, s.client, s.key, s.group)
		compareLedger(t, s.db, 10)
	})
	for name, c := range map[string]struct {
		timeout string
		tries   bool
	}{
		"tries in spite of failing probes after CIRCUIT_BREAKER_TIMEOUT_MS": {"300", true},
		"and not before": {"3600000", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			postgres, server := testenv.OwnPostgres(t), testenv.OwnRedis(t)
			client, err := stream.Connect(server.URL())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			load := startProducer(t, client, "stream")
			p := startService(t, "DATABASE_URL="+postgres.URL()+"&synchronous_commit=on", "REDIS_URL="+server.URL(),
				"REDIS_STREAMS=stream", "MAX_RETRIES=1", "CIRCUIT_BREAKER_THRESHOLD=1", "CIRCUIT_BREAKER_TIMEOUT_MS="+c.timeout)
			awaitRows(t, connect(t, postgres.URL()), 1)
			begin(t, postgres, os.Kill)
			testenv.Eventually(t, patience, func() error { return contains(p.output(), "circuit breaker opened") })
			tried := func() string { return metric(t, p, `redis_postgres_sync_retries_total{operation="write"}`) }
			p.awaitStatus(t, "/readyz", 503)
			// Those that were under way when it opened have failed within a few seconds.
			time.Sleep(3 * time.Second)
			settled := tried()
			time.Sleep(2 * time.Second)
			if got := tried(); (got != settled) != c.tries {
				t.Errorf("attempts: %s, then %s", settled, got)
			}
			end(t, postgres, os.Kill)
			total := load.finish()
			db := connect(t, postgres.URL())
			awaitRows(t, db, total)
			p.awaitStatus(t, "/health", 200)
		})
	}
}

func second(_ int, body string) string { return body }

// metric returns the value of a series, as it is told.
func metric(t *testing.T, p *process, series string) string {
	t.Helper()
	_, text := p.get(t, "/metrics")
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, series+" "); found {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("%s is not in:\n%s", series, text)
	return ""
}

// TestHealthKeys: the body of /health has the keys that the Rust service's README shows, and no other.
func TestHealthKeys(t *testing.T) {
	s := newSite(t)
	s.deposit(s.key, 0, 3)
	p := startService(t, s.settings()...)
	awaitRows(t, s.db, 3)
	_, body := p.awaitStatus(t, "/health", 200)
	var health map[string]any
	decodeJSON(t, body, &health)
	metrics, _ := health["metrics"].(map[string]any)
	delete(health, "metrics")
	at, err := time.Parse(time.RFC3339, fmt.Sprint(health["last_check"]))
	if age := time.Since(at); err != nil || age > noticed {
		t.Errorf("last_check %v: %v old, error %v", health["last_check"], age, err)
	}
	delete(health, "last_check")
	want := map[string]any{
		"healthy": true, "redis_consumer_healthy": true, "postgres_sync_healthy": true, "circuit_breaker_closed": true,
	}
	if !maps.Equal(health, want) {
		t.Errorf("got %v, want %v", health, want)
	}
	want = map[string]any{
		"total_events_processed": 3.0, "total_events_failed": 0.0, "circuit_breaker_state": "closed",
		"redis_consumer_health": true, "postgres_sync_health": true,
	}
	if !maps.Equal(metrics, want) {
		t.Errorf("got %v, want %v", metrics, want)
	}
}

// TestInstances: several processes share a stream, and each event is written once.
func TestInstances(t *testing.T) {
	s := newSite(t)
	total := 3000
	s.deposit(s.key, 0, total)
	var all []*process
	for range 3 {
		p := startService(t, s.settings("LOG_LEVEL=debug")...)
		p.awaitStatus(t, "/readyz", 200)
		all = append(all, p)
	}
	testenv.Eventually(t, patience, func() error { // until each has had a share
		s.deposit(s.key, total, total+20)
		total += 20
		for i, p := range all {
			if metric(t, p, "redis_postgres_sync_events_processed_total") == "0" {
				return fmt.Errorf("instance %d has written nothing", i)
			}
		}
		return nil
	})
	awaitRows(t, s.db, total)
	awaitNonePendingIn(t, s.client, s.key, s.group)
	compareLedger(t, s.db, total)
}

// TestEnvironmentPause: what somebody has to mend is waited for loudly, and the service goes on by itself.
func TestEnvironmentPause(t *testing.T) {
	s := newSite(t)
	p := startService(t, s.settings()...)
	s.deposit(s.key, 0, 1)
	awaitRows(t, s.db, 1)
	p.awaitStatus(t, "/readyz", 200)
	s.exec("DROP VIEW hex.deposited_events; ALTER TABLE deposited_events RENAME TO hidden")
	s.deposit(s.key, 1, 20)
	_, body := p.awaitStatus(t, "/readyz", 503)
	if err := contains(body, "deposited_events"); err != nil {
		t.Error(err)
	}
	p.awaitStatus(t, "/health", 503)
	if status, _ := p.get(t, "/livez"); status != 200 {
		t.Errorf("/livez: %d", status)
	}
	s.exec("ALTER TABLE hidden RENAME TO deposited_events")
	p.awaitStatus(t, "/readyz", 200)
	awaitRows(t, s.db, 20)
	awaitNonePendingIn(t, s.client, s.key, s.group)
	compareLedger(t, s.db, 20)
}

// TestSchemaDrift: what somebody does to a table while the service runs makes it wait, and neither loses nor doubles
// an event.
func TestSchemaDrift(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ harm, named, mend string }{
		"a column that no event has a value for": {
			"ALTER TABLE deposited_events ADD COLUMN must integer NOT NULL DEFAULT 0; ALTER TABLE deposited_events ALTER COLUMN must DROP DEFAULT",
			"column must", "ALTER TABLE deposited_events DROP COLUMN must",
		},
		"no key": {
			"ALTER TABLE deposited_events DROP CONSTRAINT deposited_events_pkey", "the key",
			"ALTER TABLE deposited_events ADD PRIMARY KEY (network, block_number, log_index, transaction_hash)",
		},
		"no privilege": {
			"REVOKE INSERT ON deposited_events FROM role", "42501", "GRANT INSERT ON deposited_events TO role",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			asWriter := writer(t, s.database)
			u, err := url.Parse(asWriter)
			if err != nil {
				t.Fatal(err)
			}
			role := strings.NewReplacer("role", u.User.Username())
			p := startService(t, s.settings("AUTO_MIGRATE=off", "DATABASE_URL="+asWriter)...)
			s.deposit(s.key, 0, 50)
			awaitRows(t, s.db, 50)
			p.awaitStatus(t, "/readyz", 200)
			s.exec(role.Replace(c.harm))
			s.deposit(s.key, 50, 60) // some may be in hand before the service knows
			testenv.Eventually(t, patience, func() error {
				_, body := p.get(t, "/readyz")
				return contains(body, c.named)
			})
			if err := s.client.XGroupSetID(t.Context(), s.key, s.group, "0").Err(); err != nil {
				t.Fatal(err)
			}
			s.deposit(s.key, 60, 100)
			time.Sleep(time.Second) // for what must not happen to happen
			s.exec(role.Replace(c.mend))
			awaitRows(t, s.db, 100)
			p.awaitStatus(t, "/readyz", 200)
			awaitNonePendingIn(t, s.client, s.key, s.group)
			compareLedger(t, s.db, 100)
		})
	}
}

// TestNoKeyUnseen: a table without its key takes no row while nobody can look whether it has it again. What is delivered again
// meanwhile would stand twice.
func TestNoKeyUnseen(t *testing.T) {
	s := newSite(t)
	postgres := testenv.OwnPostgres(t)
	p := startService(t, s.settings("DATABASE_URL="+postgres.URL())...)
	s.deposit(s.key, 0, 50)
	s.db = connect(t, postgres.URL())
	awaitRows(t, s.db, 50)
	p.awaitStatus(t, "/readyz", 200)
	s.exec("ALTER TABLE deposited_events DROP CONSTRAINT deposited_events_pkey")
	await := func(text string) {
		t.Helper()
		testenv.Eventually(t, patience, func() error {
			_, body := p.get(t, "/readyz")
			return contains(body, text)
		})
	}
	await("the key")
	begin(t, postgres, syscall.SIGSTOP) // no new session can begin, and those that are there go on
	await("deadline")
	if err := s.client.XGroupSetID(t.Context(), s.key, s.group, "0").Err(); err != nil {
		t.Fatal(err)
	}
	s.deposit(s.key, 50, 100)
	time.Sleep(time.Second) // for what must not happen to happen
	end(t, postgres, syscall.SIGSTOP)
	s.exec("ALTER TABLE deposited_events ADD PRIMARY KEY (network, block_number, log_index, transaction_hash)")
	awaitRows(t, s.db, 100)
	p.awaitStatus(t, "/readyz", 200)
	awaitNonePendingIn(t, s.client, s.key, s.group)
	compareLedger(t, s.db, 100)
}

// TestStorm: most events of a kind become dead letters, so the stream pauses and says so, and others go on. SIGHUP makes it try again.
func TestStorm(t *testing.T) {
	s := newSite(t)
	bad := `{"event_name":"Deposited","event_signature_hash":"` + depositedTopic0 + `","network":"intuition","event_data":[` +
		strings.Repeat(strings.Replace(deposit{0}.json(), `"vaultType":0`, `"vaultType":"much"`, 1)+",", 99) +
		strings.Replace(deposit{0}.json(), `"vaultType":0`, `"vaultType":"much"`, 1) + `]}`
	for range 30 {
		if err := s.client.XAdd(t.Context(), &redis.XAddArgs{Stream: s.key, Values: []string{"payload", bad}}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	other := s.key + ":other"
	p := startService(t, s.settings("WORKERS=1", "BATCH_SIZE=10", "REDIS_STREAMS="+s.key+","+other)...)
	_, body := p.awaitStatus(t, "/readyz", 503)
	testenv.Eventually(t, patience, func() error {
		_, body = p.get(t, "/readyz")
		return contains(body, "paused (storm)")
	})
	if err := contains(body, "dlq list"); err != nil {
		t.Error(err)
	}
	s.deposit(s.key, 1000, 1010)
	s.deposit(other, 2000, 2005)
	awaitRows(t, s.db, 5)
	before := s.number("SELECT count(*) FROM dead_letters")
	if before >= 3000 {
		t.Fatal("the storm went on to the end")
	}
	testenv.Eventually(t, patience, func() error {
		p.signal(syscall.SIGHUP)
		if n := s.number("SELECT count(*) FROM deposited_events"); n < 15 {
			return fmt.Errorf("%d rows", n)
		}
		return nil
	})
	if n := s.number("SELECT count(*) FROM dead_letters"); n != 3000 {
		t.Errorf("%d dead letters, want 3000", n)
	}
}

// TestTroubleshooting: the commands that the Rust service's README gives work here, sqlx's replaced by ours.
func TestTroubleshooting(t *testing.T) {
	s := newSite(t)
	s.deposit(s.key, 0, 5)
	p := startService(t, s.settings()...)
	awaitRows(t, s.db, 5)
	run := func(name string, args ...string) string {
		t.Helper()
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%v; hint: apt-get install redis-tools postgresql-client curl", err)
		}
		output, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
		if err != nil {
			t.Errorf("%s %v: %v\n%s", name, args, err, output)
		}
		return string(output)
	}
	// Its command line tool wants a user in a URL that has a password.
	redisURL := strings.Replace(s.redisURL, "//:", "//default:", 1)
	for _, c := range []struct{ output, want string }{
		{run("redis-cli", "-u", redisURL, "PING"), "PONG"},
		{run("redis-cli", "-u", redisURL, "XINFO", "STREAM", s.key), "length"},
		{run("redis-cli", "-u", redisURL, "XINFO", "GROUPS", s.key), s.group},
		{run("psql", s.database, "-c", "SELECT 1"), "(1 row)"},
	} {
		if err := contains(c.output, c.want); err != nil {
			t.Error(err)
		}
	}
	p.awaitStatus(t, "/health", 200)
	code, output := command(t, s.settings(), "migrate", "status")
	expect(t, exitDone, code, output, "pending changes")
	code, output = command(t, s.settings(), "migrate", "status", "--json")
	expect(t, exitDone, code, output)
	if !json.Valid([]byte(output)) {
		t.Errorf("not JSON: %s", output)
	}
}
