package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/preflight"
)

// withABIs is a project with ABIs: all that there are in directories, or those of the names.
func withABIs(t *testing.T, names []string, dirs ...string) (root string) {
	t.Helper()
	root = project(t, nil)
	for _, dir := range dirs {
		paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no ABIs in %s (%v)", dir, err)
		}
		for _, path := range paths {
			name := filepath.Base(path)
			if names != nil && !slices.Contains(names, name) {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			put(t, root, map[string]string{"abi/" + name: string(text)})
		}
	}
	return root
}

var (
	corpusABIs = filepath.Join("..", "..", "internal", "conformance", "testdata", "corpus", "abi")
	trapABIs   = filepath.Join("..", "..", "internal", "preflight", "testdata", "abi")
)

// TestManifest holds a manifest of ABIs that rindexer can carry whole against what check says of a manifest.
func TestManifest(t *testing.T) {
	t.Parallel()
	root := withABIs(t, []string{"MultiVault.json", "ERC20.json", "ERC721.json"}, corpusABIs)
	out := t.TempDir()
	stdout, err := run(t, rindexerCommand(), "-root", root, "-out", out)
	if err != nil || !strings.HasPrefix(stdout, "rindexer.yaml and 3 ABIs written to ") {
		t.Fatalf("%v\n%s", err, stdout)
	}
	printed, err := run(t, rindexerCommand(), "-root", root)
	written, readErr := os.ReadFile(filepath.Join(out, "rindexer.yaml"))
	if err != nil || readErr != nil || printed != string(written) {
		t.Errorf("what is printed is not what is written: %v, %v", err, readErr)
	}
	if _, err := run(t, rindexerCommand(), "-root", root, "-out", out); err != nil {
		t.Errorf("once more: %v", err)
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
	root := withABIs(t, nil, corpusABIs)
	traps, err := os.ReadFile(filepath.Join(trapABIs, "Traps.json"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, root, map[string]string{"abi/Traps.json": string(traps)})
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
		if n := strings.Count(string(manifest), comment); n != counts[found] || n == 0 {
			t.Errorf("check finds %d times %q, and the manifest has %d comments %q", counts[found], found, n, comment)
		}
	}
	if n := strings.Count(string(manifest), "# Not sent: "); n < 2 {
		t.Errorf("%d events are left out", n)
	}
}

// TestManifestIsNotReplaced: somebody may have written it, or filled in what was not known.
func TestManifestIsNotReplaced(t *testing.T) {
	t.Parallel()
	root, out := project(t, map[string]string{"abi/Token.json": transfer}), t.TempDir()
	put(t, out, map[string]string{"rindexer.yaml": "name: mine\n"})
	_, err := run(t, rindexerCommand(), "-root", root, "-out", out)
	if err == nil || !strings.Contains(err.Error(), "stands and is another; hint: ") || tree(t, out)["rindexer.yaml"] != "name: mine\n" {
		t.Errorf("error %v", err)
	}
	if _, err := run(t, rindexerCommand(), "-root", root, "-out", out, "-overwrite"); err != nil {
		t.Error(err)
	}
	if got := tree(t, out)["rindexer.yaml"]; !strings.Contains(got, "event_name: Transfer") {
		t.Errorf("with -overwrite it is\n%s", got)
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
