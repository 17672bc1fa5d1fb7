package conformance_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/redis-postgres-sync/redis-postgres-sync/codegen"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// vaultABI has a parameter for each way in which a column can be indexed.
const vaultABI = `["event Deposited(address indexed sender, uint256 amount, string memo, bytes data, uint8[] kinds, (bool a)[] legs)",
	"event Paused()"]`

// generateSchema returns the schema files of the ABI in memory, and the new names.lock.
func generateSchema(t *testing.T, lock, hints string) (files fstest.MapFS, newLock string) {
	t.Helper()
	in := codegen.Input{Module: "example.org/sync", ABIs: map[string][]byte{"Vault.json": []byte(vaultABI)}, Lock: []byte(lock)}
	if hints != "" {
		in.Hints = map[string][]byte{"Vault.hints.yaml": []byte(hints)}
	}
	out, err := codegen.Generate(in)
	if err != nil {
		t.Fatal(err)
	}
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	core, err := os.ReadFile(filepath.Join(root, "schema", "core.sql"))
	if err != nil {
		t.Fatal(err)
	}
	files = fstest.MapFS{"core.sql": {Data: core}}
	for path, content := range out.Files {
		if name, ok := strings.CutPrefix(path, "schema/"); ok {
			files[name] = &fstest.MapFile{Data: content}
		}
	}
	return files, string(out.Lock)
}

func applySchema(t *testing.T, url string, files fstest.MapFS) {
	t.Helper()
	m, err := migrate.New(url, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.BuildIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// wantNoPlan wants a database to be as the files have it, down to the last index.
func wantNoPlan(t *testing.T, url string, files fstest.MapFS) {
	t.Helper()
	m, err := migrate.New(url, files)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := m.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !plan.Empty() || len(plan.Indexes)+len(plan.Deferred)+len(plan.Notes) > 0 {
		t.Errorf("the database is not as the files have it:\n%s", plan)
	}
}

var renameBlock = regexp.MustCompile("(?s)<!-- rename -->\n```sql\n(.*?)```")

// TestRenameByHand does what docs/naming.md says, and wants the new version to find all it needs.
func TestRenameByHand(t *testing.T) {
	t.Parallel()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "naming.md"))
	if err != nil {
		t.Fatal(err)
	}
	db := openDatabase(t, testenv.Database(t))
	before, lock := generateSchema(t, "", "")
	applySchema(t, db.url, before)
	if _, err := db.conn.Exec(t.Context(), renameBlock.FindStringSubmatch(string(page))[1]); err != nil {
		t.Fatal(err)
	}
	after, _ := generateSchema(t, strings.Replace(lock, "\ndeposited_events ", "\nvault_deposited_events ", 1), "")
	if after["vault_deposited_events.gen.sql"] == nil {
		t.Fatal("the line of names.lock was not taken")
	}
	wantNoPlan(t, db.url, after)
	applySchema(t, db.url, after)
	if _, err := db.conn.Exec(t.Context(), "SELECT sender FROM hex.vault_deposited_events"); err != nil {
		t.Error(err)
	}
}

// TestHintedIndexes makes every kind of index that hints can ask for: in an empty database, in one that was there
// before, empty and with a row.
func TestHintedIndexes(t *testing.T) {
	t.Parallel()
	const hints = `events: {Deposited: {unindexed: sender, indexes: [[sender, block_number], memo, data, kinds, legs, amount]}}`
	plain, lock := generateSchema(t, "", "")
	hinted, _ := generateSchema(t, lock, hints)
	const row = `INSERT INTO deposited_events (transaction_hash, log_index, network, address, block_number, block_hash,
		transaction_index, sender, amount, memo, data, kinds, legs)
		VALUES ('\x01', 0, 'n', '\x02', 1, '\x03', 0, '\x04', 5, repeat('long ', 10000),
		(SELECT string_agg(sha256(i::text::bytea), '') FROM generate_series(1, 1000) AS i), '{1,2}', '[{"a":true}]')`
	for _, c := range []struct {
		what, before string
		first        fstest.MapFS
	}{
		{"from the start", "", nil},
		{"later", "", plain},
		{"with a row in the table", row, plain},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			db := openDatabase(t, testenv.Database(t))
			if c.first != nil {
				applySchema(t, db.url, c.first)
			}
			if _, err := db.conn.Exec(t.Context(), c.before); err != nil {
				t.Fatal(err)
			}
			applySchema(t, db.url, hinted)
			if c.first == nil { // else the index on sender is left, and noted
				wantNoPlan(t, db.url, hinted)
				if _, err := db.conn.Exec(t.Context(), row); err != nil {
					t.Errorf("a row with long values: %v", err)
				}
			}
			var n int
			const count = `SELECT count(*) FROM pg_index WHERE indrelid = 'deposited_events'::regclass AND indisvalid`
			if err := db.conn.QueryRow(t.Context(), count).Scan(&n); err != nil {
				t.Fatal(err)
			}
			want := 9 // the key, two of every table, six of hints
			if c.first != nil {
				want++
			}
			if n != want {
				t.Errorf("%d indexes, want %d", n, want)
			}
		})
	}
}
