package conformance_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// contracts are those whose events the recordings hold. Structs is the ABI that rindexer had: without internalType,
// over which it panics.
var contracts = []string{"EveryType", "Structs.stripped", "Counter", "Token20", "Token721", "MultiVaultLike"}

// shuffleSeed makes the order of a failure repeatable.
const shuffleSeed = 20250828

func TestRecordings(t *testing.T) {
	t.Parallel()
	workspace := copyProject(t)
	for _, contract := range contracts {
		abi, err := recording.ABI(contract)
		if err != nil {
			t.Fatal(err)
		}
		workspace.write(t, "abi/"+contract+".json", abi)
	}
	workspace.generate(t)
	binary := workspace.build(t)
	catalog := readCatalog(t, workspace.files(t))

	for _, r := range []played{
		{name: "multivault"}, // the largest first
		{name: "every-type", hasLogs: true, hasExceptions: true},
		{name: "tokens", hasLogs: true},
		{name: "chunks", hasLogs: true},
		{name: "multivault-other"},
		{name: "insertion-order/multivault"},
		{name: "insertion-order/every-type", hasLogs: true, hasExceptions: true},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.test(t, binary, catalog)
		})
	}
}

// played is a recording to be written through the whole system.
type played struct {
	name string
	// hasLogs: the recording holds the node's own logs. Otherwise its payloads are believed.
	hasLogs bool
	// hasExceptions: it has every exception there is, and text with U+0000.
	hasExceptions bool
}

func (r played) test(t *testing.T, binary string, c catalog) {
	entries, logs := readRecording(t, r.name, r.hasLogs)
	s := newStreams(t, entries)
	db := openDatabase(t, testenv.Database(t))
	first := s.publish(t, entries)
	v := startService(t, binary, db.url, s)
	s.settle(t, v)

	tables := db.tables(t)
	compareColumns(t, tables, c)
	want := expect(t, entries, logs, c, tables)
	t.Logf("%d entries with %d items", len(entries), want.items)
	compareRows(t, want.rows, db.contents(t, tables))
	want.log(t, r.hasExceptions)
	letters := want.lettersFor(first)
	if r.hasExceptions != (len(letters) > 0) {
		t.Errorf("%d items hold U+0000", len(letters))
	}
	compareLetters(t, letters, db.letters(t))

	written := db.digests(t, tables)
	repeat := func(when string, entries []recording.Entry) {
		letters = append(letters, want.lettersFor(s.publish(t, entries))...)
		s.settle(t, v)
		unchanged(t, when, written, db.digests(t, tables))
		compareLetters(t, letters, db.letters(t))
	}
	repeat("published twice", entries)
	t.Logf("shuffled with seed %d", shuffleSeed)
	repeat("published in shuffled order", shuffle(entries))
	v.stop(t)
}

func readRecording(t *testing.T, name string, hasLogs bool) ([]recording.Entry, []recording.Log) {
	t.Helper()
	entries, err := recording.Entries(name)
	if err != nil {
		t.Fatal(err)
	}
	if !hasLogs {
		return entries, nil
	}
	logs, err := recording.Logs(name)
	if err != nil {
		t.Fatal(err)
	}
	return entries, logs
}

func shuffle(entries []recording.Entry) []recording.Entry {
	shuffled := slices.Clone(entries)
	random := rand.New(rand.NewPCG(shuffleSeed, 0))
	random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	return shuffled
}
