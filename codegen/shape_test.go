package codegen

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
)

// realABIs reads the corpus of real ABIs where it lies beside the repository, and else the part of it that the
// repository carries.
func realABIs(t testing.TB) map[string][]byte {
	t.Helper()
	dir := filepath.Join("..", "..", "shared", "corpus", "abi")
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Join("..", "internal", "conformance", "testdata", "corpus", "abi")
	}
	t.Log("corpus:", dir)
	return load(t, dir)
}

// TestSignatures compares with go-ethereum, entry by entry, for its parser gives up a file for one entry.
func TestSignatures(t *testing.T) {
	abis := merged(load(t, "testdata/abi"), realABIs(t))
	compared := 0
	for name, data := range abis {
		entries, err := findEntries(data)
		if err != nil {
			t.Fatalf("%s:%v", name, err)
		}
		for i, entry := range entries {
			e, isEvent, err := parseEntry(entry.raw)
			if err != nil {
				t.Errorf("%s: [%d] %v", name, i, err)
			}
			if !isEvent {
				continue
			}
			oracle, err := abi.JSON(strings.NewReader("[" + string(entry.raw) + "]"))
			if err != nil {
				t.Logf("%s: [%d] go-ethereum: %v", name, i, err)
				continue
			}
			compared++
			for _, want := range oracle.Events {
				if got := e.signature(); got != want.Sig {
					t.Errorf("%s: [%d] signature %s, go-ethereum has %s", name, i, got, want.Sig)
				}
				if got := "0x" + e.topic0(); got != want.ID.Hex() {
					t.Errorf("%s: [%d] topic0 %s, go-ethereum has %s", name, i, got, want.ID.Hex())
				}
			}
		}
	}
	if compared < 500 {
		t.Errorf("go-ethereum read no more than %d events", compared)
	}
}

func TestCorpus(t *testing.T) {
	abis := realABIs(t)
	out := generate(t, abis, nil)
	shapes := map[string]bool{}
	declared, kept := 0, 0
	for name, data := range abis {
		var entries []struct{ Type string }
		if err := json.Unmarshal(data, &entries); err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Type == "event" {
				declared++
			}
		}
		events, _, err := parseFile(name, data)
		if err != nil {
			t.Fatal(err)
		}
		kept += len(events)
		for _, e := range events {
			shapes[e.key()] = true
		}
	}
	if kept != declared || declared < 400 {
		t.Errorf("%d of %d events were kept", kept, declared)
	}
	if want := 3*len(shapes) + 1; len(out.Files) != want {
		t.Errorf("%d files for %d shapes, want %d", len(out.Files), len(shapes), want)
	}
}

// one parses a file of one event.
func one(t *testing.T, text string) event {
	t.Helper()
	e, isEvent, err := parseEntry(json.RawMessage(text))
	if err != nil || !isEvent {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

func TestDeclaration(t *testing.T) {
	for _, c := range []struct{ abi, declaration, signature string }{
		{
			`{"type":"event","name":"Empty"}`,
			"event Empty()", "Empty()",
		},
		{
			`{"type":"event","name":"E","inputs":[{"type":"uint"},{"type":"address","indexed":true}]}`,
			"event E(uint256, address indexed)", "E(uint256,address)",
		},
		{
			`{"type":"event","name":"Hidden","anonymous":true,"inputs":[{"type":"int8","name":"a","indexed":true}]}`,
			"event Hidden(int8 indexed a) anonymous", "Hidden(int8)",
		},
		{
			`{"type":"event","name":"Filled","inputs":[
				{"type":"bytes32","name":"id","indexed":true},
				{"type":"tuple[2][]","name":"legs","components":[
					{"type":"address","name":"token"},{"type":"uint","name":"amount"},{"type":"bytes"}]}]}`,
			"event Filled(bytes32 indexed id, (address token, uint256 amount, bytes)[2][] legs)",
			"Filled(bytes32,(address,uint256,bytes)[2][])",
		},
	} {
		e := one(t, c.abi)
		if got := e.declaration(); got != c.declaration {
			t.Errorf("declaration %s, want %s", got, c.declaration)
		}
		if got := e.signature(); got != c.signature {
			t.Errorf("signature %s, want %s", got, c.signature)
		}
	}
}

func TestShape(t *testing.T) {
	parse := func(inputs string) event { return one(t, `{"type":"event","name":"E","inputs":[`+inputs+`]}`) }
	base := parse(`{"type":"uint8","name":"a"},{"type":"tuple","name":"b","components":[{"type":"bool","name":"c"}]}`)
	for _, c := range []struct {
		what, inputs string
		same         bool
	}{
		{"internalType", `{"type":"uint8","name":"a","internalType":"enum X"},
			{"type":"tuple","name":"b","components":[{"type":"bool","name":"c"}]}`, true},
		{"an indexed value", `{"type":"uint8","name":"a","indexed":true},
			{"type":"tuple","name":"b","components":[{"type":"bool","name":"c"}]}`, true},
		{"an indexed tuple", `{"type":"uint8","name":"a"},
			{"type":"tuple","name":"b","indexed":true,"components":[{"type":"bool","name":"c"}]}`, false},
		{"a parameter's name", `{"type":"uint8","name":"A"},
			{"type":"tuple","name":"b","components":[{"type":"bool","name":"c"}]}`, false},
		{"a component's name", `{"type":"uint8","name":"a"},
			{"type":"tuple","name":"b","components":[{"type":"bool","name":"d"}]}`, false},
		{"a type", `{"type":"uint16","name":"a"},
			{"type":"tuple","name":"b","components":[{"type":"bool","name":"c"}]}`, false},
	} {
		if same := parse(c.inputs).key() == base.key(); same != c.same {
			t.Errorf("%s: same shape is %t, want %t", c.what, same, c.same)
		}
	}
	hidden := base
	hidden.anonymous = true
	if hidden.key() == base.key() {
		t.Error("anonymous makes no other shape")
	}
}
