package conformance_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
)

// vector is a line of the corpus, see testdata/corpus/README.md.
type vector struct {
	ABI                string          `json:"abi"`
	Index              int             `json:"index"`
	Signature          string          `json:"signature"`
	K                  int             `json:"k"`
	Topics             []common.Hash   `json:"topics"`
	Data               hexutil.Bytes   `json:"data"`
	Args               []any           `json:"args"`
	Meta               metadata        `json:"meta"`
	Rindexer           json.RawMessage `json:"rindexer"`
	RindexerNormalized json.RawMessage `json:"rindexer_normalized"`
	RindexerLossy      json.RawMessage `json:"rindexer_lossy"`
	RindexerSkip       string          `json:"rindexer_skip"`
}

// corpusDir is the whole corpus where it lies beside the repository, and else the part of it whose licences let the
// repository carry it.
func corpusDir(t *testing.T) string {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(root, "..", "shared", "corpus")
	if _, err := os.Stat(filepath.Join(whole, "vectors.jsonl.gz")); err == nil {
		return whole
	}
	return filepath.Join("testdata", "corpus")
}

// corpus is a set of ABIs by file name, and samples of every event in them.
type corpus struct {
	abis    map[string][]byte
	samples []sample
}

func readCorpus(t *testing.T) corpus {
	t.Helper()
	dir := corpusDir(t)
	t.Logf("corpus: %s", dir)
	c := corpus{abis: map[string][]byte{}}
	paths, err := filepath.Glob(filepath.Join(dir, "abi", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no ABIs in %s (%v)", dir, err)
	}
	events := map[string][]declared{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		c.abis[name] = text
		var all []declared
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatal(err)
		}
		events[strings.TrimSuffix(name, ".json")] = all
	}
	for _, v := range readVectors(t, filepath.Join(dir, "vectors.jsonl.gz")) {
		c.samples = append(c.samples, v.sample(t, events[v.ABI][v.Index]))
	}
	return c
}

func readVectors(t *testing.T, path string) []vector {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	for decoder := json.NewDecoder(text); decoder.More(); {
		decoder.UseNumber()
		var v vector
		if err := decoder.Decode(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// sample is the vector, with what release 0.41 loses.
func (v vector) sample(t *testing.T, e declared) sample {
	t.Helper()
	s := sample{
		event: e, values: v.Args, meta: v.Meta, topics: v.Topics, data: v.Data, limit: v.RindexerSkip, release: release41,
	}
	payload := v.Rindexer
	for _, other := range []json.RawMessage{v.RindexerNormalized, v.RindexerLossy} {
		if !present(payload) {
			payload = other
		}
	}
	if !present(payload) {
		return s
	}
	var m message
	if err := json.Unmarshal(payload, &m); err != nil || len(m.EventData) != 1 {
		t.Fatalf("%s, %s, k=%d: %v", v.ABI, v.Signature, v.K, err)
	}
	s.payload, s.item = string(payload), string(m.EventData[0])
	var err error
	if _, s.lost, err = release41.item(e, v.Args); err != nil {
		t.Fatalf("%s, %s, k=%d: %v", v.ABI, v.Signature, v.K, err)
	}
	return s
}

func present(text json.RawMessage) bool { return len(text) > 0 && string(text) != "null" }

// TestCorpus writes every log of every event of the corpus through the whole system, in both forms.
func TestCorpus(t *testing.T) {
	t.Parallel()
	c := readCorpus(t)
	p := copyProject(t)
	for name, abi := range c.abis {
		p.write(t, "abi/"+name, abi)
	}
	p.generate(t)
	prove(t, p, c.samples)
}

// TestCorpusEncoders holds the encoders of these tests against the corpus, which others have made: they are what
// TestRandomABIs goes by.
func TestCorpusEncoders(t *testing.T) {
	t.Parallel()
	c := readCorpus(t)
	sent := 0
	for _, s := range c.samples {
		topics, data := s.event.log(s.values)
		if !slices.Equal(topics, s.topics) || !bytes.Equal(data, s.data) {
			t.Errorf("%s: the log is %v %x, want %v %x", s.event.declaration(), topics, data, s.topics, s.data)
		}
		if s.payload == "" {
			continue
		}
		sent++
		params, _, err := release41.item(s.event, s.values)
		if err != nil {
			t.Errorf("%s: %v", s.event.declaration(), err)
			continue
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal([]byte(s.item), &want); err != nil {
			t.Fatal(err)
		}
		delete(want, metadataKey)
		if len(want) != len(params) {
			t.Errorf("%s: %d parameters, want %d", s.event.declaration(), len(params), len(want))
		}
		for name, text := range want {
			decoded, err := decodeJSON(text)
			if err != nil {
				t.Fatal(err)
			}
			if got := canonical(params[name]); got != canonical(decoded) {
				t.Errorf("%s, %s: %s, want %s", s.event.declaration(), name, got, canonical(decoded))
			}
		}
	}
	t.Logf("%d logs and %d messages are as others encoded them", len(c.samples), sent)
}

var orders = flag.Int("orders", 1, "orders in which TestOrders adds the ABIs")

// TestOrders adds the ABIs of the corpus one by one in random orders. A name that stands never changes on the way, and
// in the end the tables hold the same rows, whatever they are called.
func TestOrders(t *testing.T) {
	t.Parallel()
	c := readCorpus(t)
	for seed := range uint64(*orders) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			p := copyProject(t)
			p.clearABIs(t)
			generator := p.buildCommand(t, "./cmd/codegen")
			files := slices.Sorted(maps.Keys(c.abis))
			rand.New(rand.NewPCG(seed, 2)).Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
			t.Logf("the last five to come: %v", files[len(files)-5:])
			names := map[string]string{}
			for _, file := range files {
				p.write(t, "abi/"+file, c.abis[file])
				p.run(t, generator)
				names = p.wantNamesKept(t, file, names)
			}
			p.generate(t)
			p.wantNamesKept(t, "sqlc", names)
			t.Logf("%d names", len(names))
			prove(t, p, c.samples)
		})
	}
}

// clearABIs makes a project without events.
func (p project) clearABIs(t *testing.T) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(p.dir, "abi", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// createdTable finds the table of a schema file, and what its comment declares.
var createdTable = regexp.MustCompile(`(?s)CREATE TABLE (\w+) .*COMMENT ON TABLE \w+ IS\s+'([^']*)'`)

// wantNamesKept returns the table of each event, which must have the columns that it had before the file came.
func (p project) wantNamesKept(t *testing.T, file string, before map[string]string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(p.dir, "schema", "*.gen.sql"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found := createdTable.FindSubmatch(text)
		if found == nil {
			t.Fatalf("%s creates no table", path)
		}
		columns, _, _ := strings.Cut(string(text), "CREATE INDEX")
		names[string(found[2])] = columns
	}
	for declaration, columns := range before {
		if names[declaration] != columns {
			t.Errorf("%s changed the table of %s:\n%s\nbefore:\n%s", file, declaration, names[declaration], columns)
		}
	}
	return names
}
