package codegen

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
)

// FuzzGenerate: no file makes the generator panic or write what is no Go; what it reads as an event is what go-ethereum
// reads, where that reads it; and generating again changes nothing.
func FuzzGenerate(f *testing.F) {
	paths, err := filepath.Glob("testdata/abi/*.json")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no ABIs (%v)", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, text); err != nil {
			f.Fatal(err)
		}
		f.Add(compact.Bytes()[:min(compact.Len(), 2000)])
		var entries []json.RawMessage
		if err := json.Unmarshal(text, &entries); err != nil {
			f.Fatal(err)
		}
		for _, entry := range entries {
			var compact bytes.Buffer
			if err := json.Compact(&compact, entry); err != nil {
				f.Fatal(err)
			}
			f.Add([]byte("[" + compact.String() + "]"))
		}
	}
	for _, text := range []string{
		`{"contracts":{"a.sol":{"A":{"abi":"[\"event E(uint8[2][] indexed x, (bool a, bytes) y) anonymous;\"]"}}}}`,
		`{"status":"1","result":"[{\"type\":\"event\",\"name\":\"A\"}]"}`, `[{"abi":[{"name":"e","anonymous":false}]}]`,
		`["event Ä$1(address payable indexed from, enum K, fixed x)","event E(",{"type":"Event","name":"E","inputs":null}]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := Generate(Input{Module: module, ABIs: map[string][]byte{"F.json": data}})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "abi/F.json:") {
				t.Fatalf("the error does not say where it is: %v", err)
			}
			return
		}
		again, err := Generate(Input{Module: module, ABIs: map[string][]byte{"F.json": data}, Lock: out.Lock})
		if err != nil || !bytes.Equal(again.Lock, out.Lock) {
			t.Fatalf("generating again: %v\n%s\n%s", err, out.Lock, again.Lock)
		}
		for path, content := range out.Files {
			if !bytes.Equal(again.Files[path], content) {
				t.Fatalf("generating again changed %s", path)
			}
		}
		if _, _, err := RindexerProject(Input{Module: module, ABIs: map[string][]byte{"F.json": data}}, DefaultStream); err != nil &&
			len(out.Files) > 1 && !strings.Contains(err.Error(), "no event that rindexer could send") {
			t.Fatalf("the manifest: %v", err)
		}
		entries, err := findEntries(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			compareEntry(t, entry.raw)
		}
	})
}

// compareEntry holds an entry against go-ethereum's reading of it.
func compareEntry(t *testing.T, raw json.RawMessage) {
	t.Helper()
	e, isEvent, err := parseEntry(raw)
	oracle, oracleErr := abi.JSON(strings.NewReader("[" + string(raw) + "]"))
	var entry jsonEntry
	if oracleErr != nil || len(oracle.Events) != 1 || json.Unmarshal(raw, &entry) != nil || !plainInputs(entry.Inputs) {
		return
	}
	if !isEvent {
		t.Fatalf("go-ethereum reads an event in %s", raw)
	}
	for _, want := range oracle.Events {
		switch {
		case err != nil && !tooLax(want, err):
			t.Fatalf("%s: refused, %v, and go-ethereum reads %s", raw, err, want.Sig)
		case err == nil && (e.signature() != want.Sig || "0x"+e.topic0() != want.ID.Hex()):
			t.Fatalf("%s: the signature is %s, go-ethereum has %s", raw, e.signature(), want.Sig)
		case err == nil && e.anonymous != want.Anonymous:
			t.Fatalf("%s: anonymous is %t", raw, e.anonymous)
		}
	}
}

var plainType = regexp.MustCompile(`^(u?int|bytes|address|bool|string|function|tuple)[0-9]*(\[[0-9]*\])*$`)

// plainInputs reports whether all types have the form of the ABI's. go-ethereum's parser finds one in any text.
func plainInputs(inputs []jsonParam) bool {
	return !slices.ContainsFunc(inputs, func(in jsonParam) bool {
		return !plainType.MatchString(in.Type) || !plainInputs(in.Components)
	})
}

// tooLax reports whether go-ethereum takes what no compiler writes, and we refuse with good reason.
func tooLax(e abi.Event, refused error) bool {
	for _, reason := range []string{
		"is not a name", "the name is missing", "is not an ABI type", "is not a type", "impossible length", "longer than any log",
		"nests deeper", "indexed parameters", "no components", "is a type of the contract's source", "more than the", "fixed-point",
	} {
		if strings.Contains(refused.Error(), reason) {
			return true
		}
	}
	return false
}
