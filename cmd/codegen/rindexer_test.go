package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/preflight"
)

// TestManifest holds the manifest of the project's own ABIs against what check says of a manifest.
func TestManifest(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	stdout, err := run(t, rindexerCommand(), "-root", "../..", "-out", out)
	if err != nil || !strings.HasPrefix(stdout, "rindexer.yaml and ") {
		t.Fatalf("%v\n%s", err, stdout)
	}
	printed, err := run(t, rindexerCommand(), "-root", "../..")
	written, readErr := os.ReadFile(filepath.Join(out, "rindexer.yaml"))
	if err != nil || readErr != nil || printed != string(written) {
		t.Errorf("what is printed is not what is written: %v, %v", err, readErr)
	}
	verdicts := map[string]preflight.Verdict{}
	for _, f := range findings(t, out) {
		verdicts[f.Subject] = f.Verdict
	}
	for _, subject := range []string{
		"ABI", "routes", "events", "tables", "conditions", "timestamps", "start_block", "checkpoints", "reorgs on ethereum",
	} {
		if got := verdicts[subject]; got != preflight.OK {
			t.Errorf("%s: %q", subject, got)
		}
	}
}

// TestManifestOfRealABIs: check finds nothing that rindexer drops, garbles or panics over, but what the manifest itself
// has a comment on.
func TestManifestOfRealABIs(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "..", "shared", "corpus", "abi")
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Join("..", "..", "internal", "conformance", "testdata", "corpus", "abi")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no ABIs in %s (%v)", dir, err)
	}
	root := project(t, nil)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		put(t, root, map[string]string{"abi/" + filepath.Base(path): string(text)})
	}
	out := t.TempDir()
	if _, err := run(t, rindexerCommand(), "-root", root, "-out", out); err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile(filepath.Join(out, "rindexer.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, f := range findings(t, out) {
		if f.Verdict == preflight.Failure {
			t.Errorf("%s: %s", f.Subject, f.Detail)
		}
		for found := range commented {
			if strings.Contains(f.Detail, found) {
				counts[found]++
			}
		}
	}
	for found, comment := range commented {
		if n := strings.Count(string(manifest), comment); n != counts[found] {
			t.Errorf("check finds %d times %q, and the manifest has %d comments %q", counts[found], found, n, comment)
		}
	}
	if n := strings.Count(string(manifest), "# Not sent: "); n < 2 {
		t.Errorf("%d events are left out", n)
	}
}

// commented is what check finds and the manifest has a comment on.
var commented = map[string]string{
	"rindexer sends [] whatever it holds": "empty, whatever it holds: the column is NULL.",
	"at the first negative value":         "rindexer panics over a negative value of",
	"rindexer sends null":                 "rindexer has no form for a part of",
}

// findings returns what check says of a manifest.
func findings(t *testing.T, dir string) []preflight.Finding {
	t.Helper()
	environment := map[string]string{
		"REDIS_URL": "redis://127.0.0.1:6379", "NETWORK": "ethereum", "CHAIN_ID": "1", "RPC_URL": "http://127.0.0.1:8545",
	}
	all, err := preflight.Manifest(filepath.Join(dir, "rindexer.yaml"), preflight.Service{
		RedisURL: "redis://127.0.0.1:6379", Streams: []string{"rindexer_producer"}, Catalog: events.Catalog,
		Env: func(name string) (string, bool) {
			if strings.HasSuffix(name, "_ADDRESS") {
				return "0x00000000000000000000000000000000000000aa", true
			}
			if strings.HasSuffix(name, "_START_BLOCK") {
				return "7", true
			}
			value, ok := environment[name]
			return value, ok
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
