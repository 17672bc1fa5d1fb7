package conformance_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// sample is one log of an event, in both forms, and what it holds.
type sample struct {
	event  declared
	values []any
	meta   metadata
	topics []common.Hash
	data   hexutil.Bytes

	// payload is the message that rindexer sends; it is empty where limit says why there is none.
	payload, limit string
	// item is the element of event_data in the payload, as it stands there.
	item string
	// lost are the parameters whose values the message does not hold.
	lost map[int]bool
	// release is that of the message.
	release release
}

// row is what the tables must hold of the sample: where it came by rindexer, or else as the log has it.
func (s sample) row(t table, byRindexer bool) (key string, columns row, hadNUL bool) {
	columns = s.meta.columns()
	if byRindexer && s.release < release25 {
		columns["chain_id"] = null
	}
	for i, in := range s.event.Inputs {
		var r reader
		value := canonical(in.column(&r, s.values[i]))
		if byRindexer && s.lost[i] {
			value = null
		}
		hadNUL = hadNUL || r.hadNUL
		columns[t.param(i)] = value
	}
	return s.meta.key(""), columns, hadNUL
}

// rowsOf returns what the tables must hold of all samples, and of rindexer's those that it sends.
func rowsOf(t *testing.T, samples []sample, tables map[string]table, byRindexer bool) contents {
	t.Helper()
	all := contents{}
	for _, s := range samples {
		if byRindexer && s.payload == "" {
			continue
		}
		table, ok := tables[s.event.declaration()]
		if !ok {
			t.Fatalf("no table's comment is %s", s.event.declaration())
		}
		key, columns, _ := s.row(table, byRindexer)
		all.put(table.name, key, columns)
	}
	return all
}

// byDeclaration finds tables as their users do.
func byDeclaration(tables []table) map[string]table {
	found := map[string]table{}
	for _, table := range tables {
		found[normalized(table.comment)] = table
	}
	return found
}

// prove writes the samples in both forms and wants every column of every row: first from raw logs alone, then by
// rindexer, and then from raw logs over these.
func prove(t *testing.T, p project, samples []sample) {
	t.Helper()
	binary, writer := p.build(t), p.buildCommand(t, "./internal/conformance/writelogs")
	raw := openDatabase(t, testenv.Database(t))
	makeTables(t, binary, raw.url)
	found := raw.tables(t)
	tables := byDeclaration(found)
	want := rowsOf(t, samples, tables, false)
	logs := rawLogs(t, samples, tables)
	writeLogs(t, writer, raw.url, logs)
	compareRows(t, want, raw.contents(t, found))
	t.Logf("compared: the rows of %d raw logs", len(samples))

	entries := entriesOf(samples)
	s := newStreams(t, entries)
	db := openDatabase(t, testenv.Database(t))
	v := startService(t, binary, db.url, s)
	published := s.publish(t, entries)
	s.settle(t, v)
	t.Logf("%d of %d as rindexer sends them", len(entries), len(samples))
	compareRows(t, rowsOf(t, samples, tables, true), db.contents(t, found))
	compareNULLetters(t, samples, tables, published, db.letters(t))
	logLimits(t, samples)

	v.stop(t)
	writeLogs(t, writer, db.url, logs)
	t.Log("raw logs over the rows that came by rindexer")
	compareRows(t, want, db.contents(t, found))
}

// compareNULLetters wants a dead letter for each row in which U+0000 was replaced, and no other.
func compareNULLetters(t *testing.T, samples []sample, tables map[string]table, all []published, got []letter) {
	t.Helper()
	byPayload := map[string]sample{}
	for _, s := range samples {
		byPayload[s.payload] = s
	}
	var want []letter
	for _, p := range all {
		s := byPayload[p.payload]
		if _, _, hadNUL := s.row(tables[s.event.declaration()], false); !hadNUL {
			continue
		}
		l := letter{
			Stream: p.stream, MessageID: p.id, EventName: s.event.Name, SignatureHash: s.event.topic0().Hex(),
			Network: s.meta.Network, Reason: "nul_in_text", State: "written", Payload: s.item,
		}
		if !strings.Contains(p.payload, "event_signature_hash") {
			l.SignatureHash = ""
		}
		// What is lost may have held it, and may have been looked at.
		if slices.Contains(got, l) || !slices.Contains(slices.Collect(maps.Values(s.lost)), true) {
			want = append(want, l)
		}
	}
	compareLetters(t, want, got)
}

// logLimits lists what rindexer does not carry.
func logLimits(t *testing.T, samples []sample) {
	t.Helper()
	counts := map[string]int{}
	lost := 0
	for _, s := range samples {
		if s.payload == "" {
			counts[s.limit]++
		}
		if slices.Contains(slices.Collect(maps.Values(s.lost)), true) {
			lost++
		}
	}
	t.Logf("%d messages do not hold every value", lost)
	for _, limit := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%d logs are not sent: %s", counts[limit], limit)
	}
}

// entriesOf are the messages of the samples, all in one stream.
func entriesOf(samples []sample) []recording.Entry {
	var entries []recording.Entry
	for _, s := range samples {
		if s.payload == "" {
			continue
		}
		e := recording.Entry{Stream: "samples"}
		e.Fields.Payload = s.payload
		entries = append(entries, e)
	}
	return entries
}

// rawLogs are the samples as writelogs reads them.
func rawLogs(t *testing.T, samples []sample, tables map[string]table) []byte {
	t.Helper()
	var text bytes.Buffer
	for _, s := range samples {
		line, err := json.Marshal(map[string]any{
			"table": tables[s.event.declaration()].name, "topics": s.topics, "data": s.data, "network": s.meta.Network,
			"chainID": s.meta.ChainID, "address": s.meta.Address, "blockHash": s.meta.BlockHash,
			"blockNumber": s.meta.BlockNumber, "blockTimestamp": (*uint64)(s.meta.BlockTimestamp),
			"transactionHash": s.meta.TransactionHash, "transactionIndex": s.meta.TransactionIndex,
			"logIndex": uint64(s.meta.LogIndex),
		})
		if err != nil {
			t.Fatal(err)
		}
		text.Write(append(line, '\n'))
	}
	return text.Bytes()
}

func writeLogs(t *testing.T, writer, databaseURL string, logs []byte) {
	t.Helper()
	command := exec.CommandContext(t.Context(), writer)
	command.Env = append(os.Environ(), "DATABASE_URL="+databaseURL)
	command.Stdin = bytes.NewReader(logs)
	output, err := command.CombinedOutput()
	if err != nil || bytes.Contains(output, []byte("dead letter")) {
		t.Fatalf("write raw logs: %v\n%s", err, output)
	}
}

// makeTables runs migrate apply.
func makeTables(t *testing.T, binary, databaseURL string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, "migrate", "apply")
	command.Env = append(os.Environ(), "DATABASE_URL="+databaseURL)
	command.Dir = t.TempDir()
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, output)
	}
}
