package codegen

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/golden")

const module = "github.com/redis-postgres-sync/redis-postgres-sync"

// load reads ABI files of a directory: the named ones, or all of them.
func load(t testing.TB, dir string, names ...string) map[string][]byte {
	t.Helper()
	if names == nil {
		paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no ABIs in %s (%v)", dir, err)
		}
		for _, path := range paths {
			names = append(names, filepath.Base(path))
		}
	}
	abis := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		abis[name] = data
	}
	return abis
}

// generate expects neither an error nor a warning.
func generate(t *testing.T, abis map[string][]byte, lock []byte) Output {
	t.Helper()
	out, err := Generate(Input{Module: module, ABIs: abis, Lock: lock})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range out.Warnings {
		t.Errorf("warning: %s", w)
	}
	return out
}

// merged returns the entries of all maps.
func merged(all ...map[string][]byte) map[string][]byte {
	sum := map[string][]byte{}
	for _, m := range all {
		maps.Copy(sum, m)
	}
	return sum
}

func TestGolden(t *testing.T) {
	dir := filepath.Join("testdata", "golden")
	out := generate(t, load(t, "testdata/abi", "Token20.json", "Token721.json", "Structs.json", "Uncarried.json"), nil)
	out.Files[LockFile] = out.Lock
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		for path, content := range out.Files {
			name := filepath.Join(dir, path)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	compareTree(t, dir, out.Files, func(string) bool { return true })
}

// compareTree expects the files below dir that ours picks to be exactly those of want.
func compareTree(t *testing.T, dir string, want map[string][]byte, ours func(path string) bool) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(want)) {
		got, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want[path]) {
			t.Errorf("%s differs from what is generated", path)
		}
	}
	for _, sub := range []string{"abi", "gen/events", "queries", "schema"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if path := sub + "/" + e.Name(); ours(path) && want[path] == nil {
				t.Errorf("%s is not generated any more", path)
			}
		}
	}
}

func TestOrderOfEntriesDoesNotMatter(t *testing.T) {
	abis := load(t, "testdata/abi")
	want := generate(t, abis, nil)
	for seed := range uint64(5) {
		shuffled := map[string][]byte{}
		for name, data := range abis {
			var entries []json.RawMessage
			if err := json.Unmarshal(data, &entries); err != nil {
				t.Fatal(err)
			}
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(entries), func(i, j int) {
				entries[i], entries[j] = entries[j], entries[i]
			})
			artifact, err := json.Marshal(map[string]any{"contractName": name, "abi": entries, "bytecode": "0x"})
			if err != nil {
				t.Fatal(err)
			}
			shuffled[name] = artifact
		}
		got := generate(t, shuffled, nil)
		if !bytes.Equal(got.Lock, want.Lock) {
			t.Errorf("seed %d: %s differs", seed, LockFile)
		}
		expectSame(t, want.Files, got.Files)
	}
}

// expectSame expects every file of want in got, with the same bytes.
func expectSame(t *testing.T, want, got map[string][]byte) {
	t.Helper()
	for path := range want {
		if !bytes.Equal(got[path], want[path]) {
			t.Errorf("%s differs", path)
		}
	}
}

func TestNewFileLeavesTheOthersAlone(t *testing.T) {
	abis := load(t, "testdata/abi", "MultiVaultLike.json", "Token20.json")
	before := generate(t, abis, nil)
	tokens := load(t, "testdata/abi", "Token20.json", "Token721.json")
	added := map[string][]byte{"AAA.json": tokens["Token721.json"], "Zzz.json": tokens["Token20.json"]}
	after := generate(t, merged(abis, added), before.Lock)

	delete(before.Files, "gen/events/catalog.go")
	expectSame(t, before.Files, after.Files)
	for line := range strings.Lines(string(before.Lock)) {
		if !strings.Contains(string(after.Lock), line) {
			t.Errorf("%s lost the line %q", LockFile, line)
		}
	}
	if after.Files["schema/aaa_transfer_events.gen.sql"] == nil {
		t.Error("the second Transfer has no table of its own")
	}
}
