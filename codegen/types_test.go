package codegen

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestTypes holds the type table against the contract of what users see, width by width.
func TestTypes(t *testing.T) {
	type want struct{ sql, goType string }
	wants := map[string]want{
		"bool":      {"boolean NOT NULL", "bool"},
		"address":   {"bytea NOT NULL", "common.Address"},
		"bytes":     {"bytea NOT NULL", "[]byte"},
		"string":    {"text NOT NULL", "string"},
		"function":  {"bytea NOT NULL", "[24]byte"},
		"bytes[]":   {"bytea[]", "[][]byte"},
		"bytes[2]":  {"bytea[]", "[][]byte"},
		"bytes32":   {"bytea NOT NULL", "common.Hash"},
		"string[2]": {"text[] NOT NULL", "[]string"},

		"uint8[][]":    {"jsonb NOT NULL", "event.JSON"},
		"bool[2][]":    {"jsonb NOT NULL", "event.JSON"},
		"function[]":   {"bytea[] NOT NULL", "[][24]byte"},
		"address[3]":   {"bytea[] NOT NULL", "[]common.Address"},
		"bytes32[]":    {"bytea[] NOT NULL", "[]common.Hash"},
		"bytes4[]":     {"bytea[] NOT NULL", "[][4]byte"},
		"bool[]":       {"boolean[] NOT NULL", "[]bool"},
		"uint8[]":      {"smallint[] NOT NULL", "[]uint8"},
		"uint64[]":     {"numeric(20,0)[] NOT NULL", "[]uint64"},
		"uint256[]":    {"numeric(78,0)[] NOT NULL", "[]uint256.Int"},
		"int256[9]":    {"numeric(78,0)[] NOT NULL", "[]event.Integer"},
		"int64[]":      {"bigint[] NOT NULL", "[]int64"},
		"uint":         {"numeric(78,0) NOT NULL", "uint256.Int"},
		"int":          {"numeric(78,0) NOT NULL", "event.Integer"},
		"uint[]":       {"numeric(78,0)[] NOT NULL", "[]uint256.Int"},
		"bytes[][2]":   {"jsonb NOT NULL", "event.JSON"},
		"string[2][3]": {"jsonb NOT NULL", "event.JSON"},
	}
	for bits := 8; bits <= 256; bits += 8 {
		unsigned, signed := want{"numeric(78,0) NOT NULL", "uint256.Int"}, want{"numeric(78,0) NOT NULL", "event.Integer"}
		switch {
		case bits == 8:
			unsigned, signed = want{"smallint NOT NULL", "uint8"}, want{"smallint NOT NULL", "int8"}
		case bits == 16:
			unsigned, signed = want{"integer NOT NULL", "uint16"}, want{"smallint NOT NULL", "int16"}
		case bits == 24:
			unsigned, signed = want{"integer NOT NULL", "uint32"}, want{"integer NOT NULL", "int32"}
		case bits == 32:
			unsigned, signed = want{"bigint NOT NULL", "uint32"}, want{"integer NOT NULL", "int32"}
		case bits < 64:
			unsigned, signed = want{"bigint NOT NULL", "uint64"}, want{"bigint NOT NULL", "int64"}
		case bits == 64:
			unsigned, signed = want{"numeric(20,0) NOT NULL", "uint64"}, want{"bigint NOT NULL", "int64"}
		}
		wants[fmt.Sprintf("uint%d", bits)], wants[fmt.Sprintf("int%d", bits)] = unsigned, signed
	}
	for n := 1; n < 32; n++ {
		wants[fmt.Sprintf("bytes%d", n)] = want{"bytea NOT NULL", fmt.Sprintf("[%d]byte", n)}
	}
	for typ, w := range wants {
		sql, goType := columnOf(t, fmt.Sprintf(`{"type":%q,"name":"thing"}`, typ))
		if sql != w.sql || goType != w.goType {
			t.Errorf("%s: %s and %s, want %s and %s", typ, sql, goType, w.sql, w.goType)
		}

		// Unnamed, it cannot come by rindexer. Indexed, it can be a hash.
		sql, goType = columnOf(t, fmt.Sprintf(`{"type":%q}`, typ))
		if !strings.HasPrefix(w.goType, "[]") && w.goType != "event.JSON" {
			w.goType = "*" + w.goType
		}
		if nullable := strings.TrimSuffix(w.sql, " NOT NULL"); sql != nullable || goType != w.goType {
			t.Errorf("unnamed %s: %s and %s, want %s and %s", typ, sql, goType, nullable, w.goType)
		}
		if parsed, err := parseType(typ, nil); err == nil && parsed.reference() {
			sql, goType = columnOf(t, fmt.Sprintf(`{"type":%q,"name":"thing","indexed":true}`, typ))
			if sql != "bytea NOT NULL" || goType != "common.Hash" {
				t.Errorf("indexed %s: %s and %s, want the hash", typ, sql, goType)
			}
		}
	}
}

var (
	sqlColumn = regexp.MustCompile(`(?m)^    (?:thing|param_1) (.*),$`)
	goField   = regexp.MustCompile(`(?m)^\t(?:Thing|Param1) +([^ ]+)`)
)

