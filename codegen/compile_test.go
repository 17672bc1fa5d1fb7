package codegen

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGeneratedCodeCompiles vets what the test ABIs give, in place of the committed code. Package db is a stand-in
// here, made from the schema by sqlc's rules; that those hold, the committed code shows.
func TestGeneratedCodeCompiles(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the compiler")
	}
	abis := merged(load(t, "testdata/abi"), map[string][]byte{"Names.json": oddNames(t)})
	out := generate(t, abis, nil)
	files := map[string]string{"gen/db/db.go": databaseStub(t, out.Files)}
	for path, content := range out.Files {
		if strings.HasSuffix(path, ".go") {
			files[path] = string(content)
		}
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	overlay := writeOverlay(t, root, files)
	vet := exec.CommandContext(t.Context(), "go", "vet", "-overlay", overlay, "./gen/...")
	vet.Dir = root
	if output, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// oddNames is an ABI of one event, whose parameters are named like what generated code and queries are made of.
func oddNames(t *testing.T) []byte {
	t.Helper()
	names := strings.Fields(`e d v q t s ctx tx rows row err keys params i event db common context uint256 len new nil
		string error bool func range type select key meta metadata decode columns staged handler network chainId
		block_number createdAt a1 a_1 url u_r_l id ids $ $v $t $n Ünder xmin ` + reservedWords + typeFuncWords)
	inputs := []map[string]any{{"type": "bool"}, {"type": "bytes[]", "name": "list"}, {"type": "tuple", "name": "tuple",
		"components": []map[string]any{{"type": "bool", "name": "type"}}}}
	types := []string{"uint8", "uint64", "uint256", "int256", "address", "bytes4", "bytes32", "string", "bytes", "int8[]",
		"address[3]", "function", "bool", "uint256[]"}
	for i, name := range names {
		inputs = append(inputs, map[string]any{"type": types[i%len(types)], "name": name})
	}
	for i, typ := range types {
		inputs = append(inputs, map[string]any{"type": typ, "indexed": i < 3})
	}
	abi, err := json.Marshal([]map[string]any{
		{"type": "event", "name": "Func", "inputs": inputs},
		{"type": "event", "name": "Catalog"}, {"type": "event", "name": "meta"}, {"type": "event", "name": "String"},
		{"type": "event", "name": "event"}, {"type": "event", "name": "db"}, {"type": "event", "name": "common"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return abi
}

// writeOverlay puts the files in place of all of gen/, for the go command's flag -overlay.
func writeOverlay(t *testing.T, root string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for _, pattern := range []string{"gen/db/*.go", "gen/events/*.go"} {
		committed, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range committed {
			replace[name] = "" // is not there
		}
	}
	for path, content := range files {
		name := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, path)] = name
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

var createdTable = regexp.MustCompile(`CREATE TABLE (\w+) \(`)

// databaseStub declares what the generated handlers use of package db.
func databaseStub(t *testing.T, files map[string][]byte) string {
	t.Helper()
	b := new(strings.Builder)
	fmt.Fprintf(b, "package db\n\nimport (\n\"context\"\n\n%q\n)\n", module+"/internal/event")
	fmt.Fprint(b, "type Queries struct{}\n\nfunc New(event.DB) *Queries { return nil }\n")
	for path, content := range files {
		if !strings.HasPrefix(path, "schema/") {
			continue
		}
		table := createdTable.FindSubmatch(content)
		if table == nil {
			t.Fatalf("%s creates no table", path)
		}
		name := sqlcName(string(table[1]))
		fmt.Fprintf(b, "func (*Queries) Merge%s(context.Context) (int64, error) { return 0, nil }\n", name)
		fmt.Fprintf(b, "func (*Queries) Fill%s(context.Context) (int64, error) { return 0, nil }\n", name)
		fmt.Fprintf(b, "type Differing%sRow event.Difference\n", name)
		fmt.Fprintf(b, "func (*Queries) Differing%s(context.Context) ([]Differing%[1]sRow, error) { return nil, nil }\n",
			name)
	}
	return b.String()
}
