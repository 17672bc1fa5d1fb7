package conformance_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/preflight"
)

var (
	randomSeed   = flag.Uint64("random-seed", 20261127, "seed of TestRandomABIs; 0 takes the time")
	randomEvents = flag.Int("random-events", 100, "events that TestRandomABIs makes")
)

// TestRandomABIs makes ABIs of random types and names, and logs of random values. values → raw log → row → values must
// be the identity, and so must values → rindexer's JSON, as some release writes it → row → values.
func TestRandomABIs(t *testing.T) {
	t.Parallel()
	seed := *randomSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("repeat with -random-seed %d -random-events %d", seed, *randomEvents)
	r := &randomABIs{rng: rand.New(rand.NewPCG(seed, 0)), names: map[string]int{}, logs: 1}
	declaredEvents := r.events(*randomEvents)
	p := copyProject(t)
	for file, events := range r.files {
		text, err := json.MarshalIndent(map[string]any{"contractName": "Random", "abi": events}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		p.write(t, fmt.Sprintf("abi/Random%d.json", file), text)
	}
	p.generate(t)
	manifest := p.manifest(t)
	var samples []sample
	counts := map[release]int{}
	for _, e := range declaredEvents {
		for range 6 {
			s := r.sample(t, e, manifest)
			samples = append(samples, s)
			counts[s.release]++
		}
	}
	t.Logf("messages by release: %v; %d with the ABIs that codegen rindexer writes", counts, r.rewritten)
	prove(t, p, samples)
}

// manifest returns the events of the ABIs that codegen rindexer writes, by topic0. check must find no fault with them.
func (p project) manifest(t *testing.T) map[common.Hash][]declared {
	t.Helper()
	dir := t.TempDir()
	p.run(t, "go", "run", "./cmd/codegen", "rindexer", "-out", dir)
	paths, err := filepath.Glob(filepath.Join(dir, "abis", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	byTopic := map[common.Hash][]declared{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var all []declared
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			byTopic[e.topic0()] = append(byTopic[e.topic0()], e)
		}
	}
	findings, err := preflight.Manifest(filepath.Join(dir, "rindexer.yaml"), preflight.Service{
		RedisURL: "redis://127.0.0.1", Streams: []string{"rindexer_producer"}, Catalog: event.NewCatalog(), Env: os.LookupEnv,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Verdict == preflight.Failure {
			t.Errorf("check --manifest: %s: %s", f.Subject, f.Detail)
		}
	}
	return byTopic
}

// rewrite finds the event in the manifest's ABIs, where parameters that could not be told apart have names of their own.
func rewrite(e declared, manifest map[common.Hash][]declared) (declared, bool) {
	names := map[string]int{metadataKey: 1}
	for _, in := range e.Inputs {
		names[in.Name]++
	}
	for _, other := range manifest[e.topic0()] {
		same := other.Name == e.Name && len(other.Inputs) == len(e.Inputs)
		for i := 0; same && i < len(e.Inputs); i++ {
			same = other.Inputs[i].Indexed == e.Inputs[i].Indexed &&
				(other.Inputs[i].Name == e.Inputs[i].Name || names[e.Inputs[i].Name] > 1)
		}
		if same {
			return other, true
		}
	}
	return e, false
}

// randomABIs makes events, and samples of them.
type randomABIs struct {
	rng       *rand.Rand
	files     [3][]map[string]any
	names     map[string]int // of events, and how many have it
	logs      uint64
	rewritten int
}

func (r *randomABIs) events(n int) []declared {
	var events []declared
	for range n {
		e := r.event()
		events = append(events, e)
		r.names[e.Name]++
		r.put(e)
		if variant, ok := r.variant(e); ok {
			r.put(variant)
			events = append(events, variant)
		}
	}
	return events
}

func (r *randomABIs) put(e declared) {
	file := r.rng.IntN(len(r.files))
	entry := map[string]any{"type": "event", "name": e.Name, "inputs": e.Inputs}
	if e.Anonymous || r.rng.IntN(2) == 0 {
		entry["anonymous"] = e.Anonymous
	}
	r.files[file] = append(r.files[file], entry)
}

// eventNames and paramNames are what makes names hard; most are made of words.
var (
	eventNames = []string{"$", "_", "$Event", "Größe", "select", "event", "Transfer", "transfer", "TRANSFER", "HTTPServer",
		"Generic", "Catalog", "日本", "E1", "e_1", "String", "1inch", strings.Repeat("VeryLong", 12), strings.Repeat("Langer", 20)}
	paramNames = []string{"", "", "", "from", "to", "select", "order", "user", "$", "_", "$$", "größe", "日本", "value", "Value",
		"_value", "value_", "id", "ID", "tokenIDs", "networkId", "network", "address", "block_number", "blockNumber",
		"transaction_information", "created_at", "1st", "indexed_by", "type", "key", "Meta", "decode",
		strings.Repeat("parameter", 9), strings.Repeat("parameter", 9) + "2"}
	words = strings.Fields("atom triple vault share price total fee account sender receiver delta nonce root leaf memo")
)

func (r *randomABIs) pick(names []string) string { return names[r.rng.IntN(len(names))] }

func (r *randomABIs) event() declared {
	e := declared{Name: fmt.Sprintf("%s%s%d", r.pick(words), strings.ToUpper(r.pick(words)[:1])+"x", r.rng.IntN(10))}
	if r.rng.IntN(3) == 0 {
		e.Name = r.pick(eventNames)
	}
	e.Anonymous = r.rng.IntN(12) == 0
	indexed := r.rng.IntN(4)
	for range r.rng.IntN(9) {
		in := r.input(3)
		if indexed > 0 && r.rng.IntN(2) == 0 {
			in.Indexed = true
			indexed--
		}
		e.Inputs = append(e.Inputs, in)
	}
	return e
}

// variant declares one parameter of a value type more, or less, as indexed.
func (r *randomABIs) variant(e declared) (declared, bool) {
	indexed, last := 0, -1
	for i, in := range e.Inputs {
		if in.Indexed {
			indexed++
		}
		if plain := in; !in.hashed() {
			plain.Indexed = true
			if !plain.hashed() {
				last = i
			}
		}
	}
	if last < 0 || r.rng.IntN(3) > 0 || !e.Inputs[last].Indexed && indexed > 2 {
		return e, false
	}
	e.Inputs = slices.Clone(e.Inputs)
	e.Inputs[last].Indexed = !e.Inputs[last].Indexed
	return e, true
}

func (r *randomABIs) input(depth int) input {
	in := input{Name: r.pick(words) + strings.ToUpper(r.pick(words))}
	if r.rng.IntN(3) == 0 {
		in.Name = r.pick(paramNames)
	}
	switch n := r.rng.IntN(10); {
	case n == 0 && depth > 0:
		in.Type = "tuple"
		if r.rng.IntN(2) == 0 {
			in.InternalType = "struct Library.Struct"
		}
		for range 1 + r.rng.IntN(4) {
			in.Components = append(in.Components, r.input(depth-1))
		}
	default:
		in.Type = r.scalar()
	}
	for depth > 0 && r.rng.IntN(4) == 0 {
		in.Type += []string{"[]", "[]", "[1]", "[3]"}[r.rng.IntN(4)]
		depth--
	}
	return in
}

func (r *randomABIs) scalar() string {
	switch r.rng.IntN(9) {
	case 0:
		return "bool"
	case 1:
		return "address"
	case 2:
		return "string"
	case 3:
		return "bytes"
	case 4:
		return fmt.Sprintf("bytes%d", 1+r.rng.IntN(32))
	case 5:
		return []string{"function", "uint256", "uint8", "bytes32"}[r.rng.IntN(4)]
	case 6:
		return fmt.Sprintf("int%d", 8+8*r.rng.IntN(32))
	case 7:
		return fmt.Sprintf("%sint%d", []string{"", "u"}[r.rng.IntN(2)], []int{8, 16, 32, 40, 48, 56, 64, 72}[r.rng.IntN(8)])
	}
	return fmt.Sprintf("uint%d", 8+8*r.rng.IntN(32))
}

func (r *randomABIs) sample(t *testing.T, e declared, manifest map[common.Hash][]declared) sample {
	t.Helper()
	s := sample{event: e, meta: r.metadata()}
	for _, in := range e.Inputs {
		v := r.value(in)
		if in.hashed() {
			v = map[string]any{"hash": r.bytes(32)}
		}
		s.values = append(s.values, v)
	}
	s.topics, s.data = e.log(s.values)
	if e.Anonymous {
		s.limit = "it is anonymous"
		return s
	}
	s.limit = "every release panics"
	known := e
	if other, ok := rewrite(e, manifest); ok && r.rng.IntN(2) == 0 {
		known = other
		r.rewritten++
	}
	for _, i := range r.rng.Perm(len(releases)) {
		release := releases[i]
		if release < release13 && !r.toldByName(e) {
			continue
		}
		params, lost, err := release.item(known, s.values)
		if err == nil {
			s.payload, s.item = release.payload(r.rng, known, s.meta, params)
			s.release, s.lost, s.limit = release, lost, ""
			break
		}
	}
	return s
}

// toldByName reports whether the name alone tells the event from all others, which it must where there is no hash. Of
// several parameters without a key of their own rindexer sends one, so that keys do not tell either.
func (r *randomABIs) toldByName(e declared) bool { return r.names[e.Name] == 1 && e.Name != "Transfer" }

func (r *randomABIs) metadata() metadata {
	meta := metadata{
		Network:          "random",
		ChainID:          new(uint64(r.rng.Uint32())),
		Address:          common.HexToAddress(r.bytes(20)),
		BlockNumber:      1 + r.logs/7,
		BlockHash:        common.HexToHash(r.bytes(32)),
		TransactionHash:  common.HexToHash(r.bytes(32)),
		TransactionIndex: r.rng.Uint64N(300),
		LogIndex:         hexutil.Uint64(r.logs),
	}
	if r.rng.IntN(4) > 0 {
		meta.BlockTimestamp = new(hexutil.Uint64(r.rng.Uint32()))
	}
	r.logs++
	return meta
}

func (r *randomABIs) bytes(n int) string {
	b := make([]byte, n)
	fill := []byte{0, 0xff, 1}[r.rng.IntN(3)]
	for i := range b {
		if b[i] = fill; fill == 1 {
			b[i] = byte(r.rng.Uint32())
		}
	}
	return hexutil.Encode(b)
}

// texts are parts of strings: some are not UTF-8.
var texts = []string{"", "a", "\x00", `"`, `\`, "\n\t\r", "é", "🧠", "\xff", "\xe2\x82", `\u0000`, "'; --", "\u2028",
	strings.Repeat("x", 31), strings.Repeat("y", 32)}

func (r *randomABIs) value(in input) any {
	if element, length, isArray := in.element(); isArray {
		if length < 0 {
			length = r.rng.IntN(4)
		}
		list := make([]any, length)
		for i := range list {
			list[i] = r.value(element)
		}
		return list
	}
	switch {
	case in.isTuple():
		list := make([]any, len(in.Components))
		for i, c := range in.Components {
			list[i] = r.value(c)
		}
		return list
	case in.isInteger():
		return r.integer(in.size(), in.Type[0] == 'i')
	case in.Type == "bool":
		return r.rng.IntN(2) == 0
	case in.Type == "address":
		return r.bytes(20)
	case in.Type == "function":
		return r.bytes(24)
	case in.Type == "bytes":
		return r.bytes(r.rng.IntN(70))
	case in.Type == "string":
		var b strings.Builder
		for range r.rng.IntN(5) {
			b.WriteString(texts[r.rng.IntN(len(texts))])
		}
		return b.String()
	}
	return r.bytes(in.size())
}

// integer is an edge of its range every other time.
func (r *randomABIs) integer(bits int, signed bool) string {
	low, high := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(bits))
	if signed {
		high.Rsh(high, 1)
		low.Neg(high)
	}
	size := new(big.Int).Sub(high, low)
	n := new(big.Int)
	switch r.rng.IntN(8) {
	case 0:
		n = low
	case 1:
		n.Sub(high, big.NewInt(1))
	case 2:
	case 3:
		n.SetInt64(1)
	default:
		for range 4 {
			n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(r.rng.Uint64()))
		}
		n.Add(n.Mod(n, size), low)
	}
	return n.String()
}
