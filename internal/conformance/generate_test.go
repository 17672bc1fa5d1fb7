package conformance_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

const (
	catalogFile = "gen/events/catalog.go"
	lockFile    = "abi/names.lock"
)

func TestGenerate(t *testing.T) {
	t.Parallel()
	t.Run("twice changes nothing", func(t *testing.T) {
		t.Parallel()
		p := copyProject(t)
		committed := p.files(t)
		p.generate(t)
		wantSame(t, committed, p.files(t))
		p.generate(t)
		wantSame(t, committed, p.files(t))
	})
	t.Run("entries of the ABIs in another order change nothing", func(t *testing.T) {
		t.Parallel()
		p := copyProject(t)
		committed := p.files(t)
		p.shuffleABIs(t, committed)
		shuffled := p.files(t)
		p.generate(t)
		wantSame(t, shuffled, p.files(t))
	})
}

// TestOneMoreABI drops one ABI into a project, with nothing else edited.
func TestOneMoreABI(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, contract string
		abi            func(*testing.T) []byte
		tables         []string
	}{
		{
			"with events that none has", "Counter", recordedABI("Counter"),
			[]string{"blob_events", "ping_events", "pong_events", "tick_events"},
		},
		{
			"with the longest name of all", "Longest", longestNameABI,
			[]string{"atom_wallet_deposit_fee_collected_later_events"},
		},
		{
			"with events that all others have", "Token20", recordedABI("Token20"),
			nil,
		},
	} {
		t.Run(tc.name+" only adds", func(t *testing.T) {
			t.Parallel()
			p := copyProject(t)
			before := p.files(t)
			p.write(t, "abi/"+tc.contract+".json", tc.abi(t))
			p.generate(t)
			wantAdded(t, before, p.files(t), "abi/"+tc.contract+".json", tc.tables)
		})
	}
	t.Run("gets its tables at the next run", testNextRun)
}

// testNextRun writes half of a recording without the ABI of its contract, and the other half with it.
func testNextRun(t *testing.T) {
	t.Parallel()
	const contract = "Counter"
	p := copyProject(t)
	p.generate(t)
	oldBinary, oldCatalog := p.build(t), readCatalog(t, p.files(t))
	p.write(t, "abi/"+contract+".json", recordedABI(contract)(t))
	p.generate(t)
	newBinary, newCatalog := p.build(t), readCatalog(t, p.files(t))

	entries, logs := readRecording(t, "chunks", true)
	first, second := deal(entries)
	s := newStreams(t, entries)
	db := openDatabase(t, testenv.Database(t))

	s.publish(t, first)
	old := startService(t, oldBinary, db.url, s)
	s.settle(t, old)
	old.stop(t)
	oldTables := db.tables(t)
	compareColumns(t, oldTables, oldCatalog)
	wantFirst := expect(t, first, logs, oldCatalog, oldTables)
	compareRows(t, wantFirst.rows, db.contents(t, oldTables))
	generics := db.digests(t, oldTables)[generic]

	s.publish(t, second)
	v := startService(t, newBinary, db.url, s)
	s.settle(t, v)
	v.stop(t)
	tables := db.tables(t)
	compareColumns(t, tables, newCatalog)
	want := expect(t, second, logs, newCatalog, tables).rows
	for _, table := range []string{"ping_events", "blob_events"} {
		if len(want[table]) == 0 || len(wantFirst.rows[generic]) == 0 {
			t.Errorf("the halves of the recording do not have rows for both %s and %s", table, generic)
		}
	}
	for table, rows := range wantFirst.rows {
		for key, row := range rows {
			want.put(table, key, row)
		}
	}
	compareRows(t, want, db.contents(t, tables))
	if after := db.digests(t, tables)[generic]; after != generics {
		t.Errorf("table %s changed: %s, before %s", generic, after, generics)
	}
	compareLetters(t, nil, db.letters(t))
}

// deal gives each entry to one of two, in turn.
func deal(entries []recording.Entry) (first, second []recording.Entry) {
	for i, e := range entries {
		if i%2 == 0 {
			first = append(first, e)
		} else {
			second = append(second, e)
		}
	}
	return first, second
}