// columnOf returns the SQL and the Go type that a parameter gets.
func columnOf(t *testing.T, param string) (sql, goType string) {
	t.Helper()
	abi := `[{"type":"event","name":"E","inputs":[` + param + `]}]`
	out := generate(t, map[string][]byte{"A.json": []byte(abi)}, nil)
	inSQL := sqlColumn.FindSubmatch(out.Files["schema/e_events.gen.sql"])
	inGo := goField.FindSubmatch(out.Files["gen/events/e_events.go"])
	if inSQL == nil || inGo == nil {
		t.Fatalf("%s has no column or no field", param)
	}
	return string(inSQL[1]), string(inGo[1])
}

// TestNullInJSON: where rindexer can send null in place of a part, the column is nullable.
func TestNullInJSON(t *testing.T) {
	const (
		flat  = `"components":[{"type":"uint8","name":"a"},{"type":"bytes","name":"b"},{"type":"bool[]","name":"c"}]`
		inner = `{"type":"tuple","name":"a",` + flat + `}`
	)
	for _, c := range []struct {
		what, typ, components string
		nullable              bool
	}{
		{"flat tuple", "tuple", flat, false},
		{"flat tuples", "tuple[]", flat, false},
		{"matrix of flat tuples", "tuple[][2]", flat, false},
		{"tuple in a tuple", "tuple", `"components":[` + inner + `]`, false},
		{"tuple in tuples", "tuple[]", `"components":[` + inner + `]`, true},
		{"tuple in a matrix of tuples", "tuple[2][]", `"components":[` + inner + `]`, true},
		{"tuples in tuples", "tuple[]", `"components":[` + strings.Replace(inner, `"tuple"`, `"tuple[]"`, 1) + `]`, false},
		{"matrix of tuples in tuples", "tuple[]",
			`"components":[` + strings.Replace(inner, `"tuple"`, `"tuple[][]"`, 1) + `]`, true},
		{"tuple in tuples in a tuple", "tuple",
			`"components":[{"type":"tuple[]","name":"x","components":[` + inner + `]}]`, true},
		{"matrix in a tuple", "tuple", `"components":[{"type":"uint8[][]","name":"a"}]`, false},
		{"matrix in tuples", "tuple[]", `"components":[{"type":"uint8[][]","name":"a"}]`, true},
		{"function in a tuple", "tuple", `"components":[{"type":"function","name":"a"}]`, false},
		{"function in tuples", "tuple[]", `"components":[{"type":"function","name":"a"}]`, true},
		{"functions in tuples", "tuple[]", `"components":[{"type":"function[]","name":"a"}]`, true},
		{"bytes[] in a tuple", "tuple", `"components":[{"type":"bytes[]","name":"a"}]`, true},
		{"bytes[] in tuples", "tuple[]", `"components":[{"type":"bytes[]","name":"a"}]`, false},
		{"no name", "tuple", `"components":[{"type":"bool"}]`, false},
		{"no name twice", "tuple", `"components":[{"type":"bool"},{"type":"bool"}]`, true},
		{"one name twice", "tuple[]", `"components":[{"type":"bool","name":"a"},{"type":"bool","name":"a"}]`, true},
	} {
		sql, _ := columnOf(t, fmt.Sprintf(`{"type":%q,"name":"thing",%s}`, c.typ, c.components))
		want := "jsonb NOT NULL"
		if c.nullable {
			want = "jsonb"
		}
		if sql != want {
			t.Errorf("%s: %s, want %s", c.what, sql, want)
		}
	}
}

func TestUncarried(t *testing.T) {
	s := &shape{event: one(t, `{"type":"event","name":"E","inputs":[
		{"type":"bool","name":"a"}, {"type":"bool","name":"twice"}, {"type":"bool"},
		{"type":"bool","name":"transaction_information"}, {"type":"bool","name":"twice"}, {"type":"bool","name":"Twice"}]}`)}
	want := []bool{false, true, false, true, true, false}
	aliases := s.aliases(columnNames(s.params))
	if got := fmt.Sprintf("%q", aliases); got != `["" "twice_" "" "transaction_information_" "twice_5" ""]` {
		t.Errorf("aliases are %s", got)
	}
	for i := range s.params {
		if got := s.uncarried(i) != ""; got != want[i] {
			t.Errorf("parameter %d: uncarried is %t, want %t", i+1, got, want[i])
		}
	}
}

func TestEveryFixtureColumnIsCommented(t *testing.T) {
	out := generate(t, load(t, "testdata/abi"), nil)
	for path, content := range out.Files {
		if !strings.HasPrefix(path, "schema/") {
			continue
		}
		text := string(content)
		_, columns, _ := strings.Cut(text, "now(),\n")
		columns, _, _ = strings.Cut(columns, "    CONSTRAINT")
		for column := range strings.Lines(columns) {
			name := strings.Fields(column)[0]
			if !strings.Contains(text, "."+name+" IS '") {
				t.Errorf("%s: %s has no comment", path, name)
			}
		}
	}
}
