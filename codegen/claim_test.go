package codegen

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// abiOf is an ABI of events that are written as in Solidity, with plain types.
func abiOf(events ...string) []byte {
	var entries []string
	for _, e := range events {
		name, rest, _ := strings.Cut(e, "(")
		var inputs []string
		for p := range strings.SplitSeq(strings.TrimSuffix(rest, ")"), ", ") {
			words := strings.Fields(p)
			if len(words) == 0 {
				continue
			}
			input := fmt.Sprintf(`{"type":%q,"indexed":%t`, words[0], slices.Contains(words, "indexed"))
			if last := words[len(words)-1]; len(words) > 1 && last != "indexed" {
				input += fmt.Sprintf(`,"name":%q`, last)
			}
			inputs = append(inputs, input+"}")
		}
		entries = append(entries, fmt.Sprintf(`{"type":"event","name":%q,"inputs":[%s]}`, name, strings.Join(inputs, ",")))
	}
	return []byte("[" + strings.Join(entries, ",") + "]")
}

// tablesOf returns the declaration of each table that the schema files of an output create.
func tablesOf(out Output) map[string]string {
	tables := map[string]string{}
	for path, content := range out.Files {
		name, isSchema := strings.CutPrefix(path, "schema/")
		if !isSchema {
			continue
		}
		_, comment, _ := strings.Cut(string(content), "COMMENT ON TABLE")
		_, comment, _ = strings.Cut(comment, "'event ")
		declaration, _, _ := strings.Cut(comment, "'")
		tables[strings.TrimSuffix(name, ".gen.sql")] = declaration
	}
	return tables
}

func expectTables(t *testing.T, out Output, want map[string]string) {
	t.Helper()
	got := tablesOf(out)
	for _, name := range slices.Sorted(maps.Keys(merge(got, want))) {
		if got[name] != want[name] {
			t.Errorf("%s is %q, want %q", name, got[name], want[name])
		}
	}
}

func merge(a, b map[string]string) map[string]string {
	sum := maps.Clone(a)
	maps.Copy(sum, b)
	return sum
}

func TestTableNames(t *testing.T) {
	for _, c := range []struct {
		what string
		abis map[string][]byte
		want map[string]string
	}{
		{"one shape in two files", map[string][]byte{
			"A.json": abiOf("Paused(address account)"),
			"B.json": abiOf("Paused(address account)"),
		}, map[string]string{
			"paused_events": "Paused(address account)",
		}},
		{"a second shape", map[string][]byte{
			"B.json":         abiOf("Set(uint8 a)"),
			"A.json":         abiOf("Set(uint8 b)"),
			"MyFile.v2.json": abiOf("Set(uint8 c)"),
		}, map[string]string{
			"set_events":            "Set(uint8 b)",
			"b_set_events":          "Set(uint8 a)",
			"my_file_v2_set_events": "Set(uint8 c)",
		}},
		{"overloads in one file, in the order of signatures", map[string][]byte{
			"A.json": abiOf("Set(uint8 a)", "Set(bool a)", "Set(address a)"),
		}, map[string]string{
			"set_events":            "Set(address a)",
			"a_set_events":          "Set(bool a)",
			"a_set_2a43ea39_events": "Set(uint8 a)",
		}},
		{"near twins in one file", map[string][]byte{
			"A.json": abiOf("Set(bool a)", "Set(bool b)", "Set(bool c)", "Set(bool d)"),
		}, map[string]string{
			"set_events":                     "Set(bool a)",
			"a_set_events":                   "Set(bool b)",
			"a_set_72c984ca_events":          "Set(bool c)",
			"a_set_72c984ca_1510c5f2_events": "Set(bool d)",
		}},
		{"names that differ in case, or in Go only by an underscore", map[string][]byte{
			"A.json": abiOf("Log1(bool a)", "LOG1(bool a)", "log_1(bool a)"),
		}, map[string]string{
			"log1_events":             "LOG1(bool a)",
			"a_log1_events":           "Log1(bool a)",
			"a_log_1_1c27f776_events": "log_1(bool a)",
		}},
		{"names of the service", map[string][]byte{
			"A.json": abiOf("Generic(bool a)", "Orphaned(bool a)", "Catalog(bool a)"),
		}, map[string]string{
			"a_generic_events":  "Generic(bool a)",
			"a_orphaned_events": "Orphaned(bool a)",
			"a_catalog_events":  "Catalog(bool a)",
		}},
		{"a table like another's index", map[string][]byte{
			"A.json": abiOf("X(bool events_y)", "XEvents(bool y)"),
		}, map[string]string{
			"x_events":          "X(bool events_y)",
			"a_x_events_events": "XEvents(bool y)",
		}},
		{"nothing but signs", map[string][]byte{"$.json": abiOf("$(bool $)", "_(bool $)")}, map[string]string{
			"event_events":     "$(bool $)",
			"abi_event_events": "_(bool $)",
		}},
	} {
		t.Run(c.what, func(t *testing.T) { expectTables(t, generate(t, c.abis, nil), c.want) })
	}
}

