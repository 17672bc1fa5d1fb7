package conformance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
)

// metadataKey is where rindexer puts its metadata, over a parameter of that name.
const metadataKey = "transaction_information"

// shape is one event of one ABI, as go-ethereum reads it.
type shape struct {
	name   string
	topic0 common.Hash
	params []param
}

// param is a parameter. go-ethereum gives names to those that have none, so the name is the ABI's own.
type param struct {
	name     string
	argument abi.Argument
}

// catalog holds the shapes of all ABIs by topic0.
type catalog map[common.Hash][]shape

// readCatalog reads the ABIs in a project, entry by entry: one that go-ethereum refuses costs no other. Anonymous
// events are left out, because rindexer never sends them.
func readCatalog(t *testing.T, files map[string]string) catalog {
	t.Helper()
	c := catalog{}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if path.Dir(file) != "abi" || path.Ext(file) != ".json" {
			continue
		}
		for _, entry := range abiEntries(t, file, []byte(files[file])) {
			s, err := readShape(entry)
			if err != nil {
				t.Logf("%s: entry left out: %v", file, err)
			} else if s != nil {
				c[s.topic0] = append(c[s.topic0], *s)
			}
		}
	}
	return c
}

// abiEntries returns the entries of an ABI file: an array, or a build artifact that holds one.
func abiEntries(t *testing.T, file string, text []byte) []json.RawMessage {
	t.Helper()
	var artifact struct{ ABI []json.RawMessage }
	target := any(&artifact.ABI)
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		target = &artifact
	}
	if err := json.Unmarshal(text, target); err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	return artifact.ABI
}

// readShape returns nil for what is no event that rindexer sends.
func readShape(entry json.RawMessage) (*shape, error) {
	var names struct {
		Type      string
		Anonymous bool
		Inputs    []struct{ Name string }
	}
	if err := json.Unmarshal(entry, &names); err != nil {
		return nil, err
	}
	if names.Type != "event" || names.Anonymous {
		return nil, nil
	}
	parsed, err := abi.JSON(strings.NewReader("[" + string(entry) + "]"))
	if err != nil {
		return nil, err
	}
	for _, e := range parsed.Events {
		s := &shape{name: e.RawName, topic0: e.ID}
		for i, argument := range e.Inputs {
			s.params = append(s.params, param{names.Inputs[i].Name, argument})
		}
		return s, nil
	}
	return nil, fmt.Errorf("go-ethereum found no event")
}

// find returns the shapes of that topic0 whose parameters have just these names: several where contracts differ in
// what is indexed.
func (c catalog) find(topic0 common.Hash, names map[string]json.RawMessage) []shape {
	var found []shape
	for _, s := range c[topic0] {
		distinct := map[string]bool{}
		missing := false
		for _, p := range s.params {
			if p.name == metadataKey {
				continue
			}
			distinct[p.name] = true
			_, present := names[p.name]
			missing = missing || !present
		}
		if !missing && len(distinct) == len(names) {
			found = append(found, s)
		}
	}
	return found
}

// indexed counts the indexed parameters.
func (s shape) indexed() (n int) {
	for _, p := range s.params {
		if p.argument.Indexed {
			n++
		}
	}
	return n
}

// declaration is the event as Solidity declares it, without the "indexed" of parameters of value type: shapes that
// differ in those share a table.
func (s shape) declaration() string {
	params := make([]string, len(s.params))
	for i, p := range s.params {
		params[i] = p.declaration()
	}
	return "event " + s.name + "(" + strings.Join(params, ", ") + ")"
}

func (p param) declaration() string {
	text := declaredType(p.argument.Type)
	if p.hashed() {
		text += " indexed"
	}
	if p.name != "" {
		text += " " + p.name
	}
	return text
}

// hashed reports whether a log holds only the hash of the parameter.
func (p param) hashed() bool {
	return p.argument.Indexed && !isValueType(declaredType(p.argument.Type))
}

// declaredType spells tuples out.
func declaredType(t abi.Type) string {
	switch t.T {
	case abi.SliceTy:
		return declaredType(*t.Elem) + "[]"
	case abi.ArrayTy:
		return fmt.Sprintf("%s[%d]", declaredType(*t.Elem), t.Size)
	case abi.TupleTy:
		members := make([]string, len(t.TupleElems))
		for i, element := range t.TupleElems {
			members[i] = declaredType(*element) + " " + t.TupleRawNames[i]
		}
		return "(" + strings.Join(members, ", ") + ")"
	}
	return t.String()
}

func isValueType(declared string) bool {
	return declared != "string" && declared != "bytes" &&
		!strings.HasPrefix(declared, "(") && !strings.HasSuffix(declared, "]")
}

// normalized drops "indexed" from the parameters of value type in a comment of a table, or in one of a column.
func normalized(comment string) string {
	open, end := strings.IndexByte(comment, '('), strings.LastIndexByte(comment, ')')
	if !strings.HasPrefix(comment, "event ") || open < 0 || end < open {
		return normalizedParam(comment)
	}
	params := splitParams(comment[open+1 : end])
	for i, p := range params {
		params[i] = normalizedParam(p)
	}
	return comment[:open+1] + strings.Join(params, ", ") + comment[end:]
}

func normalizedParam(text string) string {
	declared, name, found := strings.Cut(text, " indexed")
	if !found || !isValueType(declared) || name != "" && name[0] != ' ' {
		return text
	}
	return declared + name
}

// splitParams splits at the commas that are in no tuple.
func splitParams(list string) []string {
	var params []string
	depth, start := 0, 0
	for i, c := range list {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			params = append(params, list[start:i])
			start = i + len(", ")
		}
	}
	if start < len(list) {
		params = append(params, list[start:])
	}
	return params
}

// sqlType is the type that the parameter's column must have.
func (p param) sqlType() string {
	if p.hashed() {
		return "bytea"
	}
	return sqlType(p.argument.Type)
}

func sqlType(t abi.Type) string {
	switch t.T {
	case abi.BoolTy:
		return "boolean"
	case abi.StringTy:
		return "text"
	case abi.UintTy:
		return sqlInteger(t.Size + 1) // as many bits as the signed type that holds it
	case abi.IntTy:
		return sqlInteger(t.Size)
	case abi.TupleTy:
		return "jsonb"
	case abi.SliceTy, abi.ArrayTy:
		if isComposite(*t.Elem) {
			return "jsonb"
		}
		return sqlType(*t.Elem) + "[]"
	}
	return "bytea"
}

func sqlInteger(bits int) string {
	switch {
	case bits <= 16:
		return "smallint"
	case bits <= 32:
		return "integer"
	case bits <= 64:
		return "bigint"
	case bits <= 65:
		return "numeric(20,0)"
	}
	return "numeric(78,0)"
}

func isComposite(t abi.Type) bool {
	return t.T == abi.TupleTy || t.T == abi.SliceTy || t.T == abi.ArrayTy
}
