package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// command runs the program to its end.
func command(t *testing.T, settings []string, args ...string) (code int, output string) {
	t.Helper()
	p := startCommand(t, settings, args...)
	code = p.wait()
	return code, p.output()
}

func expect(t *testing.T, wantCode, code int, output string, parts ...string) {
	t.Helper()
	if code != wantCode {
		t.Errorf("exit code %d, want %d\n%s", code, wantCode, output)
	}
	for _, part := range parts {
		if !strings.Contains(output, part) {
			t.Errorf("%q is not in the output:\n%s", part, output)
		}
	}
}

func TestConfigurationErrors(t *testing.T) {
	t.Parallel()
	settings := []string{"BATCH_SIZE=1k", "WORKERS=0", "BATCH_SIZ=5", "REDIS_URL=redis://user:hush-hush@host:port"}
	code, output := command(t, settings, "run")
	expect(t, exitUsage, code, output, "BATCH_SIZE", "1k", "WORKERS", "BATCH_SIZ", "REDIS_URL", "DATABASE_URL")
	if strings.Contains(output, "hush") {
		t.Errorf("the password is in the output:\n%s", output)
	}
	code, output = command(t, nil, "rum")
	expect(t, exitUsage, code, output, "rum")
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	settings := []string{"DATABASE_URL=" + testenv.Database(t)}
	code, output := command(t, settings, "migrate", "plan")
	expect(t, exitDone, code, output, "CREATE TABLE deposited_events", "CREATE TABLE dead_letters")
	code, output = command(t, settings, "migrate", "status")
	expect(t, exitFailed, code, output, "migrate plan")
	code, output = command(t, settings, "migrate", "apply")
	expect(t, exitDone, code, output, "CREATE TABLE deposited_events")
	code, output = command(t, settings, "migrate", "plan")
	expect(t, exitDone, code, output, "nothing to do")
	code, output = command(t, settings, "migrate", "status", "--json")
	expect(t, exitDone, code, output, `"hash_matches": true`)
}

// TestSchemaTargets is what make schema-diff and make schema-apply do: the schema and the database of atlas.hcl.
func TestSchemaTargets(t *testing.T) {
	t.Parallel()
	settings := []string{"DATABASE_URL=" + testenv.Database(t)}
	run := func(args ...string) (int, string) {
		p := newCommand(t, settings, args...)
		p.command.Dir = "../.."
		p.start(t)
		return p.wait(), p.output()
	}
	code, output := run("migrate", "plan", "--atlas", "atlas.hcl")
	expect(t, exitDone, code, output, "CREATE TABLE deposited_events")
	code, output = run("migrate", "apply", "--atlas", "atlas.hcl")
	expect(t, exitDone, code, output, "CREATE TABLE deposited_events")
	code, output = run("migrate", "plan", "--atlas", "atlas.hcl")
	expect(t, exitDone, code, output, "nothing to do")
}

func TestRunWaitsForTheSchemaWithAutoMigrateOff(t *testing.T) {
	t.Parallel()
	database := testenv.Database(t)
	redisURL, prefix := testenv.Redis(t)
	key := prefix + "stream"
	settings := []string{"DATABASE_URL=" + database, "REDIS_URL=" + redisURL, "REDIS_STREAMS=" + key}
	client, err := stream.Connect(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	payload := `{"event_name":"Deposited","event_signature_hash":"` + depositedTopic0 + `","event_data":[` + deposit{0}.json() + `]}`
	add := redis.XAddArgs{Stream: key, Values: []string{"payload", payload}}
	if err := client.XAdd(t.Context(), &add).Err(); err != nil {
		t.Fatal(err)
	}
	p := startService(t, append(settings, "AUTO_MIGRATE=off")...)
	testenv.Eventually(t, patience, func() error {
		_, body := p.get(t, "/readyz")
		return errors.Join(contains(body, "table approval_events is missing"), contains(body, "migrate apply"))
	})
	code, output := command(t, settings, "migrate", "apply")
	expect(t, exitDone, code, output)
	awaitRows(t, connect(t, database), 1)
	p.signal(syscall.SIGTERM)
	expect(t, exitDone, p.wait(), p.output(), "stopped")
}

func TestServersThatComeLater(t *testing.T) {
	t.Parallel()
	postgres, server := testenv.OwnPostgres(t), testenv.OwnRedis(t)
	stop := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	stop(postgres.Signal(syscall.SIGKILL))
	stop(server.Signal(syscall.SIGKILL))
	p := startService(t, "DATABASE_URL="+postgres.URL(), "REDIS_URL="+server.URL(), "REDIS_STREAMS=stream")
	testenv.Eventually(t, time.Minute, func() error {
		if !strings.Contains(p.output(), "schema is not ready") {
			return errors.New("it does not say that the schema is not ready")
		}
		return nil
	})
	stop(postgres.Restart(t.Context()))
	stop(server.Restart(t.Context()))
	client, err := stream.Connect(server.URL())
	stop(err)
	defer client.Close()
	testenv.Eventually(t, time.Minute, func() error {
		if groups, err := client.XInfoGroups(t.Context(), "stream").Result(); err != nil || len(groups) != 1 {
			return fmt.Errorf("%d consumer groups, error %v", len(groups), err)
		}
		return nil
	})
	p.signal(syscall.SIGTERM)
	expect(t, exitDone, p.wait(), p.output())
}