func TestNamesAreStable(t *testing.T) {
	first := generate(t, map[string][]byte{"B.json": abiOf("Set(uint8 a)")}, nil)
	second := generate(t, map[string][]byte{
		"A.json": abiOf("Set(uint8 b)"),
		"B.json": abiOf("Set(uint8 a)"),
	}, first.Lock)
	both := map[string]string{"set_events": "Set(uint8 a)", "a_set_events": "Set(uint8 b)"}
	expectTables(t, second, both)

	removed := generate(t, map[string][]byte{"A.json": abiOf("Set(uint8 b)", "Set(uint8 c)")}, second.Lock)
	expectTables(t, removed, map[string]string{"a_set_events": "Set(uint8 b)", "a_set_2a43ea39_events": "Set(uint8 c)"})
	if !strings.Contains(string(removed.Lock), "\nset_events ") {
		t.Error("the name of the removed event is not reserved")
	}

	again := generate(t, map[string][]byte{
		"A.json": abiOf("Set(uint8 b)"),
		"C.json": abiOf("Set(uint8 a)"),
	}, removed.Lock)
	expectTables(t, again, both)
	if string(again.Lock) != string(removed.Lock) {
		t.Error("names.lock changed though no shape is new")
	}
}

// TestOrdersOfFiles adds real ABIs one by one in ten random orders: who has a name keeps it.
func TestOrdersOfFiles(t *testing.T) {
	abis := realABIs(t)
	events := map[string][]declared{}
	for name, data := range abis {
		found, _, err := parseFile(name, data)
		if err != nil {
			t.Fatal(err)
		}
		events[name] = found
	}
	clashes := map[string]bool{}
	for seed := range uint64(10) {
		files := slices.Sorted(maps.Keys(abis))
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		var lockText []byte
		tables := map[string]string{}
		for i := range files {
			var all []declared
			for _, name := range slices.Sorted(slices.Values(files[:i+1])) {
				all = append(all, events[name]...)
			}
			l, err := parseLock(lockText)
			if err != nil {
				t.Fatal(err)
			}
			shapes := collect(all)
			if err := claimTables(shapes, l); err != nil {
				t.Fatal(err)
			}
			lockText = l.bytes()
			for _, s := range shapes {
				if was, stood := tables[s.key()]; stood && was != s.table {
					t.Fatalf("seed %d: %s renames %s to %s", seed, files[i], was, s.table)
				}
				tables[s.key()] = s.table
				if s.table != tableNames(s)[0] {
					clashes[s.table] = true
				}
			}
		}
	}
	if len(clashes) < 20 {
		t.Errorf("%d tables have no first choice, so that the orders show little", len(clashes))
	}
}

func TestVariants(t *testing.T) {
	const plain, who, both = "Set(address who, uint8 n)", "Set(address indexed who, uint8 n)",
		"Set(address indexed who, uint8 indexed n)"
	first := generate(t, map[string][]byte{"B.json": abiOf(who)}, nil)
	out := generate(t, map[string][]byte{
		"A.json": abiOf(both, plain),
		"B.json": abiOf(who),
	}, first.Lock)
	expectTables(t, out, map[string]string{"set_events": who})
	code := string(out.Files["gen/events/set_events.go"])
	if want := "Layouts: [][]int{{0}, {}, {0, 1}},"; !strings.Contains(code, want) {
		t.Errorf("the code has not %s", want)
	}
	for _, index := range []string{"set_events_who_idx", "set_events_n_idx"} {
		if !strings.Contains(string(out.Files["schema/set_events.gen.sql"]), "CREATE INDEX "+index) {
			t.Errorf("no index %s", index)
		}
	}

	// The recorded variant outlives its ABI: it is what the table's comment says.
	out = generate(t, map[string][]byte{"A.json": abiOf(plain)}, out.Lock)
	expectTables(t, out, map[string]string{"set_events": who})
}

func TestLockErrors(t *testing.T) {
	good := generate(t, map[string][]byte{"A.json": abiOf("Set(uint8 a)", "Put(bool indexed)")}, nil)
	put, set := lines(good.Lock)[3], lines(good.Lock)[4]
	for _, c := range []struct {
		what, lock string
		line       int
	}{
		{"a merge conflict", put + "\n<<<<<<< ours\n" + set, 2},
		{"no declaration", "# head\nset_events 0123456789abcdef", 2},
		{"no table", strings.Replace(set, "set_events", "set", 1), 1},
		{"a table twice", put + "\n" + strings.Replace(set, "set_events", "put_events", 1), 2},
		{"a shape twice", set + "\n" + strings.Replace(set, "set_events", "put_events", 1), 2},
		{"another declaration", strings.Replace(set, "uint8 a", "uint8 b", 1), 1},
		{"more in the declaration", set + " anonymous", 1},
		{"a name of the service", strings.Replace(set, "set_events", "generic_events", 1), 1},
		{"one name in Go", strings.Replace(set, "set_", "put_1_", 1) + "\n" + strings.Replace(put, "put_", "put1_", 1), 2},
	} {
		_, err := Generate(Input{
			Module: module,
			ABIs:   map[string][]byte{"A.json": abiOf("Set(uint8 a)", "Put(bool indexed)")},
			Lock:   []byte(c.lock),
		})
		if want := fmt.Sprintf("%s:%d: ", LockFile, c.line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one at %s", c.what, err, want)
		}
	}
}

func lines(text []byte) []string { return strings.Split(string(text), "\n") }
