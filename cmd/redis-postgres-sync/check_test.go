package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/preflight"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// servers returns settings that name a database and a stream of the test's own.
func servers(t *testing.T) (settings []string, database, key string, client redis.UniversalClient) {
	t.Helper()
	database = testenv.Database(t)
	redisURL, prefix := testenv.Redis(t)
	client, err := stream.Connect(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	key = prefix + "stream"
	return []string{"DATABASE_URL=" + database, "REDIS_URL=" + redisURL, "REDIS_STREAMS=" + key}, database, key, client
}

// writeManifest writes a rindexer.yaml with nothing wrong in it but what lines say beside reorgs, and returns its path.
func writeManifest(t *testing.T, settings []string, key string, replace ...string) string {
	t.Helper()
	abi, err := recording.ABI("MultiVaultLike")
	if err != nil {
		t.Fatal(err)
	}
	uri := strings.TrimPrefix(settings[1], "REDIS_URL=")
	text := strings.NewReplacer(replace...).Replace(`timestamps: true
networks:
  - {name: intuition, chain_id: 1155, rpc: "${RPC}"}
contracts:
  - name: MultiVault
    details: [{network: intuition, address: "0x6e35cf57a41fa15ea0eae9c33e751b01a784fe7e", start_block: "1"}]
    abi: MultiVault.json
    include_events: [Deposited, Redeemed]
    reorg_safe_distance: true
    streams:
      redis:
        connection_uri: ` + uri + `
        streams:
          - stream_name: "` + key + `"
            networks: [intuition]
            events: [{event_name: Deposited}, {event_name: Redeemed}]
`)
	dir := t.TempDir()
	for name, content := range map[string][]byte{"rindexer.yaml": []byte(text), "MultiVault.json": abi} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "rindexer.yaml")
}

// wantLine looks for a line of the table that is about a subject and holds rest, blanks aside.
func wantLine(t *testing.T, output, area, subject, rest string) {
	t.Helper()
	for l := range strings.Lines(output) {
		text := strings.Join(strings.Fields(l), " ")
		if strings.HasPrefix(text, area+" "+subject+" ") && strings.Contains(text, rest) {
			return
		}
	}
	t.Errorf("no line about %s %s with %q:\n%s", area, subject, rest, output)
}

func TestCheckPasses(t *testing.T) {
	t.Parallel()
	settings, _, key, _ := servers(t)
	code, output := command(t, settings, "check", "--manifest", writeManifest(t, settings, key))
	expect(t, exitDone, code, output, "AREA", "SUBJECT", "VERDICT", "DETAIL")
	wantLine(t, output, "configuration", "settings", "ok")
	wantLine(t, output, "redis", "stream "+key, "ok not there yet")
	wantLine(t, output, "postgres", "privileges", "ok")
	wantLine(t, output, "schema", "tables", "ok")
	wantLine(t, output, "schema", "tables", "which will be added at start")
	wantLine(t, output, "rindexer", "tables", "ok every one of the 2 events")
	wantLine(t, output, "rindexer", "connection_uri", "ok")

	code, output = command(t, settings, "migrate", "apply")
	expect(t, exitDone, code, output)
	code, output = command(t, append(settings, "AUTO_MIGRATE=off", "CLAIM_MIN_IDLE_MS=1"), "check")
	expect(t, exitDone, code, output)
	wantLine(t, output, "configuration", "settings", "warning CLAIM_MIN_IDLE_MS")
	wantLine(t, output, "schema", "tables", "ok as desired")
	wantLine(t, output, "rindexer", "manifest", "ok not looked at")
}

