package ingest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// entry is a stream entry and what becomes of it.
type entry struct {
	fields  map[string]string
	rows    map[string]int // rows of the entry's block, by table
	letters []letter
	reorgs  int
}

// letter is a dead letter of an entry. Its payload is compared where it is not "".
type letter struct {
	index                            int
	reason, sqlstate, state, payload string
}

func payload(text fmt.Stringer) map[string]string { return map[string]string{"payload": text.String()} }

type text string

func (s text) String() string { return string(s) }

// row is an entry that becomes one row.
func row(table string, message fmt.Stringer) entry {
	return entry{fields: payload(message), rows: map[string]int{table: 1}}
}

// dead is an entry that becomes one dead letter as a whole.
func dead(reason event.Reason, message fmt.Stringer) entry {
	return entry{
		fields:  payload(message),
		letters: []letter{{-1, string(reason), "", "open", message.String()}},
	}
}

// deadItem is an entry whose only item becomes a dead letter.
func deadItem(f *fixture, reason event.Reason, name, topic string, item any) entry {
	raw, err := json.Marshal(item)
	if err != nil {
		f.Fatal(err)
	}
	return entry{
		fields:  payload(f.message(name, topic, item)),
		letters: []letter{{0, string(reason), "", "open", string(raw)}},
	}
}

func nothing(message fmt.Stringer) entry { return entry{fields: payload(message)} }

// written adds the dead letter of a row that is written without its U+0000.
func (e entry) written() entry {
	e.letters = append(e.letters, letter{0, string(event.ReasonNUL), "", "written", ""})
	return e
}

// rejected is an entry whose only item PostgreSQL refuses.
func rejected(sqlstate string, message fmt.Stringer) entry {
	return entry{fields: payload(message), letters: []letter{{0, string(event.ReasonRejected), sqlstate, "open", ""}}}
}

// TestMalformed: what becomes of an entry that is not as it should be, alone and among good ones.
func TestMalformed(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	for _, c := range malformedEntries() {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, pool)
			e := c.make(f, 5)
			id := f.add(e.fields)
			f.addPayload(f.good(7, 2))
			f.drain()
			f.check(id, 5, e)
			f.check(f.lastID, 7, entry{rows: map[string]int{"deposited_events": 2}})
			f.wantPending(0)
		})
	}
	t.Run("all of them among good ones", func(t *testing.T) {
		f := newFixture(t, pool)
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		type added struct {
			block int64
			id    string
			entry
		}
		var all []added
		for _, c := range malformedEntries() {
			block := int64(100 + 10*len(all))
			good := map[string]string{"payload": f.good(block+1, 3)}
			all = append(all,
				added{block: block, entry: c.make(f, block)},
				added{block: block + 1, entry: entry{fields: good, rows: map[string]int{"deposited_events": 3}}})
		}
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		for i := range all {
			all[i].id = f.add(all[i].fields)
		}
		f.drain()
		for _, a := range all {
			f.check(a.id, a.block, a.entry)
		}
		f.wantPending(0)
	})
}

// check compares what became of an entry.
func (f *fixture) check(id string, block int64, want entry) {
	f.Helper()
	for _, table := range []string{
		"deposited_events", "transfer_events", "atom_created_events", "noted_events", "generic_events",
	} {
		const sql = "SELECT count(*)::text FROM %s WHERE network = $1 AND block_number = $2"
		got := f.query(fmt.Sprintf(sql, table), f.network, block)
		if got[0] != fmt.Sprint(want.rows[table]) {
			f.Errorf("block %d: %s rows in %s, want %d", block, got[0], table, want.rows[table])
		}
	}
	got := f.query("SELECT count(*)::text FROM reorgs WHERE stream = $1 AND message_id = $2", f.stream, id)
	if got[0] != fmt.Sprint(want.reorgs) {
		f.Errorf("block %d: %s reorgs, want %d", block, got[0], want.reorgs)
	}
	got = f.query(`SELECT concat_ws('|', event_index, reason_code, coalesce(sqlstate, ''), state, encode(payload, 'hex'))
		FROM dead_letters WHERE stream = $1 AND message_id = $2 ORDER BY event_index`, f.stream, id)
	var letters []string
	for i, l := range want.letters {
		line := fmt.Sprintf("%d|%s|%s|%s|", l.index, l.reason, l.sqlstate, l.state)
		if l.payload != "" {
			line += fmt.Sprintf("%x", l.payload)
		} else if i < len(got) {
			line += got[i][strings.LastIndex(got[i], "|")+1:]
		}
		letters = append(letters, line)
	}
	if !slices.Equal(got, letters) {
		f.Errorf("block %d: dead letters %.300q, want %.300q", block, got, letters)
	}
}
