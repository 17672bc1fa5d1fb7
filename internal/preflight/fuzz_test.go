package preflight

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

func seed(f *testing.F, pattern string) {
	f.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		f.Fatalf("%s: %d files, %v", pattern, len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
}

// FuzzManifest: whatever a manifest holds, it is looked at or refused, and in no time.
func FuzzManifest(f *testing.F) {
	seed(f, "testdata/*.yaml")
	f.Add([]byte("contracts: [{dependency_events: &a {events: [x], then: [*a, *a]}, streams: {redis: {streams: [{}]}}}]"))
	f.Add([]byte("contracts: &a [*a, {streams: {redis: {streams: *a}}}]\nnetworks: *a"))
	f.Add([]byte("${}: ${A${B}}\nnative_transfers: {streams: {redis: {connection_uri: '${', streams: {stream_name: x}}}}"))
	s := Service{
		RedisURL: "redis://localhost",
		Streams:  []string{"rindexer_producer"},
		Catalog:  event.NewCatalog(),
		Env:      func(name string) (string, bool) { return name, len(name)%2 == 0 },
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := parseDocument("nowhere/rindexer.yaml", text, s.Env)
		if err != nil {
			return
		}
		if len(inspect(d, "nowhere", s)) == 0 {
			t.Error("nothing is said about it")
		}
	})
}

// FuzzABI: whatever an ABI holds, each of its events is looked at, or the file is refused.
func FuzzABI(f *testing.F) {
	seed(f, "testdata/abi/*.json")
	f.Fuzz(func(t *testing.T, text []byte) {
		file := &abiFile{entries: map[*abiEvent]string{}}
		file.read("x.json", text)
		for _, e := range file.events {
			e.topic0()
			e.indexed()
			e.traps()
			if e.at == "" || file.entries[e] == "" {
				t.Errorf("event %q has no place", e.Name)
			}
		}
	})
}