func TestCheckFails(t *testing.T) {
	t.Parallel()
	settings, _, key, client := servers(t)
	if err := client.RPush(t.Context(), key, "x").Err(); err != nil {
		t.Fatal(err)
	}
	manifest := writeManifest(t, settings, key, "{network: intuition,", "{network: elsewhere,", ", Redeemed]", "]")
	code, output := command(t, append(settings, "AUTO_MIGRATE=off"), "check", "--manifest", manifest)
	expect(t, exitFailed, code, output, " checks fail: ", "; hint: ")
	wantLine(t, output, "redis", "stream "+key, "failure the key holds no stream")
	wantLine(t, output, "schema", "tables", "failure AUTO_MIGRATE is off, and schema public lacks")
	wantLine(t, output, "rindexer", "contract MultiVault", "failure")
	wantLine(t, output, "rindexer", "MultiVault.Redeemed", "failure")
	if !strings.Contains(output, "hint: rename the key") || !strings.Contains(output, "hint: run redis-postgres-sync migrate plan") {
		t.Errorf("no hints:\n%s", output)
	}
}

func TestCheckNamesWhatAStartRefuses(t *testing.T) {
	t.Parallel()
	settings, database, _, _ := servers(t)
	code, output := command(t, settings, "migrate", "apply")
	expect(t, exitDone, code, output)
	if _, err := connect(t, database).Exec(t.Context(), `TRUNCATE schema_state; DROP VIEW hex.deposited_events;
		ALTER TABLE deposited_events ALTER COLUMN vault_type TYPE integer`, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"on", "off"} {
		code, output = command(t, append(settings, "AUTO_MIGRATE="+mode), "check")
		expect(t, exitFailed, code, output, "--allow-destructive")
		wantLine(t, output, "schema", "table deposited_events", "failure")
		wantLine(t, output, "schema", "table deposited_events", "vault_type")
	}
}

// TestCheckTellsOfWhatIsLeft: what a start does later, or leaves to the operator.
func TestCheckTellsOfWhatIsLeft(t *testing.T) {
	t.Parallel()
	settings, database, _, _ := servers(t)
	code, output := command(t, settings, "migrate", "apply")
	expect(t, exitDone, code, output)
	execute(t, database, "INSERT INTO reorgs (stream, message_id, event_index, network, fork_block, notice) "+
		"VALUES ('s', '1-1', 0, 'n', 1, '{}')", `INSERT INTO dead_letters (stream, message_id, event_index, event_name, network,
		reason_code, detail, payload) VALUES ('s', '1-1', 0, '', '', 'r', '', '')`, "DROP INDEX dead_letters_open_idx",
		"COMMENT ON TABLE reorgs IS 'ours'")
	code, output = command(t, settings, "check")
	expect(t, exitDone, code, output)
	wantLine(t, output, "schema", "indexes", "ok 1 will be built while the service runs")
	wantLine(t, output, "schema", "differences", "ok 1 that this version works with")
	code, output = command(t, append(settings, "AUTO_MIGRATE=off"), "check")
	expect(t, exitDone, code, output)
	wantLine(t, output, "schema", "indexes", "warning AUTO_MIGRATE is off, and 1 are missing")

	execute(t, database, "DROP VIEW IF EXISTS hex.blocks", "DROP TABLE blocks")
	code, output = command(t, settings, "check")
	expect(t, exitDone, code, output)
	wantLine(t, output, "schema", "tables", "ok schema public lacks something of blocks, which will be added at start")
}

// asRole makes a role that may do nothing, and returns its name and the URL with which a session has its privileges.
func asRole(t *testing.T, database string) (name, asRole string) {
	t.Helper()
	name = "test_" + strings.ToLower(rand.Text())
	execute(t, database, "CREATE ROLE "+name, "GRANT "+name+" TO CURRENT_USER")
	t.Cleanup(func() { execute(t, database, "DROP OWNED BY "+name, "DROP ROLE "+name) })
	if strings.Contains(database, "?") {
		return name, database + "&role=" + name
	}
	return name, database + "?role=" + name
}