func recordedABI(contract string) func(*testing.T) []byte {
	return func(t *testing.T) []byte {
		t.Helper()
		text, err := recording.ABI(contract)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}

// longestNameABI has an event whose Go name is a little longer than all others: gofmt must not move their lines.
func longestNameABI(*testing.T) []byte {
	return []byte(`[{"type": "event", "name": "AtomWalletDepositFeeCollectedLater", "anonymous": false,
		"inputs": [{"name": "amount", "type": "uint256", "indexed": false}]}]`)
}

// wantSame wants all files to be there, byte for byte, and no others.
func wantSame(t *testing.T, before, after map[string]string) {
	t.Helper()
	for _, name := range union(before, after) {
		was, stood := before[name]
		is, stands := after[name]
		switch {
		case !stands:
			t.Errorf("%s was removed", name)
		case !stood:
			t.Errorf("%s was added", name)
		case was != is:
			t.Errorf("%s was changed", name)
		}
	}
	t.Logf("%d files compared", len(after))
}

// wantAdded wants the files of new tables to be there, the files that all tables share to have more lines, and
// everything else to be as it was.
func wantAdded(t *testing.T, before, after map[string]string, abi string, tables []string) {
	t.Helper()
	wanted := map[string]string{abi: ""}
	for _, table := range tables {
		wanted["gen/events/"+table+".go"] = ""
		wanted["gen/db/"+table+".gen.sql.go"] = ""
		wanted["schema/"+table+".gen.sql"] = ""
		wanted["queries/"+table+".gen.sql"] = ""
	}
	added := maps.Clone(after)
	for name, was := range before {
		delete(added, name)
		is, stands := after[name]
		switch {
		case !stands:
			t.Errorf("%s was removed", name)
		case is == was:
		case !shared(name):
			t.Errorf("%s was changed", name)
		default:
			if lost := lostLines(was, is); len(lost) > 0 {
				t.Errorf("%s lost or changed %d lines, the first of them:\n%s", name, len(lost), lost[0])
			}
			t.Logf("%s has %d lines more", name, strings.Count(is, "\n")-strings.Count(was, "\n"))
		}
	}
	for _, name := range union(wanted, added) {
		if _, ok := added[name]; !ok {
			t.Errorf("%s was not added", name)
		} else if _, ok := wanted[name]; !ok {
			t.Errorf("%s was added", name)
		}
	}
	t.Logf("%d files compared, %d added", len(before), len(added))
}

// shared reports whether the file has something of every table: the catalog, the names, and what sqlc makes besides
// the file of each query file.
func shared(name string) bool {
	return name == catalogFile || name == lockFile ||
		path.Dir(name) == "gen/db" && !strings.HasSuffix(name, ".sql.go")
}

// lostLines returns the lines that are not in after any more, or not in the same order.
func lostLines(before, after string) []string {
	rest := strings.Split(after, "\n")
	var lost []string
	for line := range strings.SplitSeq(before, "\n") {
		if i := slices.Index(rest, line); i >= 0 {
			rest = rest[i+1:]
		} else {
			lost = append(lost, line)
		}
	}
	return lost
}

// shuffleABIs writes every ABI with its entries in another order.
func (p project) shuffleABIs(t *testing.T, files map[string]string) {
	t.Helper()
	t.Logf("shuffled with seed %d", shuffleSeed)
	random := rand.New(rand.NewPCG(shuffleSeed, 1))
	moved := 0
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if path.Dir(file) != "abi" || path.Ext(file) != ".json" {
			continue
		}
		entries := abiEntries(t, file, []byte(files[file]))
		original := slices.Clone(entries)
		random.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		for i := range entries {
			if !bytes.Equal(entries[i], original[i]) {
				moved++
			}
		}
		text, err := json.MarshalIndent(entries, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		p.write(t, file, text)
	}
	if moved == 0 {
		t.Error("no entry was moved")
	}
	t.Logf("%d entries moved", moved)
}