// execute uses a connection of its own, which a cleanup can still open.
func execute(t *testing.T, database string, statements ...string) {
	t.Helper()
	ctx := context.Background()
	db, err := pgx.Connect(ctx, database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	for _, sql := range statements {
		if _, err := db.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// TestCheckWithFewPrivileges: a role that only reads and writes is enough where somebody else migrates.
func TestCheckWithFewPrivileges(t *testing.T) {
	t.Parallel()
	settings, database, _, _ := servers(t)
	name, databaseURL := asRole(t, database)
	here := connect(t, database).Config().Database
	execute(t, database, "REVOKE TEMPORARY ON DATABASE "+here+" FROM PUBLIC")
	few := append(settings[1:], "DATABASE_URL="+databaseURL)

	code, output := command(t, few, "check")
	expect(t, exitFailed, code, output)
	wantLine(t, output, "postgres", "CREATE on database", "failure")
	wantLine(t, output, "schema", "tables", "failure")

	code, output = command(t, append(few, "AUTO_MIGRATE=off"), "check")
	expect(t, exitFailed, code, output)
	wantLine(t, output, "postgres", "TEMPORARY", "failure")
	wantLine(t, output, "schema", "tables", "failure AUTO_MIGRATE is off, and table")

	code, output = command(t, settings, "migrate", "apply")
	expect(t, exitDone, code, output)
	code, output = command(t, append(few, "AUTO_MIGRATE=off"), "check")
	expect(t, exitFailed, code, output)
	wantLine(t, output, "postgres", "tables", "failure the role lacks")

	execute(t, database, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "+name,
		"GRANT TEMPORARY ON DATABASE "+here+" TO "+name)
	code, output = command(t, append(few, "AUTO_MIGRATE=off"), "check")
	expect(t, exitDone, code, output)
	wantLine(t, output, "schema", "tables", "ok as this version needs them; not compared in full")
}

func TestCheckAsJSON(t *testing.T) {
	t.Parallel()
	settings, _, key, client := servers(t)
	if err := client.RPush(t.Context(), key, "x").Err(); err != nil {
		t.Fatal(err)
	}
	p := startCommand(t, settings, "check", "--json")
	code, output := p.wait(), p.output()
	expect(t, exitFailed, code, output)
	var got struct {
		Verdict  preflight.Verdict
		Findings []preflight.Finding
	}
	// The error comes behind it, on standard error.
	if err := json.NewDecoder(strings.NewReader(output)).Decode(&got); err != nil {
		t.Fatalf("%v:\n%s", err, output)
	}
	if got.Verdict != preflight.Failure || len(got.Findings) < 10 || got.Findings[0].Area != "configuration" {
		t.Errorf("%+v", got)
	}
}

func TestCheckServersThatAreAway(t *testing.T) {
	t.Parallel()
	const password = "hush-hush"
	settings := []string{
		"DATABASE_URL=postgres://u:" + password + "@127.0.0.1:1/d", "REDIS_URL=redis://u:" + password + "@127.0.0.1:1",
	}
	code, output := command(t, settings, "check")
	expect(t, exitFailed, code, output, "2 of ", "redis server, postgres server", "hint: start Redis", "hint: start PostgreSQL")
	if strings.Contains(output, password) {
		t.Errorf("the password is in the output:\n%s", output)
	}
	if strings.Contains(output, "go-redis") || strings.Contains(output, "pool.go") {
		t.Errorf("the library talks:\n%s", output)
	}
}

func TestCheckWrongUse(t *testing.T) {
	t.Parallel()
	settings := []string{"DATABASE_URL=postgres://127.0.0.1:1/d"}
	code, output := command(t, settings, "check", "--manifest", "nowhere.yaml")
	expect(t, exitUsage, code, output, "nowhere.yaml", "; hint: ")
	text := filepath.Join(t.TempDir(), "rindexer.yaml")
	if err := os.WriteFile(text, []byte("contracts: [\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, output = command(t, settings, "check", "--manifest", text)
	expect(t, exitUsage, code, output, text, "line 1", "; hint: ")
	code, output = command(t, []string{"WORKERS=none"}, "check")
	expect(t, exitUsage, code, output, "WORKERS", "DATABASE_URL")
}
